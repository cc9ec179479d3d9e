internal import CAddendKernels

/// Numbers to codes of few bits, as one instruction set computes it; all sets give the same bits, on any
/// number of threads.
public struct QuantizationKernels: Sendable {
  public let instructionSet: InstructionSet

  /// - Precondition: this machine runs `instructionSet`.
  public init(_ instructionSet: InstructionSet) {
    precondition(
      InstructionSet.available.contains(instructionSet), "\(instructionSet) is not available here")
    self.instructionSet = instructionSet
  }

  /// The kernels of this machine's widest set.
  public static let best = QuantizationKernels(.best)

  private var kernels: addend_quantize_kernels {
    addend_quantize_select(instructionSet.isa)
  }

  private static var partSize: Int { FloatKernels.partSize }

  // Safe: extents are checked before addresses are taken, parts lie inside them, C keeps no pointer.

  /// `y = codes of x`.
  public func quantize(_ x: Span<Float>, by rule: Quantization, into y: inout MutableSpan<Float>) {
    precondition(x.count == y.count, "quantize: extents")
    let count = x.count
    guard let x = unsafe x.address, let y = unsafe y.address else { return }
    let kernels = kernels
    ThreadPool.forEachPart(of: count, size: Self.partSize) { first, count in
      switch rule {
      case .sign: unsafe kernels.signs(count, x + first, y + first)
      case .grid(let factor, let range):
        unsafe kernels.grid(
          count, Float(factor), Float(range.lowerBound), Float(range.upperBound), x + first,
          y + first)
      case .powers(let factor, let powers):
        unsafe kernels.powers(count, Float(factor), Self.checked(powers), x + first, y + first)
      }
    }
  }

  /// Each number becomes one of the powers of two around it (or 0), drawn so that it is their mean.
  public func drawPowers(
    _ x: Span<Float>, factor: Double, count powers: Int, seed: UInt64,
    into y: inout MutableSpan<Float>
  ) {
    precondition(x.count == y.count, "drawPowers: extents")
    let (count, powers) = (x.count, Self.checked(powers))
    guard let x = unsafe x.address, let y = unsafe y.address else { return }
    let kernels = kernels
    ThreadPool.forEachPart(of: count, size: Self.partSize) { first, count in
      unsafe kernels.powers_drawn(
        count, Float(factor), powers, seed, first, x + first, y + first)
    }
  }

  /// 23 random bits for element `index`, by which `drawPowers` draws.
  public static func draw(seed: UInt64, index: Int) -> UInt32 {
    addend_quantize_draw(seed, UInt64(index)) >> 9
  }

  /// `dx = dy` where `x` lies in `range`, else 0.
  public func pass(
    _ dy: Span<Float>, where x: Span<Float>, isWithin range: ClosedRange<Double>,
    into dx: inout MutableSpan<Float>
  ) {
    precondition(x.count == dy.count && x.count == dx.count, "pass: extents")
    let count = x.count
    guard let x = unsafe x.address, let dy = unsafe dy.address, let dx = unsafe dx.address
    else { return }
    let kernels = kernels
    ThreadPool.forEachPart(of: count, size: Self.partSize) { first, count in
      unsafe kernels.pass(
        count, Float(range.lowerBound), Float(range.upperBound), x + first, dy + first, dx + first)
    }
  }

  /// `y` cut to `range`; NaN stays.
  public func clamp(_ y: inout MutableSpan<Float>, to range: ClosedRange<Double>) {
    let count = y.count
    guard let y = unsafe y.address else { return }
    let kernels = kernels
    ThreadPool.forEachPart(of: count, size: Self.partSize) { first, count in
      unsafe kernels.clamp(count, Float(range.lowerBound), Float(range.upperBound), y + first)
    }
  }

  /// The smallest and the largest number; NaN counts for nothing, and without numbers both are 0.
  public func extremes(of x: Span<Float>) -> (lowest: Float, highest: Float) {
    let count = x.count
    guard let x = unsafe x.address else { return (0, 0) }
    var (low, high) = (Float.infinity, -Float.infinity)
    unsafe kernels.extremes(count, x, &low, &high)
    return low <= high ? (low, high) : (0, 0)
  }

  private static func checked(_ powers: Int) -> UInt32 {
    precondition(1...127 ~= powers, "\(powers) powers of two, expected 1 to 127")
    return UInt32(powers)
  }
}
