internal import CAddendKernels

/// Recurrent layers over whole sequences in float32: the time loop, the products and the gates'
/// functions in one kernel, and its gradients.
///
/// Weights are packed, once for a pass or once for many, so that one panel of them holds all gates
/// of a few units; a tile of rows is multiplied by it and leaves the registers as outputs and
/// memories (Georganas et al., 2020, "Harnessing Deep Learning via a Single Building Block";
/// Banerjee et al., 2019, "Optimizing Deep Learning RNN Topologies on Intel Architecture"). Rows
/// whose sequence is over cost nothing. Each number is computed by one thread in one order: results
/// do not depend on the thread count, but do on the instruction set.
///
/// Layouts: `x` is `[batch, time, inputSize]`, outputs `[batch, time, size]`, states
/// `[batch, stateSize]` with the output before the memory, weights `[inputSize or size, gates · size]`,
/// biases `[gates · size]`. What is kept for the way back has a layout of its own.
public struct RecurrentKernels: Sendable {
  public let instructionSet: InstructionSet

  /// - Precondition: this machine runs `instructionSet`.
  public init(_ instructionSet: InstructionSet) {
    precondition(
      InstructionSet.available.contains(instructionSet), "\(instructionSet) is not available here")
    self.instructionSet = instructionSet
  }

  /// The kernels of this machine's widest set.
  public static let best = RecurrentKernels(.best)

  /// The table lives as long as the program.
  @unsafe var table: UnsafePointer<addend_recurrent_kernels> {
    unsafe addend_recurrent_select(instructionSet.isa)
  }

  var lanes: Int { unsafe table.pointee.lanes }
  func groups(_ sequence: RecurrentSequence) -> Int { (sequence.size + lanes - 1) / lanes }

  /// From here on, or where rows are few, a step's products with `x` are taken for all steps at once:
  /// weights of this many bytes are too many to pass the last cache in each step. (Below, tiles that take
  /// both products at once save the way of the first one's sums through memory.)
  private static let wideWeights = 16 << 20

  private func takesInputSumsFirst(_ s: RecurrentSequence) -> Bool {
    switch s.unit {
    case .elman: false
    case .gru: true
    case .lstm: s.hasFewRows || (s.inputSize + s.size) * 16 * s.size >= Self.wideWeights
    }
  }

  /// Numbers in the memories of a pass; `keeps` says whether gradients will follow.
  public func memoryCount(_ sequence: RecurrentSequence, keeps: Bool) -> Int {
    guard sequence.unit.hasMemory else { return 0 }
    return (keeps ? sequence.time : 1) * sequence.batch * groups(sequence) * lanes
  }

  /// Numbers in the gates of a pass, and in the gradients that take their place.
  public func gateCount(_ sequence: RecurrentSequence, keeps: Bool) -> Int {
    guard keeps || takesInputSumsFirst(sequence) else { return 0 }
    return groups(sequence) * lanes * sequence.rowCount * (sequence.unit == .elman ? 1 : 4)
  }

  /// Weights in the order in which `forward` reads them, for any number of passes.
  public func packed(
    _ sequence: RecurrentSequence, _ weights: borrowing RecurrentOperands
  ) -> PackedRecurrence {
    pack(sequence, weights, transposed: false)
  }

  /// Runs all steps. Outputs past a row's end become zeros.
  public func forward(
    _ sequence: RecurrentSequence, keeps: Bool, x: Span<Float>, start: Span<Float>,
    weights: RecurrentOperands, memory: inout MutableSpan<Float>, gates: inout MutableSpan<Float>,
    output: inout MutableSpan<Float>, end: inout MutableSpan<Float>
  ) {
    forward(
      sequence, keeps: keeps, x: x, start: start, packed: packed(sequence, weights),
      memory: &memory, gates: &gates, output: &output, end: &end)
  }

  /// The same with weights that `packed` made for such a sequence, of any batch and length; nothing is
  /// allocated. The state after the last step is left out where `end` has no elements.
  public func forward(
    _ sequence: RecurrentSequence, keeps: Bool, x: Span<Float>, start: Span<Float>,
    packed: PackedRecurrence, memory: inout MutableSpan<Float>, gates: inout MutableSpan<Float>,
    output: inout MutableSpan<Float>, end: inout MutableSpan<Float>
  ) {
    let s = sequence
    precondition(
      x.count == s.batch * s.time * s.inputSize && start.count == s.batch * s.stateSize
        && output.count == s.batch * s.time * s.size && (end.isEmpty || end.count == start.count)
        && memory.count == memoryCount(s, keeps: keeps)
        && gates.count == gateCount(s, keeps: keeps), "recurrent forward: extents")
    precondition(
      packed.instructionSet == instructionSet && packed.unit == s.unit
        && packed.inputSize == s.inputSize && packed.size == s.size,
      "recurrent forward: weights packed for another layer")
    clearPadding(s, &output)
    if s.rowCount > 0 {
      var pass = unsafe describe(
        s, x: x.address, start: start.address, output: output.address, memory: memory.address,
        gates: gates.address, keeps: keeps)
      unsafe pass.input_weight = packed.input.span.address
      unsafe pass.recurrent_weight = packed.recurrent.span.address
      unsafe pass.bias = packed.bias.span.address
      unsafe pass.recurrent_bias = packed.recurrentBias?.span.address
      unsafe run(s, pass)
      withExtendedLifetime(packed) {}
    }
    guard !end.isEmpty else { return }
    takeEnd(s, keeps: keeps, start: start, output: output.span, memory: memory.span, &end)
  }

  /// Runs all steps back: `gates` become the gradients of the sums, which the functions below take.
  /// `outputGradient` is towards all outputs, or towards each row's last one, `[batch, size]`. The
  /// input's gradient is written where its span has elements.
  public func backward(
    _ sequence: RecurrentSequence, x: Span<Float>, start: Span<Float>, output: Span<Float>,
    memory: Span<Float>, weights: RecurrentOperands, outputGradient: Span<Float>, ofLastOnly: Bool,
    gates: inout MutableSpan<Float>, inputGradient: inout MutableSpan<Float>
  ) {
    let s = sequence
    precondition(
      outputGradient.count == s.batch * (ofLastOnly ? 1 : s.time) * s.size
        && (inputGradient.isEmpty || inputGradient.count == x.count), "recurrent backward: extents")
    check(s, x, start, output, gates.count)
    precondition(memory.count == memoryCount(s, keeps: true), "recurrent backward: memory")
    let wantsInput = !inputGradient.isEmpty
    if s.lengths != nil { inputGradient.update(repeating: 0) }
    guard s.rowCount > 0 else { return }
    let padded = groups(s) * lanes
    let packed = pack(s, weights, transposed: true)
    let carried = AlignedBuffer<Float>(uninitializedCount: 2 * s.batch * padded)
    var scratch = carried.uniqueSpan
    scratch.update(repeating: 0)
    let pass = unsafe describe(
      s, x: x.address, start: start.address, output: UnsafeMutablePointer(mutating: output.address),
      memory: UnsafeMutablePointer(mutating: memory.address), gates: gates.address, keeps: true)
    var gradients = unsafe addend_recurrent_gradients()
    if ofLastOnly {
      unsafe gradients.last_output = outputGradient.address
    } else {
      unsafe gradients.output = outputGradient.address
      unsafe gradients.output_row = s.time * s.size
      unsafe gradients.output_step = s.size
    }
    unsafe gradients.carried = scratch.address
    unsafe gradients.memory = scratch.address?.advanced(by: s.batch * padded)
    unsafe gradients.input_weight = packed.input.span.address
    unsafe gradients.recurrent_weight = packed.recurrent.span.address
    unsafe gradients.x = inputGradient.address
    unsafe gradients.x_row = s.time * s.inputSize
    unsafe gradients.x_step = s.inputSize
    let table = unsafe table
    unsafe forEachPart(s) { rows in
      var (pass, gradients) = unsafe (pass, gradients)
      unsafe table.pointee.backward(&pass, &gradients, rows)
    }
    if wantsInput {
      // Two steps are a block of rows that is worth a panel's way from memory.
      ThreadPool.forEachPart(of: s.time, size: 2) { first, count in
        var (pass, gradients) = unsafe (pass, gradients)
        unsafe table.pointee.input_gradient(&pass, &gradients, first, first + count)
      }
    }
    withExtendedLifetime((packed, carried)) {}
  }

  /// Puts the gradient of a weight in place of what the span holds, or adds it: of `x`'s, or of the
  /// recurrent one.
  public func weightGradient(
    _ sequence: RecurrentSequence, recurrent: Bool, x: Span<Float>, start: Span<Float>,
    output: Span<Float>, gates: Span<Float>, accumulates: Bool,
    into gradient: inout MutableSpan<Float>
  ) {
    let s = sequence
    let rows = recurrent ? s.size : s.inputSize
    check(s, x, start, output, gates.count)
    precondition(gradient.count == rows * s.unit.gateCount * s.size, "weight gradient: extents")
    guard s.rowCount > 0 else {
      if !accumulates { gradient.update(repeating: 0) }
      return
    }
    let pass = unsafe describe(
      s, x: x.address, start: start.address, output: UnsafeMutablePointer(mutating: output.address),
      memory: nil, gates: UnsafeMutablePointer(mutating: gates.address), keeps: true)
    guard let target = unsafe gradient.address else { return }
    let table = unsafe table
    ThreadPool.forEachPart(of: rows, size: Self.gradientRows(rows)) { first, count in
      let scratch = AlignedBuffer<Float>(
        uninitializedCount: count * Int(addend_recurrent_most_depth))
      var pass = unsafe pass
      var span = scratch.uniqueSpan
      unsafe table.pointee.weight_gradient(
        &pass, recurrent, first, first + count, accumulates, target, span.address)
      withExtendedLifetime(scratch) {}
    }
  }

  /// Rows of a weight's gradient that a thread works on at a time: what a block of them needs stays in
  /// the second-level cache, and every thread has as many blocks. No number depends on where they are
  /// cut.
  private static func gradientRows(_ rows: Int) -> Int {
    let threads = ThreadPool.current.threadCount
    let parts = ((rows + 95) / 96 + threads - 1) / threads * threads
    return max(1, min(rows, 16), (rows + parts - 1) / parts)
  }

  /// Puts the gradient of a bias in place of what the span holds, or adds it.
  public func biasGradient(
    _ sequence: RecurrentSequence, recurrent: Bool, gates: Span<Float>, accumulates: Bool,
    into gradient: inout MutableSpan<Float>
  ) {
    let s = sequence
    precondition(
      gates.count == gateCount(s, keeps: true) && gradient.count == s.unit.gateCount * s.size,
      "bias gradient: extents")
    guard s.rowCount > 0, let target = unsafe gradient.address else {
      if !accumulates { gradient.update(repeating: 0) }
      return
    }
    let table = unsafe table
    let pass = unsafe describe(
      s, x: nil, start: nil, output: nil, memory: nil,
      gates: UnsafeMutablePointer(mutating: gates.address), keeps: true)
    ThreadPool.forEachPart(of: groups(s), size: 4) { first, count in
      var pass = unsafe pass
      unsafe table.pointee.bias_gradient(
        &pass, recurrent, first, first + count, accumulates, target)
    }
  }

  private func check(
    _ s: RecurrentSequence, _ x: Span<Float>, _ start: Span<Float>, _ output: Span<Float>,
    _ gates: Int
  ) {
    precondition(
      x.count == s.batch * s.time * s.inputSize && start.count == s.batch * s.stateSize
        && output.count == s.batch * s.time * s.size && gates == gateCount(s, keeps: true),
      "recurrent gradient: extents")
  }
}

// How a pass is laid out and cut. Safe: the extents were checked by the callers, who keep what the
// pointers lead to; C keeps none of them.
extension RecurrentKernels {
  private func pack(
    _ s: RecurrentSequence, _ weights: borrowing RecurrentOperands, transposed: Bool
  ) -> PackedRecurrence {
    let width = s.unit.gateCount * s.size
    precondition(
      weights.input.count == s.inputSize * width && weights.recurrent.count == s.size * width
        && weights.bias.count == width
        && weights.recurrentBias?.count == (s.unit.hasRecurrentBias ? width : nil),
      "a recurrent layer's weights: extents")
    let (cell, table) = (s.unit.code, unsafe table)
    func buffer(_ depth: Int) -> AlignedBuffer<Float> {
      unsafe AlignedBuffer(
        uninitializedCount: transposed
          ? table.pointee.transposed_count(cell, depth, s.size)
          : table.pointee.packed_count(cell, depth, s.size))
    }
    let packed = PackedRecurrence(
      instructionSet: instructionSet, unit: s.unit, inputSize: s.inputSize, size: s.size,
      input: buffer(s.inputSize), recurrent: buffer(s.size), bias: buffer(1),
      recurrentBias: s.unit.hasRecurrentBias ? buffer(1) : nil)
    var first = packed.input.uniqueSpan
    var second = packed.recurrent.uniqueSpan
    let (input, recurrent) = unsafe (weights.input.address, weights.recurrent.address)
    let (inputTarget, recurrentTarget) = unsafe (first.address, second.address)
    unsafe forEachPiece(s.inputSize, s.size, transposed: transposed) { isRecurrent, first, end in
      let depth = isRecurrent ? s.size : s.inputSize
      let source = unsafe isRecurrent ? recurrent : input
      let target = unsafe isRecurrent ? recurrentTarget : inputTarget
      if transposed {
        unsafe table.pointee.pack_transposed(
          cell, isRecurrent, depth, s.size, first, source, target)
      } else {
        unsafe table.pointee.pack(cell, isRecurrent, depth, s.size, first, end, source, target)
      }
    }
    guard !transposed else { return packed }
    var bias = packed.bias.uniqueSpan
    unsafe table.pointee.pack(cell, false, 1, s.size, 0, 1, weights.bias.address, bias.address)
    if let other = packed.recurrentBias {
      var bias = other.uniqueSpan
      unsafe table.pointee.pack(
        cell, true, 1, s.size, 0, 1, weights.recurrentBias?.address, bias.address)
    }
    return packed
  }

  /// Cuts both weights into pieces that are packed on their own, on all threads: 64 rows each, or the
  /// panels of the transposed form.
  @unsafe private func forEachPiece(
    _ inputSize: Int, _ size: Int, transposed: Bool,
    _ body: (_ isRecurrent: Bool, _ first: Int, _ end: Int) -> Void
  ) {
    let height = transposed ? 1 : 64
    let (inputs, units) =
      unsafe transposed
      ? (table.pointee.panel_count(inputSize), table.pointee.panel_count(size)) : (inputSize, size)
    let inputPieces = (inputs + height - 1) / height
    ThreadPool.current.run(inputPieces + (units + height - 1) / height) { piece in
      let isRecurrent = piece >= inputPieces
      let first = (isRecurrent ? piece - inputPieces : piece) * height
      body(isRecurrent, first, min(first + height, isRecurrent ? units : inputs))
    }
  }

  @unsafe private func describe(
    _ s: RecurrentSequence, x: UnsafePointer<Float>?, start: UnsafePointer<Float>?,
    output: UnsafeMutablePointer<Float>?, memory: UnsafeMutablePointer<Float>?,
    gates: UnsafeMutablePointer<Float>?, keeps: Bool
  ) -> addend_recurrent_pass {
    var pass = unsafe addend_recurrent_pass()
    unsafe pass.cell = s.unit.code
    unsafe pass.functions = ADDEND_GATES_EXACT
    unsafe (pass.batch, pass.time) = (s.batch, s.time)
    unsafe (pass.input_size, pass.size) = (s.inputSize, s.size)
    unsafe pass.reversed = s.isReversed
    unsafe pass.order = s.order?.span.address
    unsafe pass.starts = s.starts.span.address
    unsafe pass.x = x
    unsafe (pass.x_row, pass.x_step) = (s.time * s.inputSize, s.inputSize)
    unsafe pass.output = output
    unsafe (pass.output_row, pass.output_step) = (s.time * s.size, s.size)
    unsafe pass.memory = memory
    unsafe pass.memory_step = keeps ? s.batch * groups(s) * lanes : 0
    unsafe pass.first_output = start
    unsafe pass.first_memory = start?.advanced(by: s.unit.hasMemory ? s.size : 0)
    unsafe (pass.first_output_row, pass.first_memory_row) = (s.stateSize, s.stateSize)
    unsafe pass.gates = gates
    unsafe pass.gate_rows = s.rowCount
    unsafe pass.has_input_sums = takesInputSumsFirst(s)
    unsafe pass.keeps_gates = keeps
    unsafe pass.starts_at_zero = start != nil && addend_recurrent_starts_at_zero(&pass)
    return unsafe pass
  }
}

extension RecurrentUnit {
  fileprivate var code: addend_cell {
    switch self {
    case .elman: ADDEND_CELL_ELMAN
    case .lstm: ADDEND_CELL_LSTM
    case .gru: ADDEND_CELL_GRU
    }
  }
}
