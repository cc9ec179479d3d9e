internal import CAddendKernels

/// Rounding of float32 numbers to logarithms of `fraction` bits after the point: the nearest, the largest
/// for what is larger and for infinity, zero for what is below the smallest; NaN stays. Where one
/// logarithm becomes nearer than another is no float32 number: there are no ties.
public final class LogarithmicRounding: Sendable {
  private let fraction: Int
  private let cells: AlignedBuffer<UInt32>
  private let powers: AlignedBuffer<Int32>

  private init(fraction: Int) {
    self.fraction = fraction
    cells = AlignedBuffer(uninitializedCount: 2 << fraction)
    powers = AlignedBuffer(uninitializedCount: 1 << fraction)
    // Safe: the buffers were made for what C writes.
    unsafe write(cells) { unsafe addend_lns_fill_cells(Int32(fraction), $0) }
    unsafe write(powers) { unsafe addend_lns_fill_powers(Int32(fraction), $0) }
  }

  private static let all = (1...12).map { LogarithmicRounding(fraction: $0) }

  /// For 1 to 12 bits after the point.
  public static func of(fraction: Int) -> LogarithmicRounding {
    precondition(1...12 ~= fraction, "logarithms have 1 to 12 fraction bits")
    return all[fraction - 1]
  }

  /// `y = x` rounded, `integer` bits before the point counting the logarithm's sign.
  ///
  /// - Precondition: `integer` is 2 to 7: smaller numbers than 2⁻⁶⁴ are none of the format's.
  public func round(
    _ x: Span<Float>, integer: Int, into y: inout MutableSpan<Float>,
    using set: InstructionSet = .best
  ) {
    precondition(x.count == y.count && 2...7 ~= integer, "round: extents and range")
    let count = x.count
    let (cellBuffer, powerBuffer) = (cells, powers)
    let (cells, powers) = (cellBuffer.span, powerBuffer.span)
    guard let x = unsafe x.address, let y = unsafe y.address else { return }
    let kernels = unsafe addend_lns_select(set.isa).pointee
    var rounding = unsafe addend_lns_rounding(
      fraction: Int32(fraction), largest: 1 << Int32(integer + fraction - 1) - 1,
      cells: cells.address, powers: powers.address)
    // Safe: the extents were checked above, and C keeps no pointer.
    unsafe withUnsafePointer(to: &rounding) { rounding in
      ThreadPool.forEachPart(of: count, size: FloatKernels.partSize) { first, count in
        unsafe kernels.round(rounding, count, x + first, y + first)
      }
    }
  }
}
