internal import AddendTensors

extension FrozenLookup {
  /// The matrix `[inputSize, outputs]` that explains the tables best: in each block, least squares
  /// from the middles of the codes' cells to the entries, both about their means.
  ///
  /// A cell without a border on one side is taken to be as wide there as the borders are apart. What
  /// an encoder never compares has no part in the result, and gets zeros.
  var effectiveWeight: Tensor<Scalar> {
    Self.effectiveWeight(encoder, entries: entries, scales: scales)
  }

  /// `effectiveWeight` of `quantized: [outputs, blocks, entries]`.
  static func effectiveWeight(
    _ encoder: LookupEncoder<Scalar>, entries quantized: [Int], scales: Tensor<Scalar>
  ) -> Tensor<Scalar> {
    let layout = encoder.layout
    let outputs = scales.count
    let tables = layout.count * encoder.stages
    let scale = Tensor<Double>(scales).elements
    let borders = Tensor<Double>(encoder.thresholds).elements
    var weight = [Double](repeating: 0, count: layout.inputSize * outputs)
    for j in 0..<layout.count {
      let cells = CodeCells(
        columns: Array(encoder.columns.values[j * encoder.depth..<(j + 1) * encoder.depth]),
        thresholds: Array(borders[j << encoder.depth..<(j + 1) << encoder.depth]))
      for (m, s) in scale.enumerated() {
        let slopes = cells.slopes(
          towards: (0..<1 << encoder.depth).map { leaf in
            (0..<encoder.stages).reduce(0.0) { sum, stage in
              let code = leaf >> ((encoder.stages - 1 - stage) * encoder.levels)
              let block = m * tables + stage * layout.count + j
              let entry = block * encoder.entries + code % encoder.entries
              return sum + s * Double(quantized[entry])
            }
          })
        for (column, slope) in zip(cells.columns, slopes) {
          for i in 0..<layout.blockSize {
            let position = Int(layout.positions[j * layout.blockSize + i])
            guard position >= 0 else { continue }
            weight[position * outputs + m] += slope * encoder.part(of: i, inColumn: column)
          }
        }
      }
    }
    return Tensor([layout.inputSize, outputs], weight.map { Scalar($0) })
  }
}

extension LookupEncoder {
  /// How much of a block's `i`-th input is in what `column` compares: 1, 0, or a hash's sign.
  fileprivate func part(of i: Int, inColumn column: Int) -> Double {
    switch kind {
    case .tree: i == column ? 1 : 0
    case .hash: Double(signs[column * layout.blockSize + i])
    }
  }
}

/// Where the cells of one block's codes lie along the columns that are compared.
struct CodeCells {
  /// The columns, each once.
  let columns: [Int]
  /// One middle per column for each code that rows can reach.
  private let middles: [(code: Int, point: [Double])]

  init(columns levels: [Int], thresholds: [Double]) {
    let columns = Set(levels).sorted()
    self.columns = columns
    let entries = thresholds.count
    // A typical width for cells that are open on one side.
    let widths = columns.map { column in
      let borders = (1..<entries).filter { node in
        levels[Int.bitWidth - 1 - node.leadingZeroBitCount] == column && thresholds[node].isFinite
      }.map { thresholds[$0] }
      let spread = (borders.max() ?? 0) - (borders.min() ?? 0)
      return spread > 0 ? spread / Double(borders.count - 1) : 1
    }
    middles = (0..<entries).compactMap { code in
      var (low, high) = (
        columns.map { _ in -Double.infinity }, columns.map { _ in Double.infinity }
      )
      for (level, column) in levels.enumerated() {
        guard let c = columns.firstIndex(of: column) else { continue }
        let node = (code + entries) >> (levels.count - level)
        let goesRight = (code + entries) >> (levels.count - level - 1) & 1 == 1
        if goesRight { low[c] = max(low[c], thresholds[node]) }
        if !goesRight { high[c] = min(high[c], thresholds[node]) }
      }
      guard zip(low, high).allSatisfy({ $0 < $1 && $0 < .infinity }) else { return nil }
      let point = columns.indices.map { c in
        switch (low[c].isFinite, high[c].isFinite) {
        case (true, true): (low[c] + high[c]) / 2
        case (true, false): low[c] + widths[c] / 2
        case (false, true): high[c] - widths[c] / 2
        case (false, false): 0.0
        }
      }
      return (code, point)
    }
  }

  /// `b` of the least-squares fit `values[code] ≈ a + b · middle(code)`, one for each column.
  func slopes(towards values: [Double]) -> [Double] {
    let n = columns.count
    let count = Double(max(1, middles.count))
    let centre = (0..<n).map { c in middles.reduce(0.0) { $0 + $1.point[c] } / count }
    let mean = middles.reduce(0.0) { $0 + values[$1.code] } / count
    // Normal equations, the right-hand side as the last column; at most 8 unknowns.
    var system = [[Double]](repeating: [Double](repeating: 0, count: n + 1), count: n)
    for (code, point) in middles {
      let row = (0..<n).map { point[$0] - centre[$0] } + [values[code] - mean]
      for a in 0..<n { for b in 0...n { system[a][b] += row[a] * row[b] } }
    }
    let ridge = 1e-9 * (0..<n).reduce(0.0) { $0 + system[$1][$1] }
    for a in 0..<n { system[a][a] += ridge }
    for a in 0..<n {
      guard system[a][a] > 0 else { continue }
      for b in 0..<n where b != a {
        let factor = system[b][a] / system[a][a]
        for c in a...n { system[b][c] -= factor * system[a][c] }
      }
    }
    return (0..<n).map { system[$0][$0] > 0 ? system[$0][n] / system[$0][$0] : 0 }
  }
}
