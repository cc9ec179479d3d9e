internal import AddendKernels
internal import AddendTensors
public import AddendExecution

/// A whole network of look-ups, bytes in and classes out, beside the float32 network that it stands
/// for: the same dense layers with rectifiers between them, each product by the better library. One
/// thread; the float network gets floats, not bytes, and the batch that suits it best.
public struct NetworkBenchmark: Sendable {
  /// Of the float network: `[784, 1024, 1024, 10]`.
  public let sizes: [Int]
  private let program: ByteProgram

  /// - Parameter program: what takes `sizes[0]` bytes to as many logits as the last of `sizes`.
  public init(_ program: ByteProgram, sizes: [Int]) {
    precondition(sizes.count > 1 && sizes[0] == program.network.inputs, "a network has layers")
    self.program = program
    self.sizes = sizes
  }

  /// Batches that the float network is tried with.
  static let batches = [64, 256, 1024]

  /// - Parameter pixels: `[rows, sizes[0]]`.
  public func run(
    name: String, pixels: [UInt8], _ timing: Interleaved, _ limits: MeasuredLimits
  ) -> BenchmarkCase {
    let rows = pixels.count / sizes[0]
    var classes: [Int32] = []
    let (program, sizes) = (program, sizes)
    var candidates: [Interleaved.Candidate] = [
      .init("look-ups") { classes = program.classes(pixels) }
    ]
    var random = RandomSource(seed: 1)
    let weights = zip(sizes, sizes.dropFirst()).map { inputs, outputs in
      (0..<inputs * outputs).map { _ in Float(random.normal()) / Float(inputs).squareRoot() }
    }
    let floats = pixels.map { Float($0) / 255 }
    var isThere: [String: Bool] = [:]
    for rival in RivalProduct.allCases {
      for batch in Self.batches where batch <= rows {
        let name = "\(rival.rawValue) float32, batches of \(batch)"
        candidates.append(
          .init(name) {
            isThere[name] = Self.pass(
              rival, floats, rows - rows % batch, batch: batch, sizes, weights)
          })
      }
    }
    let seconds = timing.seconds(candidates)
    var result = BenchmarkCase(
      name: name,
      shape: sizes.map { "\($0)" }.joined(separator: "-") + ", \(rows) rows",
      ours: seconds[0] / Double(rows),
      baselines: zip(candidates, seconds).dropFirst().filter { isThere[$0.0.name] == true }.map {
        ($0.0.name, $0.1 / Double(rows))
      })
    let rate = Double(program.network.lookups) / result.ours
    result.limit = ("byte look-ups in registers", limits.byteLookups)
    result.fractionOfLimit = rate / limits.byteLookups
    result.figures = [
      ("lookupsPerExample", Double(program.network.lookups)), ("lookupsPerSecond", rate),
      ("bytes", Double(program.network.byteCount)),
    ]
    if let best = result.baselines.map(\.seconds).min() {
      let multiplyAdds = zip(sizes, sizes.dropFirst()).reduce(0.0) { $0 + Double($1.0 * $1.1) }
      result.figures += [
        ("float32MultiplyAddsPerSecond", multiplyAdds / best),
        ("float32FractionOfLimit", multiplyAdds / best / limits.multiplyAdds),
      ]
    }
    precondition(classes.count == rows, "every row has a class")
    return result
  }

  /// One pass over all rows, batch by batch; `false` where the library is not there.
  private static func pass(
    _ rival: RivalProduct, _ pixels: [Float], _ rows: Int, batch: Int, _ sizes: [Int],
    _ weights: [[Float]]
  ) -> Bool {
    for first in stride(from: 0, to: rows, by: batch) {
      var x = Array(pixels[first * sizes[0]..<(first + batch) * sizes[0]])
      for (i, weight) in weights.enumerated() {
        var y = [Float](repeating: 0, count: batch * sizes[i + 1])
        var span = y.mutableSpan
        guard
          rival.multiply(
            m: batch, n: sizes[i + 1], k: sizes[i], x.span, weight.span, into: &span)
        else { return false }
        x = y
        if i + 1 < weights.count { rectify(&x) }
      }
    }
    return true
  }

  private static func rectify(_ x: inout [Float]) {
    var span = x.mutableSpan
    for i in span.indices { span[i] = max(span[i], 0) }
  }
}
