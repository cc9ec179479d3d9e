internal import AddendKernels
internal import AddendTensors

// Products of bytes and int8 numbers beside oneDNN's, and beside its float32 product of the same numbers.

extension GEMMBenchmark {
  package static let int8Ways: [Way<Problem>] = [
    // Sums as they are: what oneDNN's int8 product gives, too.
    Way("Int8Product") { problem in
      let (product, geometry) = product(of: problem)
      let x = bytes(of: problem)
      let scratch = AlignedBuffer<UInt8>(uninitializedCount: product.scratchCount(geometry))
      let sums = AlignedBuffer<Int32>(uninitializedCount: problem.resultCount)
      return .init(
        run: {
          var memory = scratch.uniqueSpan
          var y = sums.uniqueSpan
          product.sums(x.span, geometry, scratch: &memory, into: &y)
        }, result: { sums.span.indices.map { Float(sums.span[$0]) } })
    },
    // Bytes from bytes, as layers hand them to each other; checked as sums.
    Way("Int8Product, bytes", isReference: true) { problem in
      let (product, geometry) = product(of: problem)
      let x = bytes(of: problem)
      let scratch = AlignedBuffer<UInt8>(uninitializedCount: product.scratchCount(geometry))
      let step = Float(problem.k) * 64
      let output = AffineQuantization(scale: step, zeroPoint: 128)
      let finish = product.finish(output: output)
      let codes = AlignedBuffer<UInt8>(uninitializedCount: problem.resultCount)
      return .init(
        run: {
          var memory = scratch.uniqueSpan
          var y = codes.uniqueSpan
          product.bytes(x.span, geometry, finish, scratch: &memory, into: &y)
        },
        result: { codes.span.indices.map { output.value(of: codes.span[$0]) } },
        // Half a step, or what lies beyond the bytes.
        tolerance: .absolute(Double(max(step, 255 * 127 * Float(problem.k) - 127 * step))))
    },
  ]

  package static let int8Rivals: [Way<Problem>] = [
    Way("oneDNN matmul, float32") { problem in
      rival(
        .product(
          m: problem.m, n: problem.n, k: problem.k, bfloat16: false, packsSecond: true,
          threads: problem.threads), problem)
    },
    Way("oneDNN matmul, int8") { problem in
      rival(
        .int8Product(
          m: problem.m, n: problem.n, k: problem.k, packsSecond: true, threads: problem.threads),
        problem)
    },
  ]

  private static func rival(_ operation: RivalOperation?, _ problem: Problem)
    -> Way<Problem>.Prepared?
  {
    guard let operation else { return nil }
    operation.set(0, problem.a.span)
    operation.set(1, problem.b.span)
    return .init(operation) { $0.values(of: 2) }
  }

  private static func product(of problem: Problem) -> (Int8Product, ConvolutionGeometry) {
    let weights = problem.b.elements.map { Int8($0) }
    let product = Int8Product(
      weights.span, scales: .init(repeating: 1, count: problem.n),
      input: AffineQuantization(scale: 1, zeroPoint: 0))
    return (product, Int8Product.rowGeometry(problem.m, inputs: problem.k))
  }

  private static func bytes(of problem: Problem) -> AlignedBuffer<UInt8> {
    let bytes = AlignedBuffer<UInt8>(uninitializedCount: problem.a.count)
    var span = bytes.uniqueSpan
    let source = problem.a.span
    for i in source.indices { span[i] = UInt8(source[i]) }
    return bytes
  }
}

extension Tensor where Scalar == Float {
  /// Whole numbers drawn evenly from `range`.
  static func whole(
    _ shape: Shape, _ range: ClosedRange<Int>, _ random: inout RandomSource
  ) -> Tensor {
    Tensor(shape) { span in
      for i in span.indices { span[i] = Float(Int.random(in: range, using: &random)) }
    }
  }
}
