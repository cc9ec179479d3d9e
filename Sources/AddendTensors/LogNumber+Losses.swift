internal import AddendKernels

extension LogNumber {
  public static func softmax(_ logits: Span<Self>, columns: Int, into y: inout MutableSpan<Self>) {
    precondition(
      columns > 0 && logits.count.isMultiple(of: columns) && y.count == logits.count, "softmax")
    var shares = logits.indices.map { logits[$0].bitPattern }
    PatternRows(kernels: kernels, columns: columns).softmax(&shares)
    for i in y.indices { y[i].bitPattern = shares[i] }
  }

  /// Loss and gradient in logarithms, from each row's `e^(z − largest)` and their sum.
  public static func softmaxCrossEntropy(
    _ logits: inout MutableSpan<Self>, columns: Int, classes: Span<Int32>, smoothing: Double,
    weight: Double
  ) -> Double {
    precondition(
      columns > 0 && logits.count == columns * classes.count,
      "softmaxCrossEntropy: one class a row")
    var gradient = logits.indices.map { logits[$0].bitPattern }
    let loss = PatternRows(kernels: kernels, columns: columns)
      .crossEntropy(&gradient, classes: classes, smoothing: smoothing, weight: weight)
    for i in logits.indices { logits[i].bitPattern = gradient[i] }
    return loss
  }

  /// In means of parts, as they are read by people, of squares of what each number is of the largest:
  /// the largest square is the format's largest number, so that few are so small that it has none.
  public static func sumOfSquares(_ x: Span<Self>) -> Double {
    let largest = Self(bitPattern: x.indices.reduce(0) { max($0, x[$1].bitPattern & 0x7FFF) })
    guard largest != .zero else { return 0 }
    let root = Self(bitPattern: UInt16(arithmetic.bias + arithmetic.largest / 2))
    let (columns, rows) = (32, 256)
    var part = Tensor<Self>([rows * columns])
    var squares = part.mutableSpan
    var means = Tensor<Self>([columns])
    var mean = means.mutableSpan
    var result = 0.0
    for first in stride(from: 0, to: x.count, by: rows * columns) {
      let own = x.extracting(first..<min(first + rows * columns, x.count))
      fill(&squares, with: .zero)
      var ratios = squares.part(first: own.count)
      ratios.update(from: own)
      scale(&ratios, by: one / largest)
      scale(&ratios, by: root)
      square(&ratios)
      kernels.columnMeans(of: squares.span, into: &mean)
      for c in 0..<columns { result += mean[c].reported }
    }
    let scale = largest.reported / root.reported
    return result * Double(rows) * scale * scale
  }
}

/// Rows of patterns, as losses take them.
private struct PatternRows {
  let kernels: LogarithmicKernels
  let columns: Int

  private var arithmetic: LogarithmicArithmetic { kernels.arithmetic }

  func softmax(_ z: inout [UInt16]) {
    let rows = z.count / columns
    for r in 0..<rows {
      lower(&z, r)
      for i in range(r) { z[i] = arithmetic.exponential(z[i]) }
    }
    let sums = sums(of: z, rows: rows)
    for i in z.indices { z[i] = arithmetic.quotient(z[i], sums[i / columns]) }
  }

  /// Logits to the gradient of `weight` times the loss, which is returned.
  ///
  /// The class's gradient is `−Σ` of the other classes' shares, which `share − 1` would lose the
  /// places of.
  func crossEntropy(
    _ z: inout [UInt16], classes: Span<Int32>, smoothing: Double, weight: Double
  ) -> Double {
    let rows = classes.count
    for r in 0..<rows {
      precondition(
        Int(classes[r]) < columns, "softmaxCrossEntropy: class \(classes[r]) of \(columns)")
      lower(&z, r)
    }
    var losses = [UInt16](repeating: 0, count: rows)
    if smoothing > 0 {
      // ε times the mean of what the largest is above each.
      var span = losses.mutableSpan
      kernels.rowMeans(of: z.span, into: &span)
      let minus = number(-smoothing)
      for r in 0..<rows { losses[r] = arithmetic.product(losses[r], minus) }
    }
    // What the classes are to the power, and what the others are together.
    let kept = number(1 - smoothing)
    var own = [UInt16](repeating: 0, count: rows)
    for r in 0..<rows where classes[r] >= 0 {
      let target = r * columns + Int(classes[r])
      losses[r] = difference(losses[r], arithmetic.product(kept, z[target]))
      for i in range(r) { z[i] = arithmetic.exponential(z[i]) }
      own[r] = z[target]
      z[target] = 0
    }
    let others = sums(of: z, rows: rows)

    // All classes' together as each has it, so that rows of gradients add up to nothing.
    let spread = number(weight * smoothing / Double(columns))
    let rest = arithmetic.product(spread, arithmetic.pattern(ofInteger: columns))
    let weight = number(weight)
    // What people read is summed as they read it: 16 bits would stop growing.
    var loss = 0.0
    for r in 0..<rows {
      guard classes[r] >= 0 else {
        for i in range(r) { z[i] = 0 }
        continue
      }
      let sum = arithmetic.sum(others[r], own[r])
      let factor = arithmetic.quotient(weight, sum)
      for i in range(r) { z[i] = arithmetic.product(z[i], factor) }
      // share − (1 − ε) = ε − (the sum of the others' shares), less what smoothing gives to each.
      z[r * columns + Int(classes[r])] = difference(rest, arithmetic.product(others[r], factor))
      if smoothing > 0 { for i in range(r) { z[i] = difference(z[i], spread) } }
      loss += arithmetic.double(of: arithmetic.sum(losses[r], arithmetic.logarithm(of: sum)))
    }
    return loss
  }

  private func range(_ row: Int) -> Range<Int> { row * columns..<(row + 1) * columns }

  /// Takes the row's largest number off it.
  private func lower(_ z: inout [UInt16], _ row: Int) {
    let range = range(row)
    let order = LogarithmicArithmetic.order
    let largest = range.reduce(z[range.lowerBound]) { order($0) < order(z[$1]) ? z[$1] : $0 }
    for i in range { z[i] = difference(z[i], largest) }
  }

  private func sums(of z: [UInt16], rows: Int) -> [UInt16] {
    var sums = [UInt16](repeating: 0, count: rows)
    var span = sums.mutableSpan
    kernels.rowSums(of: z.span, into: &span)
    return sums
  }

  private func number(_ constant: Double) -> UInt16 { arithmetic.pattern(of: constant) }

  private func difference(_ a: UInt16, _ b: UInt16) -> UInt16 {
    arithmetic.sum(a, b == 0 ? 0 : b ^ 0x8000)
  }
}
