internal import AddendKernels
internal import AddendLinear
internal import AddendNetworks
internal import AddendTensors

/// What becomes of a product's integers: `y = normalisations(factor · z + bias)`, columns apart,
/// each step rounded to float32 as the layers round it. `y` rises or falls with `z`, or stays.
struct BinaryNumbers: Sendable {
  /// `[columns]`, positive.
  let factors: [Float]
  /// `[columns]`.
  let bias: [Float]?
  var normalizations: [ChannelNormalization] = []

  var columns: Int { factors.count }

  /// Shapes: `z` `[rows, columns]`; `y` and `spare`, which is overwritten, are as large.
  func evaluate(
    _ z: Span<Int32>, into y: inout MutableSpan<Float>, spare: inout MutableSpan<Float>
  ) {
    for i in z.indices {
      let j = i % columns
      let product = factors[j] == 1 ? Float(z[i]) : Float(z[i]) * factors[j]
      y[i] = bias.map { product + $0[j] } ?? product
    }
    for normalization in normalizations {
      Float.normalize(
        y.span, mean: normalization.mean.span,
        inverseDeviation: normalization.inverseDeviation.span, scale: normalization.scale.span,
        shift: normalization.shift.span, into: &spare)
      for i in y.indices { y[i] = spare[i] }
    }
  }

  /// Whether `y ≥ 0`, for one integer a column.
  private func arePositive(_ z: [Int32]) -> [Bool] {
    var y = [Float](repeating: 0, count: columns)
    var spare = y
    var result = y.mutableSpan
    var memory = spare.mutableSpan
    evaluate(z.span, into: &result, spare: &memory)
    return y.map { $0 >= 0 }
  }

  /// The thresholds at which signs change, for values `v` in `0...largest` that stand for the integers
  /// `offsets[c, j] + slope · v`: bit `j` of a row of class `c`, 1 where `y < 0`, is `(v ≥
  /// thresholds[c, j]) ≠ flips[j]`. Found by bisection over the integers, with the arithmetic of
  /// `evaluate`.
  func thresholds(offsets: [Int32], slope: Int32, largest: Int) -> BinaryThresholds {
    let classes = offsets.count / columns
    var thresholds = [Int32](repeating: .max, count: offsets.count)
    var flips = [Bool](repeating: false, count: columns)
    func areNegative(_ index: Int, _ v: [Int]) -> [Bool] {
      arePositive(
        (0..<columns).map { offsets[index * columns + $0] + slope * Int32(v[$0]) }
      ).map { !$0 }
    }
    let ends = [0, largest].map { end in
      (0..<classes).map { areNegative($0, Array(repeating: end, count: columns)) }
    }
    for j in 0..<columns {
      flips[j] = (0..<classes).contains { ends[0][$0][j] && !ends[1][$0][j] }
    }
    for index in 0..<classes {
      // The first value for which the bit differs from the flip lies in low...high; none is largest + 1.
      var low = [Int](repeating: 0, count: columns)
      var high = [Int](repeating: largest + 1, count: columns)
      while zip(low, high).contains(where: { $0 < $1 }) {
        let middle = zip(low, high).map { min(($0 + $1) / 2, largest) }
        let negative = areNegative(index, middle)
        for j in 0..<columns where low[j] < high[j] {
          if negative[j] != flips[j] { high[j] = middle[j] } else { low[j] = middle[j] + 1 }
        }
      }
      for j in 0..<columns where low[j] <= largest {
        thresholds[index * columns + j] = Int32(low[j])
      }
    }
    return BinaryThresholds(thresholds: thresholds, flips: Self.words(flips))
  }

  /// Flags as bits.
  static func words(_ flags: [Bool]) -> [UInt64] {
    var words = [UInt64](repeating: 0, count: BinaryRows.wordCount(flags.count))
    for (i, flag) in flags.enumerated() where flag { words[i / 64] |= 1 << UInt64(i % 64) }
    return words
  }
}

/// What values are compared with.
struct BinaryThresholds: Hashable, Sendable {
  /// `[classes, columns]`.
  let thresholds: [Int32]
  /// `[⌈columns / 64⌉]`.
  let flips: [UInt64]
}
