import Addend
import Benchmark

// Each case checks its result against the definition before it is timed, on real shapes.

/// Numbers without a pattern.
private func numbers(_ shape: Shape, seed: UInt64) -> Tensor<Float> {
  var random = RandomSource(seed: seed)
  return Tensor(shape) { span in for i in span.indices { span[i] = Float(random.normal()) } }
}

private func check(_ ours: Tensor<Float>, _ definition: Tensor<Double>, terms: Int) {
  let (x, y) = (ours.elements, definition.elements)
  // Sums of unit normals: √terms times half an ulp of each partial sum, with room.
  let bound = 8 * Double(Float.ulpOfOne) * Double(terms).squareRoot() * 4
  precondition(
    zip(x, y).allSatisfy { abs(Double($0) - $1) <= bound * max(1, abs($1)) }, "a wrong product")
}

let benchmarks: @Sendable () -> Void = {
  Benchmark.defaultConfiguration = .init(
    metrics: [.wallClock, .throughput], warmupIterations: 3, maxDuration: .seconds(2))

  for (m, n, k) in [(100, 300, 784), (512, 512, 512), (700, 10_000, 200)] {
    Benchmark("GEMM \(m)×\(n)×\(k)") { benchmark in
      let (a, b) = (numbers([m, k], seed: 1), numbers([k, n], seed: 2))
      check(
        matmul(a, b.reshaped([k, n])),
        matmul(Tensor<Double>(a), Tensor<Double>(b)), terms: k)
      benchmark.startMeasurement()
      for _ in benchmark.scaledIterations { blackHole(matmul(a, b)) }
    }
  }

  for map in ["float32", "int8", "lookup:block=4", "lookup:block=8", "space"] {
    Benchmark("inference, MLP 784-256-256-10, batch 200, \(map)") { benchmark in
      let network = try Zoo.network(
        Specification(parsing: "mlp:hidden=256,layers=2"), input: [28, 28, 1], classes: 10)
      var model = try Model<Float>(network, map: Specification(parsing: map), seed: 1)
      let x = numbers([200, 28, 28, 1], seed: 3)
      // Approximate maps learn their codebooks from what passes through them.
      for step in 0..<8 {
        model.prepare(for: TrainingProgress(step: step, stepsPerEpoch: 1, epochs: 8))
        var context = PassContext<Float>()
        let y = try model.trainingForward(x, &context)
        model.backward(y)
      }
      let frozen = model.frozen()
      benchmark.startMeasurement()
      for _ in benchmark.scaledIterations { blackHole(try frozen.forward(x)) }
    }
  }
}
