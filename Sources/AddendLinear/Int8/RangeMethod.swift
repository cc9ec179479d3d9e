internal import AddendKernels
internal import AddendTensors

/// How a range for bytes is chosen from numbers that were seen.
public enum RangeMethod: String, Hashable, Sendable, CaseIterable {
  /// From the least to the largest.
  case minimumMaximum = "minmax"
  /// Without the outermost, as many on each side.
  case percentile
  /// Where the mean square of what rounding and clamping change is least.
  case squaredError = "mse"
  /// Where the bytes' distribution diverges least from the numbers' (Migacz, *8-bit Inference with
  /// TensorRT*, 2017).
  case entropy
}

/// A histogram of numbers, from which ranges are chosen.
///
/// Bins lie symmetrically around zero; when a number falls outside, twice as wide ones take the old ones'
/// counts two by two.
struct RangeHistogram: Sendable {
  static let binCount = 4096
  /// Of a batch, at most so many numbers are counted, one of each stretch.
  static let batchLimit = 1 << 16

  private(set) var least = 0.0
  private(set) var most = 0.0
  /// The bins cover `−limit ..< limit`; 0 before the first number that is not zero.
  private(set) var limit = 0.0
  private(set) var counts = [Double](repeating: 0, count: binCount)

  var isEmpty: Bool { least == 0 && most == 0 }

  mutating func add<Scalar: TensorScalar>(_ x: Span<Scalar>) {
    let found = Scalar.extremes(of: x)
    guard found.lowest.isFinite, found.highest.isFinite else { return }
    least = min(least, found.lowest)
    most = max(most, found.highest)
    grow(to: max(-least, most))
    guard limit > 0 else { return }
    let length = max(1, (x.count + Self.batchLimit - 1) / Self.batchLimit)
    let perUnit = Double(Self.binCount / 2) / limit
    // One number of each stretch, at a place that is drawn: equal steps could meet some channels only.
    var random = RandomSource(seed: UInt64(x.count))
    for start in stride(from: 0, to: x.count, by: length) {
      let i = start + Int(random.next() % UInt64(min(length, x.count - start)))
      let number = x[i].double
      if number.isFinite, number != 0 {
        let bin = Int((number * perUnit).rounded(.down)) + Self.binCount / 2
        counts[min(max(bin, 0), Self.binCount - 1)] += 1
      }
    }
  }

  private mutating func grow(to magnitude: Double) {
    guard magnitude > limit else { return }
    guard limit > 0 else { return limit = max(magnitude, Double(Float.leastNonzeroMagnitude)) }
    while limit < magnitude {
      limit *= 2
      var wider = [Double](repeating: 0, count: Self.binCount)
      for bin in counts.indices { wider[Self.binCount / 4 + bin / 2] += counts[bin] }
      counts = wider
    }
  }

  /// The middle of a bin.
  private func middle(_ bin: Int) -> Double {
    (Double(bin - Self.binCount / 2) + 0.5) * 2 * limit / Double(Self.binCount)
  }

  /// The range that `method` chooses. Zeros, of which networks have many and which every range
  /// represents, are not counted.
  func range(by method: RangeMethod, percentile: Double) -> ClosedRange<Double> {
    guard limit > 0 else { return least...most }
    switch method {
    case .minimumMaximum: return least...most
    case .percentile: return quantiles(leaving: percentile / 100)
    case .squaredError: return best { squaredError($0) }
    case .entropy: return best { divergence($0) }
    }
  }

  private func quantiles(leaving share: Double) -> ClosedRange<Double> {
    let total = counts.reduce(0, +)
    let outside = total * (1 - share) / 2
    func edge(_ bins: some Sequence<Int>) -> Int {
      var sum = 0.0
      for bin in bins {
        sum += counts[bin]
        if sum > outside { return bin }
      }
      return Self.binCount / 2
    }
    let width = 2 * limit / Double(Self.binCount)
    let lower = Double(edge(counts.indices) - Self.binCount / 2) * width
    let upper = Double(edge(counts.indices.reversed()) + 1 - Self.binCount / 2) * width
    return max(least, min(lower, 0))...min(most, max(upper, 0))
  }

  /// The range with the least `price`: both ends are drawn in, first together, then apart.
  private func best(_ price: (ClosedRange<Double>) -> Double) -> ClosedRange<Double> {
    let steps = 80
    func shrunk(_ range: ClosedRange<Double>, _ low: Int, _ high: Int) -> ClosedRange<Double> {
      range.lowerBound * Double(low) / Double(steps)...range.upperBound * Double(high)
        / Double(steps)
    }
    var (found, lowest) = (least...most, price(least...most))
    func take(_ range: ClosedRange<Double>) {
      let price = price(range)
      if price < lowest { (found, lowest) = (range, price) }
    }
    for i in steps / 8..<steps { take(shrunk(least...most, i, i)) }
    guard least < 0, most > 0 else { return found }
    let together = found
    for i in steps / 2..<steps {
      take(shrunk(together, i, steps))
      take(shrunk(together, steps, i))
    }
    return found
  }

  /// `Σ count (x − value(code(x)))²`.
  private func squaredError(_ range: ClosedRange<Double>) -> Double {
    let quantization = AffineQuantization(covering: range.lowerBound, range.upperBound)
    var sum = 0.0
    for bin in counts.indices where counts[bin] > 0 {
      let x = middle(bin)
      let value = Double(quantization.value(of: quantization.code(of: Float(x))))
      sum += counts[bin] * (x - value) * (x - value)
    }
    return sum
  }

  /// `Σ p log(p / q)`: `p` the bins with what lies outside moved to the outermost within, `q` each byte's
  /// share spread evenly over its bins that are not empty. Bins that the clamped numbers alone fill count
  /// for them in `p` and not in `q`, so clamping has its price.
  private func divergence(_ range: ClosedRange<Double>) -> Double {
    let quantization = AffineQuantization(covering: range.lowerBound, range.upperBound)
    let codes = counts.indices.map { Int(quantization.code(of: Float(middle($0)))) }
    let inside = counts.indices.filter { range.contains(middle($0)) }
    guard let first = inside.first, let last = inside.last else { return .infinity }
    var p = counts
    p[first] += counts[..<first].reduce(0, +)
    p[last] += counts[(last + 1)...].reduce(0, +)
    var mass = [Double](repeating: 0, count: 256)
    var bins = mass
    for bin in inside where counts[bin] > 0 {
      mass[codes[bin]] += counts[bin]
      bins[codes[bin]] += 1
    }
    let (total, kept) = (counts.reduce(0, +), mass.reduce(0, +))
    guard kept > 0 else { return .infinity }
    var sum = 0.0
    for bin in inside where p[bin] > 0 {
      // An outermost bin may be filled by clamped numbers alone.
      let q = counts[bin] > 0 ? mass[codes[bin]] / bins[codes[bin]] / kept : 1e-6
      let share = p[bin] / total
      sum += share * (Math.log(share) - Math.log(q))
    }
    return sum
  }
}
