internal import AddendKernels
internal import AddendTensors

/// One product by look-ups in blocks of `block` inputs, beside the exact product in float32 and in
/// 8-bit integers, all on one thread.
///
/// Ours goes from columns of bytes to columns of bytes, encoding included: the form that look-up
/// layers hand to each other. The others go from rows to rows in their own formats. Nothing is
/// approximated well here, tables are random: speed does not depend on them.
public struct ProductBenchmark: Sendable {
  public let rows, inputs, outputs, block: Int

  public init(rows: Int, inputs: Int, outputs: Int, block: Int) {
    precondition(rows > 0 && inputs > 0 && outputs > 0 && block > 0, "a product has extents")
    self.rows = rows
    self.inputs = inputs
    self.outputs = outputs
    self.block = block
  }

  public func run(_ timing: Interleaved, _ limits: MeasuredLimits) -> BenchmarkCase {
    var random = RandomSource(seed: 1)
    let network = ByteNetwork(
      [Self.layer(blocks: (inputs + block - 1) / block, inputs, outputs, &random)],
      inputs: inputs, scales: .init(repeating: 1, count: outputs),
      offsets: .init(repeating: 0, count: outputs))
    let tiles = (rows + ByteNetwork.tileRows - 1) / ByteNetwork.tileRows
    let tileRows = ByteNetwork.tileRows
    let columns = AlignedBuffer<UInt8>(uninitializedCount: tiles * tileRows * inputs)
    let results = AlignedBuffer<UInt8>(uninitializedCount: tiles * tileRows * outputs)
    var columnSpan = columns.uniqueSpan
    for i in columnSpan.indices { columnSpan[i] = UInt8(truncatingIfNeeded: random.next()) }
    let bytes = (0..<rows * inputs).map { columns.span[$0] }
    let floats = bytes.map { Float($0) / 255 }
    let integers = (0..<inputs * outputs).map { _ in Int8(truncatingIfNeeded: random.next()) }
    let weights = integers.map { Float($0) / 1024 }
    var (product, sums) = (
      [Float](repeating: 0, count: rows * outputs), [Int32](repeating: 0, count: rows * outputs)
    )
    var isThere: [String: Bool] = [:]
    let (rows, inputs, outputs) = (rows, inputs, outputs)
    var candidates: [Interleaved.Candidate] = [
      .init("look-ups") {
        var span = results.uniqueSpan
        network.runColumns(columns.span, into: &span)
      }
    ]
    for rival in RivalProduct.allCases {
      candidates.append(
        .init("\(rival.rawValue) float32") {
          var span = product.mutableSpan
          isThere["\(rival.rawValue) float32"] = rival.multiply(
            m: rows, n: outputs, k: inputs, floats.span, weights.span, into: &span)
        })
    }
    candidates.append(
      .init("oneDNN int8") {
        var span = sums.mutableSpan
        isThere["oneDNN int8"] = RivalProduct.multiplyBytes(
          m: rows, n: outputs, k: inputs, bytes.span, integers.span, into: &span)
      })
    let seconds = timing.seconds(candidates)
    let others = zip(candidates, seconds).dropFirst().filter { isThere[$0.0.name] == true }
    var result = BenchmarkCase(
      name: "product-\(rows)x\(inputs)x\(outputs)",
      shape: "\(rows)×\(inputs)×\(outputs), blocks of \(block)", ours: seconds[0],
      baselines: others.map { ($0.0.name, $0.1) })
    let lookups = Double(tiles * tileRows) * Double(network.lookups)
    result.limit = ("byte look-ups in registers", limits.byteLookups)
    result.fractionOfLimit = lookups / seconds[0] / limits.byteLookups
    result.figures = [("lookupsPerSecond", lookups / seconds[0])]
    let multiplyAdds = Double(rows) * Double(inputs) * Double(outputs)
    for (name, figure) in [("oneDNN float32", "float32"), ("oneDNN int8", "int8")] {
      guard let other = result.baselines.first(where: { $0.name == name }) else { continue }
      result.figures.append(("\(figure)MultiplyAddsPerSecond", multiplyAdds / other.seconds))
    }
    if let float = result.baselines.filter({ $0.name.hasSuffix("float32") }).map(\.seconds).min() {
      result.figures.append(("ratioToFloat32", float / seconds[0]))
    }
    if let integer = result.baselines.first(where: { $0.name == "oneDNN int8" }) {
      result.figures.append(("ratioToInt8", integer.seconds / seconds[0]))
    }
    return result
  }

  static func layer(
    blocks: Int, _ inputs: Int, _ outputs: Int, _ random: inout RandomSource
  ) -> ByteLayer {
    ByteLayer(
      blocks: blocks, outputs: outputs,
      columns: (0..<4 * blocks).map { _ in .random(in: 0..<Int32(inputs), using: &random) },
      thresholds: (0..<16 * blocks).map { _ in UInt8(truncatingIfNeeded: random.next()) },
      tables: (0..<16 * blocks * outputs).map { _ in
        Int8(truncatingIfNeeded: Int(random.next() & 127) - 64)
      },
      biases: .init(repeating: 0, count: outputs), shifts: .init(repeating: 4, count: outputs))
  }
}
