internal import CAddendKernels

// Safe throughout: extents are checked before addresses are taken, parts lie inside them, and C
// keeps no pointer.

/// K-TanH and what derives from it, as one instruction set computes them; all sets give the same bits.
public struct KTanHKernels: Sendable {
  public let instructionSet: InstructionSet

  /// - Precondition: this machine runs `instructionSet`.
  public init(_ instructionSet: InstructionSet) {
    precondition(
      InstructionSet.available.contains(instructionSet), "\(instructionSet) is not available here")
    self.instructionSet = instructionSet
  }

  /// The kernels of this machine's widest set.
  public static let best = KTanHKernels(.best)

  var kernels: addend_ktanh_kernels {
    addend_ktanh_select(instructionSet.isa)
  }

  /// `y = T(x)`, integers only. `Number` has the 16 bits of a bfloat16 number.
  ///
  /// Cost of a number: 2 look-ups, 2 additions, 3 comparisons, 5 bit operations; 2 bytes read, 2
  /// written.
  public func tangents<Number: BitwiseCopyable>(
    of x: Span<Number>, into y: inout MutableSpan<Number>
  ) {
    precondition(
      MemoryLayout<Number>.size == 2 && MemoryLayout<Number>.alignment == 2,
      "tangents: a bfloat16 number has 16 bits")
    precondition(x.count == y.count, "tangents: extents")
    let count = x.count
    guard let from = unsafe x.address, let to = unsafe y.address else { return }
    let kernels = kernels
    // Size and alignment are those of UInt16, and every pattern of bits is one.
    unsafe from.withMemoryRebound(to: UInt16.self, capacity: count) { x in
      unsafe to.withMemoryRebound(to: UInt16.self, capacity: count) { y in
        ThreadPool.forEachPart(of: count, size: FloatKernels.partSize) { first, count in
          unsafe kernels.bf16(count, x + first, y + first)
        }
      }
    }
  }

  /// `y = f(x)`.
  public func activate(
    _ function: KTanHFunction, _ x: Span<Float>, into y: inout MutableSpan<Float>
  ) {
    precondition(x.count == y.count, "activate: extents")
    let count = x.count
    guard let x = unsafe x.address, let y = unsafe y.address else { return }
    let kernels = kernels
    ThreadPool.forEachPart(of: count, size: FloatKernels.partSize) { first, count in
      unsafe kernels.f32(function.code, count, x + first, y + first)
    }
  }

  /// `dx = dy · f′(x)`, where `y = f(x)` and `T′ = 1 − T²`.
  public func activationGradient(
    _ function: KTanHFunction, x: Span<Float>, y: Span<Float>, dy: Span<Float>,
    into dx: inout MutableSpan<Float>
  ) {
    precondition(
      x.count == y.count && x.count == dy.count && x.count == dx.count, "activation: extents")
    let count = x.count
    guard let x = unsafe x.address, let y = unsafe y.address, let dy = unsafe dy.address,
      let dx = unsafe dx.address
    else { return }
    let kernels = kernels
    ThreadPool.forEachPart(of: count, size: FloatKernels.partSize) { first, count in
      unsafe kernels.gradient(function.code, count, x + first, y + first, dy + first, dx + first)
    }
  }
}

extension KTanHFunction {
  fileprivate var code: addend_ktanh_function {
    switch self {
    case .tanh: ADDEND_KTANH_TANH
    case .sigmoid: ADDEND_KTANH_SIGMOID
    case .swish: ADDEND_KTANH_SWISH
    case .gelu: ADDEND_KTANH_GELU
    }
  }
}
