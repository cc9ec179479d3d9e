internal import CAddendKernels

/// What float32 numbers become in a narrower binary floating-point format.
public struct FloatRounding: Hashable, Sendable {
  /// 1 to 23.
  public var fractionBits: Int
  /// The exponent of the least normal number; those below it keep its last place.
  public var leastExponent: Int
  /// The greatest finite number.
  public var greatest: Float
  /// What larger finite numbers become, and what infinity becomes.
  public var beyond, infinity: Float

  public init(
    fractionBits: Int, leastExponent: Int, greatest: Float, beyond: Float, infinity: Float
  ) {
    precondition(1...23 ~= fractionBits && -126...0 ~= leastExponent, "a format within float32")
    self.fractionBits = fractionBits
    self.leastExponent = leastExponent
    self.greatest = greatest
    self.beyond = beyond
    self.infinity = infinity
  }

  fileprivate var format: addend_float_format {
    let least = Float(sign: .plus, exponent: leastExponent, significand: 1)
    return addend_float_format(
      fraction_bits: Int32(fractionBits), least_normal: least,
      least_quantum: least * Float(sign: .plus, exponent: -fractionBits, significand: 1),
      greatest: greatest, beyond: beyond, infinity: infinity)
  }
}

/// One level of a sum of products: `length` terms are added up in `format`, each addition rounded, before
/// the sum becomes a term of the next level. The last level takes all there are.
public struct SumLevel: Hashable, Sendable {
  public var format: FloatRounding
  public var length: Int

  public init(_ format: FloatRounding, length: Int) {
    precondition(length > 0, "a sum has terms")
    self.format = format
    self.length = length
  }
}

/// Rounding to narrower formats as one instruction set computes it; all sets give the same bits.
public struct RoundingKernels: Sendable {
  private let set: InstructionSet

  /// - Precondition: this machine runs `set`.
  public init(_ set: InstructionSet) {
    precondition(InstructionSet.available.contains(set), "\(set) is not available here")
    self.set = set
  }

  /// The kernels of this machine's widest set.
  public static let best = RoundingKernels(.best)

  /// The most levels that a sum has.
  public static let levelLimit = Int(ADDEND_SUM_LEVELS)

  // Safe throughout: extents are checked before addresses are taken, parts lie inside them, and C keeps
  // no pointer.

  /// `y = x` in `format`, to nearest, ties to even.
  public func round(_ x: Span<Float>, to format: FloatRounding, into y: inout MutableSpan<Float>) {
    precondition(x.count == y.count, "round: extents")
    let (count, format) = (x.count, format.format)
    guard let x = unsafe x.address, let y = unsafe y.address else { return }
    ThreadPool.forEachPart(of: count, size: FloatKernels.partSize) { first, count in
      unsafe withUnsafePointer(to: format) { format in
        unsafe table.pointee.round_float(count, format, x + first, y + first)
      }
    }
  }

  /// `y = i q` with `i = x / q` to the nearest integer of `±limit`, ties to even, where `q =
  /// quantum(greatest)` for each `blockLength` consecutive numbers with the largest magnitude `greatest`:
  /// infinity or NaN where there is one.
  /// `quantum` returns a power of two whose inverse is finite, or NaN.
  /// - Precondition: `limit` is below 2²².
  public func round(
    _ x: Span<Float>, inBlocksOf blockLength: Int, limit: Int, into y: inout MutableSpan<Float>,
    quantum: (_ greatest: Float) -> Float
  ) {
    precondition(
      x.count == y.count && blockLength > 0 && limit < 1 << 22, "round: extents")
    let count = x.count
    guard let x = unsafe x.address, let y = unsafe y.address else { return }
    for start in stride(from: 0, to: count, by: blockLength) {
      let length = min(blockLength, count - start)
      let bits = unsafe table.pointee.greatest_magnitude(length, x + start)
      let quantum = quantum(Float(bitPattern: bits))
      ThreadPool.forEachPart(of: length, size: FloatKernels.partSize) { first, count in
        unsafe table.pointee.round_fixed(
          count, quantum, Float(limit), x + start + first, y + start + first)
      }
    }
  }

  /// `y[r, c] = i s` with `i = x[r, c] / s` to the nearest integer of `±limit`, ties to even, where
  /// `s` is the column's largest magnitude over `limit`, or 1 where that is none of `scales`; NaN
  /// in columns with a number that is not finite.
  /// - Precondition: `limit` is below 2²².
  public func roundColumns(
    _ x: Span<Float>, columns: Int, limit: Int, scales: ClosedRange<Float>,
    into y: inout MutableSpan<Float>
  ) {
    precondition(
      x.count == y.count && limit < 1 << 22 && (columns > 0 ? x.count % columns : x.count) == 0,
      "round: extents")
    let count = x.count
    let room = AlignedBuffer<Float>(uninitializedCount: columns)
    var span = room.uniqueSpan
    guard let x = unsafe x.address, let y = unsafe y.address, let room = unsafe span.address
    else { return }
    unsafe table.pointee.round_columns(
      count / columns, columns, Float(limit), scales.lowerBound, scales.upperBound, x, room, y)
  }

  /// `C = op(A) op(B)` with sums kept in `levels`, first to last, and terms in the order of `k`: a
  /// product is rounded to float32 and added to a level's sum in float32, which is then rounded.
  public func gemm(
    _ shape: GEMMShape, _ a: Span<Float>, _ b: Span<Float>, levels: [SumLevel],
    _ c: inout MutableSpan<Float>
  ) {
    let (m, n, k) = (shape.m, shape.n, shape.k)
    precondition(
      a.count == m * k && b.count == k * n && c.count == m * n
        && 1...Self.levelLimit ~= levels.count,
      "gemm: extents")
    guard k > 0 else {
      if !shape.accumulates { c.update(repeating: 0) }
      return
    }
    // Rows of op(B) are what the kernel goes through.
    let transposed = AlignedBuffer<Float>(uninitializedCount: shape.transposesB ? k * n : 0)
    if shape.transposesB {
      var rows = transposed.uniqueSpan
      for j in 0..<n { for p in 0..<k { rows[p * n + j] = b[j * k + p] } }
    }
    let rows = transposed.span
    let levels = levels.map { addend_sum_level(format: $0.format.format, length: $0.length) }
    let span = levels.span
    guard let a = unsafe a.address, let b = unsafe (shape.transposesB ? rows : b).address,
      let c = unsafe c.address, let levels = unsafe span.address
    else { return }
    let levelCount = span.count
    let (row, step) = shape.transposesA ? (1, m) : (k, 1)
    ThreadPool.forEachPart(of: m, size: max(1, (1 << 16) / max(1, n * k))) { first, count in
      unsafe table.pointee.leveled_product(
        count, n, k, a + first * row, row, step, b, levels, levelCount, shape.accumulates,
        c + first * n)
    }
  }

  /// The table lives as long as the program.
  @unsafe private var table: UnsafePointer<addend_rounding_kernels> {
    unsafe addend_rounding_select(set.isa)
  }
}
