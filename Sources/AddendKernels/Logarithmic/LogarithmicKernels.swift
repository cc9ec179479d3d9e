internal import CAddendKernels

// Safe throughout: extents are checked before addresses are taken, parts lie inside them, C keeps no
// pointer, and `Number` has the 16 bits of a pattern: every one of these is one.

/// Bulk arithmetic on logarithms as one instruction set computes it; all sets give the same bits, on any
/// number of threads. `Number` is a pattern of `LogarithmicArithmetic`.
public struct LogarithmicKernels: Sendable {
  /// How a long sum is added up.
  public enum LongSum: Hashable, Sendable {
    /// In blocks of 32 terms, those above zero and those below apart; then by pairs of blocks.
    case blocks
    /// In order, what each addition loses being taken from the next term: `y = term − c`,
    /// `t = s + y`, `c = (t − the larger of s and y) − the smaller`, `s = t` (Kahan, 1965; the larger
    /// first as Babuška, 1969, has it). Four additions a term.
    case kahan
  }

  public let arithmetic: LogarithmicArithmetic
  public let longSum: LongSum
  public let instructionSet: InstructionSet

  /// - Precondition: this machine runs `instructionSet`.
  public init(
    _ arithmetic: LogarithmicArithmetic, _ instructionSet: InstructionSet = .best,
    longSum: LongSum = .blocks
  ) {
    precondition(
      InstructionSet.available.contains(instructionSet), "\(instructionSet) is not available here")
    self.arithmetic = arithmetic
    self.longSum = longSum
    self.instructionSet = instructionSet
  }

  /// The kernels live as long as the program.
  @unsafe var kernels: addend_lns_kernels {
    unsafe addend_lns_select(instructionSet.isa).pointee
  }

  /// Numbers that a thread takes at a time.
  static let partSize = 1 << 13

  /// `C = op(A) op(B)`, plus `bias` in every row where there is one; sums of columns of `B` where
  /// `A` is `nil`, which stands for ones.
  ///
  /// Products are exact. A sum's terms are those whose left factor is not zero, added up as
  /// `longSum` says: in a block those above zero and those below apart, in order, the one sum being
  /// taken from the other. Sums have logarithms of their own range: a block's saturate at 2¹⁵ − 1
  /// last places, the others do not. The result is rounded to the format before what `C` holds, and
  /// then the bias, are added.
  public func gemm<Number: BitwiseCopyable>(
    _ shape: GEMMShape, _ a: Span<Number>?, _ b: Span<Number>, bias: Span<Number>?,
    _ c: inout MutableSpan<Number>
  ) { gemm(shape, a, b, bias: bias, shift: 0, &c) }

  /// The same of sums multiplied by `2^(shift / 2^fraction)` before they are rounded.
  func gemm<Number: BitwiseCopyable>(
    _ shape: GEMMShape, _ a: Span<Number>?, _ b: Span<Number>, bias: Span<Number>?, shift: Int,
    _ c: inout MutableSpan<Number>
  ) {
    let (m, n, k) = (shape.m, shape.n, shape.k)
    precondition(
      (a?.count ?? m * k) == m * k && b.count == k * n && c.count == m * n
        && (bias?.count ?? n) == n, "gemm: extents")
    guard let c = unsafe c.patterns else { return }
    let packed = pack(shape, b)
    let rows = packed.span
    let kernels = unsafe kernels
    // A part is some 50 µs, in whole tiles of rows.
    let size = max(1, 400_000 / max(1, n * k) / 4) * 4
    ThreadPool.forEachPart(of: m, size: size) { first, count in
      unsafe arithmetic.withTable { table in
        var gemm = unsafe addend_lns_gemm(
          transposes_a: shape.transposesA, accumulates: shape.accumulates,
          compensates: longSum == .kahan, shift: Int32(shift), m: m, n: n, k: k, a: a?.patterns,
          b: rows.address, bias: bias?.patterns, c: c, first_row: first, rows: count)
        unsafe kernels.gemm(table, &gemm)
      }
    }
  }

  private func pack<Number: BitwiseCopyable>(
    _ shape: GEMMShape, _ b: Span<Number>
  ) -> AlignedBuffer<UInt16> {
    let lanes = Int(ADDEND_LNS_LANES)
    let width = (shape.n + lanes - 1) / lanes * lanes
    let packed = AlignedBuffer<UInt16>(uninitializedCount: max(1, shape.k * width))
    var span = packed.uniqueSpan
    guard let b = unsafe b.patterns, let rows = unsafe span.address else { return packed }
    ThreadPool.forEachPart(of: shape.k, size: max(1, Self.partSize / max(1, width))) {
      first, count in
      unsafe addend_lns_pack(shape.transposesB, shape.n, shape.k, b, first, count, rows)
    }
    return packed
  }

  /// `y[i] = table[256 · (i mod channels) + bytes[i]]`.
  public static func lookUp<Number: BitwiseCopyable>(
    _ bytes: Span<UInt8>, in table: Span<Number>, into y: inout MutableSpan<Number>
  ) {
    let (count, channels) = (bytes.count, table.count / 256)
    precondition(
      table.count == 256 * channels && channels > 0 && count == y.count, "lookUp: extents")
    guard let bytes = unsafe bytes.address, let table = unsafe table.patterns,
      let y = unsafe y.patterns
    else { return }
    unsafe addend_lns_look_up(count, channels, bytes, table, y)
  }

  /// `y += α x`.
  public func addScaled<Number: BitwiseCopyable>(
    _ alpha: UInt16, _ x: Span<Number>, to y: inout MutableSpan<Number>
  ) {
    precondition(x.count == y.count, "addScaled: extents")
    let count = x.count
    guard let x = unsafe x.patterns, let y = unsafe y.patterns else { return }
    let kernels = unsafe kernels
    unsafe forEachPart(of: count) { unsafe kernels.add($0, $2, alpha, x + $1, y + $1) }
  }

  /// `y ·= α`.
  public func scale<Number: BitwiseCopyable>(_ y: inout MutableSpan<Number>, by alpha: UInt16) {
    let count = y.count
    guard let y = unsafe y.patterns else { return }
    let kernels = unsafe kernels
    unsafe forEachPart(of: count) { unsafe kernels.scale($0, $2, alpha, y + $1) }
  }

  /// `y ⊙= x`.
  public func multiply<Number: BitwiseCopyable>(
    _ y: inout MutableSpan<Number>, by x: Span<Number>
  ) {
    precondition(x.count == y.count, "multiply: extents")
    let count = x.count
    guard let x = unsafe x.patterns, let y = unsafe y.patterns else { return }
    let kernels = unsafe kernels
    unsafe forEachPart(of: count) { unsafe kernels.multiply($0, $2, x + $1, y + $1) }
  }

  /// `y = x`, times `slope` where `x` is below zero.
  public func rectify<Number: BitwiseCopyable>(
    slope: UInt16, _ x: Span<Number>, into y: inout MutableSpan<Number>
  ) {
    precondition(x.count == y.count, "activate: extents")
    let count = x.count
    guard let x = unsafe x.patterns, let y = unsafe y.patterns else { return }
    let kernels = unsafe kernels
    unsafe forEachPart(of: count) { unsafe kernels.rectify($0, $2, slope, x + $1, y + $1) }
  }

  /// `dx = dy`, times `slope` where `y` is not above zero.
  public func rectifierGradient<Number: BitwiseCopyable>(
    slope: UInt16, y: Span<Number>, dy: Span<Number>, into dx: inout MutableSpan<Number>
  ) {
    precondition(y.count == dy.count && dx.count == dy.count, "activation: extents")
    let count = y.count
    guard let y = unsafe y.patterns, let dy = unsafe dy.patterns, let dx = unsafe dx.patterns
    else { return }
    let kernels = unsafe kernels
    unsafe forEachPart(of: count) {
      unsafe kernels.rectify_gradient($0, $2, slope, y + $1, dy + $1, dx + $1)
    }
  }

  /// A step of gradient descent with momentum, whose numbers are patterns.
  public struct Step: Hashable, Sendable {
    public var rate, momentum, decay: UInt16
    public var looksAhead: Bool

    public init(rate: UInt16, momentum: UInt16, decay: UInt16, looksAhead: Bool) {
      self.rate = rate
      self.momentum = momentum
      self.decay = decay
      self.looksAhead = looksAhead
    }
  }

  /// Moves weights and velocity by one step; what additions lose is kept in `lost` where it is given.
  public func update<Number: BitwiseCopyable>(
    _ weights: inout MutableSpan<Number>, gradient: Span<Number>,
    velocity: inout MutableSpan<Number>, lost: inout MutableSpan<Number>, _ step: Step
  ) {
    precondition(
      gradient.count == weights.count && velocity.count == weights.count
        && (lost.count == weights.count || lost.isEmpty), "update: extents")
    let count = weights.count
    guard let w = unsafe weights.patterns, let g = unsafe gradient.patterns,
      let v = unsafe velocity.patterns
    else { return }
    let c = unsafe lost.isEmpty ? nil : lost.patterns
    let kernels = unsafe kernels
    let step = addend_lns_step(
      rate: step.rate, momentum: step.momentum, decay: step.decay, looks_ahead: step.looksAhead)
    unsafe forEachPart(of: count) { table, first, count in
      unsafe kernels.update(
        table, count, step, g + first, v + first, c.map { unsafe $0 + first }, w + first)
    }
  }

  @unsafe private func forEachPart(
    of count: Int, _ body: (UnsafePointer<addend_lns_table>, _ first: Int, _ count: Int) -> Void
  ) {
    ThreadPool.forEachPart(of: count, size: Self.partSize) { first, count in
      unsafe arithmetic.withTable { unsafe body($0, first, count) }
    }
  }
}
