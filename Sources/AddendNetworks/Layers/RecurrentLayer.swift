internal import AddendKernels
internal import AddendLinear
internal import AddendTensors

/// A recurrent layer over `[batch, time, features]`, its cell's two products through maps of any
/// kind.
///
/// `h_t, s_t = cell(x_t W + b, h_{t−1} R, h_{t−1}, s_{t−1})`, from `t = 0` on, or from the last step
/// back when reversed.
///
/// Shapes: `W` maps `features`, `R` maps `size` to `gates · size`; `y` is `[batch, time, size]`, or
/// `[batch, size]` where only the state after the last step is returned. States come from and go to
/// the context, `h` and `s` side by side; their gradients end there. A step past the end of its row's
/// sequence changes no state, gives zeros and takes no gradient.
///
/// `W`'s product is one for all steps, `R`'s is one a step, and the sum that is `R`'s gradient is
/// one for all steps again where the map can; where both maps are exact and the scalar has kernels
/// for whole sequences, these take the place of the steps. Cost: for each step both maps, the
/// biases and the cell.
struct RecurrentLayer<Cell: RecurrentCell>: Layer {
  typealias Scalar = Cell.Scalar

  var inputMap: any MapSlot<Scalar>
  var recurrentMap: any MapSlot<Scalar>
  var bias: Parameter<Scalar>
  var recurrentBias: Parameter<Scalar>?
  let traits: RecurrentTraits

  /// One step: the states around it and what the cell keeps.
  struct Step: Sendable {
    let index: Int
    let before, after: RecurrentState<Scalar>
    let cell: Cell.Residuals
  }

  enum Residuals: Sendable {
    case steps([Step], inputShape: Shape, lengths: [Int]?)
    case whole(RecurrentRecord<Scalar>)
  }

  init(
    inputMap: any MapSlot<Scalar>, recurrentMap: any MapSlot<Scalar>, bias: Tensor<Scalar>,
    traits: RecurrentTraits
  ) {
    self.inputMap = inputMap
    self.recurrentMap = recurrentMap
    self.bias = Parameter(bias, role: .bias)
    recurrentBias = Cell.hasRecurrentBias ? Parameter(Tensor(bias.shape), role: .bias) : nil
    self.traits = traits
  }

  var hasParameters: Bool { true }

  var size: Int { traits.size }
  var memorySize: Int { Cell.hasMemory ? size : 0 }
  private var inputRole: MapRole {
    MapRole(inputSize: inputMap.inputSize, outputSize: Cell.gateCount * size)
  }

  func outputShape(for input: Shape) throws(NetworkError) -> Shape {
    guard input.rank == 2, input[1] == inputMap.inputSize else {
      throw .unsuitableInput(
        layer: traits.name, expected: "a sequence time×\(inputMap.inputSize)", found: input)
    }
    return traits.returns == .sequence ? [input[0], size] : [size]
  }

  func cost(for input: Shape) -> OperationCount {
    let biases = (recurrentBias == nil ? 1 : 2) * Cell.gateCount * size
    return input[0]
      * (inputMap.cost + recurrentMap.cost + OperationCount(additions: biases) + size * Cell.cost)
  }

  func emit(into graph: inout Graph<Scalar>, _ x: Int) -> Int? {
    guard let weights = exactWeights else { return nil }
    let steps = graph.nodes[x].shape[0]
    return graph.append(
      .recurrent(
        .init(
          Cell.unit, weights, isReversed: traits.isReversed, returnsLast: traits.returns == .last)),
      [x], shape: traits.returns == .sequence ? [steps, size] : [size])
  }

  func forward(
    _ x: Tensor<Scalar>, _ context: inout PassContext<Scalar>
  ) throws(TensorError) -> Tensor<Scalar> {
    try checkInput(x, context)
    if let whole = try runWhole(x, &context, keeps: false) { return whole.output }
    let products = try inputMap.forward(timeMajor(x))
    let product = recurrentMap.stepProduct(transposed: false)
    return try run(x.shape, products, &context) { (h) throws(TensorError) in
      if let product { product(h) } else { try recurrentMap.forward(h) }
    }
  }

  mutating func trainingForward(
    _ x: Tensor<Scalar>, _ context: inout PassContext<Scalar>
  ) throws(TensorError) -> (Tensor<Scalar>, Residuals) {
    try checkInput(x, context)
    if let whole = try runWhole(x, &context, keeps: true) {
      return (whole.output, .whole(whole.record))
    }
    let products = try inputMap.trainingForward(timeMajor(x))
    var map = recurrentMap
    let product = map.stepProduct(transposed: false)
    var steps: [Step] = []
    let y = try run(x.shape, products, &context, recording: { steps.append($0) }) {
      (h) throws(TensorError) in
      if let product { product(h) } else { try map.trainingForward(h) }
    }
    recurrentMap = map
    return (y, .steps(steps, inputShape: x.shape, lengths: context.lengths))
  }

  mutating func backward(
    _ dy: Tensor<Scalar>, _ residuals: consuming Residuals
  ) -> Tensor<Scalar> {
    switch residuals {
    case .whole(let record):
      guard let dx = wholeGradient(dy, record, wantsInput: true) else {
        preconditionFailure("the input's gradient was asked for")
      }
      return dx
    case .steps(let steps, let shape, let lengths):
      let dx = inputMap.backward(inputGradient(dy, steps, shape, lengths))
      return dx.reshaped([shape[1], shape[0], shape[2]]).exchangingOuterAxes()
    }
  }

  mutating func parameterBackward(_ dy: Tensor<Scalar>, _ residuals: consuming Residuals) {
    switch residuals {
    case .whole(let record): _ = wholeGradient(dy, record, wantsInput: false)
    case .steps(let steps, let shape, let lengths):
      inputMap.parameterBackward(inputGradient(dy, steps, shape, lengths))
    }
  }

  mutating func visit(_ visitor: inout some StateVisitor<Scalar>) {
    visitor.enter("input")
    inputMap.visit(&visitor)
    visitor.leave()
    visitor.enter("recurrent")
    recurrentMap.visit(&visitor)
    visitor.leave()
    visitor.visit(&bias, named: "bias")
    recurrentBias.visit(&visitor, named: "recurrent-bias")
  }

  mutating func visitMaps(_ visitor: inout some MapVisitor<Scalar>) {
    visitor.visit(&inputMap, inputRole, named: "input")
    visitor.visit(
      &recurrentMap, MapRole(inputSize: size, outputSize: Cell.gateCount * size),
      named: "recurrent")
  }
}

// The passes through time.
extension RecurrentLayer {
  /// All steps in order. `products` are `x W`, time-major; `multiply` is `h R`.
  private func run(
    _ shape: Shape, _ products: Tensor<Scalar>, _ context: inout PassContext<Scalar>,
    recording record: (Step) -> Void = { _ in },
    _ multiply: (Tensor<Scalar>) throws(TensorError) -> Tensor<Scalar>
  ) throws(TensorError) -> Tensor<Scalar> {
    let (batch, time, width) = (shape[0], shape[1], Cell.gateCount * size)
    var products = products
    bias.addToRows(of: &products)
    let start = try context.takeState(batch: batch, size: size + memorySize)
    var state = RecurrentState(
      output: start.columns(0..<size), memory: start.columns(size..<size + memorySize))
    var outputs = Tensor<Scalar>([time, batch, size])
    for t in traits.isReversed ? Array((0..<time).reversed()) : Array(0..<time) {
      var recurrent = try multiply(state.output)
      recurrentBias?.addToRows(of: &recurrent)
      let rows = t * batch * width..<(t + 1) * batch * width
      var (next, kept) = Cell.forward(products.span.extracting(rows), recurrent, state)
      let ended = Self.endedRows(at: t, context.lengths)
      next.output.copyRows(ended, from: state.output)
      next.memory.copyRows(ended, from: state.memory)
      outputs.replaceRows(from: t * batch, with: next.output, except: ended)
      record(Step(index: t, before: state, after: next, cell: kept))
      state = next
    }
    var final = Tensor<Scalar>([batch, size + memorySize]) { _ in }
    final.replaceColumns(from: 0, with: state.output)
    final.replaceColumns(from: size, with: state.memory)
    context.leaveState(final)
    return traits.returns == .sequence ? outputs.exchangingOuterAxes() : state.output
  }

  /// Goes back through the steps; returns the gradient towards `x W`, time-major.
  private mutating func inputGradient(
    _ dy: Tensor<Scalar>, _ steps: [Step], _ shape: Shape, _ lengths: [Int]?
  ) -> Tensor<Scalar> {
    let (batch, time) = (shape[0], shape[1])
    let dySteps = traits.returns == .sequence ? dy.exchangingOuterAxes() : nil
    var gradient = RecurrentState(
      output: dySteps == nil ? dy : Tensor([batch, size]), memory: Tensor([batch, memorySize]))
    var result = Tensor<Scalar>([time * batch, Cell.gateCount * size])
    let product = recurrentMap.stepProduct(transposed: true)
    // What the weight's gradient takes of all steps together, where the map multiplies them in one.
    var states = Tensor<Scalar>([product == nil ? 0 : time * batch, size])
    var recurrents = Tensor<Scalar>([product == nil ? 0 : time * batch, Cell.gateCount * size])
    for step in steps.reversed() {
      let ended = Self.endedRows(at: step.index, lengths)
      let carried = gradient
      dySteps?.addRows(from: step.index * batch, to: &gradient.output)
      var (inner, recurrent) = Cell.backward(
        &gradient, from: step.before, to: step.after, step.cell)
      inner.clearRows(ended)
      recurrent.clearRows(ended)
      recurrentBias?.addColumnSums(of: recurrent)
      if let product {
        gradient.output.add(product(recurrent))
        states.replaceRows(from: step.index * batch, with: step.before.output, except: [])
        recurrents.replaceRows(from: step.index * batch, with: recurrent, except: [])
      } else {
        gradient.output.add(recurrentMap.backward(recurrent))
      }
      gradient.output.copyRows(ended, from: carried.output)
      gradient.memory.copyRows(ended, from: carried.memory)
      result.replaceRows(from: step.index * batch, with: inner, except: ended)
    }
    if product != nil { recurrentMap.addStepGradient(states, recurrents) }
    bias.addColumnSums(of: result)
    return result
  }

  /// The rows whose sequences are over at step `t`.
  private static func endedRows(at t: Int, _ lengths: [Int]?) -> [Int] {
    lengths.map { lengths in lengths.indices.filter { lengths[$0] <= t } } ?? []
  }

  private func timeMajor(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
    x.exchangingOuterAxes().reshaped([x.shape[0] * x.shape[1], x.shape[2]])
  }

  private func checkInput(
    _ x: Tensor<Scalar>, _ context: PassContext<Scalar>
  ) throws(TensorError) {
    guard x.shape.rank == 3, x.shape[2] == inputMap.inputSize else {
      throw .shapeMismatch(
        operation: traits.name, argument: "x", expected: "batch×time×\(inputMap.inputSize)",
        found: x.shape)
    }
    guard let lengths = context.lengths else { return }
    guard lengths.count == x.shape[0], lengths.allSatisfy({ 0...x.shape[1] ~= $0 }) else {
      throw .invalidValue(
        operation: traits.name, argument: "lengths",
        expected: "\(x.shape[0]) numbers from 0 to \(x.shape[1])", found: "\(lengths)")
    }
  }
}

// Rows are few and wide here, so each is one block.
extension Tensor {
  private var width: Int { shape.last ?? 1 }

  /// Puts `other`'s rows in place of this tensor's.
  fileprivate mutating func copyRows(_ rows: [Int], from other: Tensor) {
    guard !rows.isEmpty else { return }
    let width = width
    var span = mutableSpan
    for row in rows {
      let block = StridedBlocks(first: row * width, step: 0)
      Scalar.copyBlocks(1, length: width, from: other.span, block, to: &span, block)
    }
  }

  /// Puts zeros in place of rows.
  fileprivate mutating func clearRows(_ rows: [Int]) {
    guard !rows.isEmpty else { return }
    copyRows(rows, from: Tensor(shape))
  }

  /// Puts `part` in place of as many rows from `first` on, but leaves out its rows `skipped`.
  fileprivate mutating func replaceRows(from first: Int, with part: Tensor, except skipped: [Int]) {
    let width = width
    var span = mutableSpan
    for row in 0..<part.rows where skipped.isEmpty || !skipped.contains(row) {
      Scalar.copyBlocks(
        1, length: width, from: part.span, .init(first: row * width, step: 0), to: &span,
        .init(first: (first + row) * width, step: 0))
    }
  }

  /// Adds as many of this tensor's rows as `target` has, from row `first` on, to it.
  fileprivate func addRows(from first: Int, to target: inout Tensor) {
    let rows = first * width..<(first + target.rows) * width
    var sum = target.mutableSpan
    Scalar.add(span.extracting(rows), to: &sum)
  }
}
