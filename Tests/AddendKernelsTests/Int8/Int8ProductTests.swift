import AddendKernels
import AddendTensors
import AddendTestSupport
import Testing

struct Int8ProductTests {
  /// Operands of a convolution, and its definition.
  struct Case {
    let geometry: ConvolutionGeometry
    let outputs: Int
    let x: [UInt8]
    let weights: [Int8]
    let scales, bias: [Float]
    let residualCodes: [UInt8]
    let residual: [Float]
    let input = AffineQuantization(scale: 0.037, zeroPoint: 11)
    let output = AffineQuantization(scale: 0.21, zeroPoint: 77)
    let other = AffineQuantization(scale: 0.09, zeroPoint: 40)

    init(_ geometry: ConvolutionGeometry, outputs: Int, seed: UInt64 = 1) {
      var random = RandomSource(seed: seed, stream: 9)
      self.geometry = geometry
      self.outputs = outputs
      x = (0..<geometry.imageCount).map { _ in UInt8(truncatingIfNeeded: random.next() >> 16) }
      weights = (0..<geometry.patchSize * outputs).map { _ in
        Int8(truncatingIfNeeded: random.next() >> 16)
      }
      scales = (0..<outputs).map { _ in Float(random.uniform() * 0.01 + 0.001) }
      bias = (0..<outputs).map { _ in Float(random.normal()) }
      let count = geometry.patchCount * outputs
      residualCodes = (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next() >> 16) }
      residual = (0..<count).map { _ in Float(random.normal()) }
    }

    /// `Σ (q − z) w`, pixels of the padding being zeros.
    func sum(_ position: Int, _ j: Int) -> Int {
      let g = geometry
      let (image, place) = position.quotientAndRemainder(dividingBy: g.outputHeight * g.outputWidth)
      var sum = 0
      for r in 0..<g.filterHeight {
        for s in 0..<g.filterWidth {
          let row = g.source(output: place / g.outputWidth, tap: r)
          let column = g.source(output: place % g.outputWidth, tap: s)
          guard 0..<g.height ~= row, 0..<g.width ~= column else { continue }
          for c in 0..<g.channels {
            let code = x[((image * g.height + row) * g.width + column) * g.channels + c]
            let weight = weights[((r * g.filterWidth + s) * g.channels + c) * outputs + j]
            sum += (Int(code) - Int(input.zeroPoint)) * Int(weight)
          }
        }
      }
      return sum
    }

    var sums: [Int] {
      (0..<geometry.patchCount).flatMap { p in (0..<outputs).map { sum(p, $0) } }
    }

    func product(_ set: InstructionSet) -> Int8Product {
      Int8Product(weights.span, scales: scales, input: input, geometry: geometry, using: set)
    }
  }

  static let shapes: [(ConvolutionGeometry, Int)] = [
    // Products, the depth not of whole words, rows and columns not of whole tiles.
    (Int8Product.rowGeometry(1, inputs: 1), 1), (Int8Product.rowGeometry(7, inputs: 13), 5),
    (Int8Product.rowGeometry(29, inputs: 64), 16), (Int8Product.rowGeometry(11, inputs: 36), 33),
    (Int8Product.rowGeometry(13, inputs: 20), 51), (Int8Product.rowGeometry(9, inputs: 7), 131),
    (
      .init(
        batch: 2, height: 7, width: 5, channels: 3, filterHeight: 3, filterWidth: 3, padding: 1), 16
    ),
    (
      .init(
        batch: 3, height: 9, width: 8, channels: 4, filterHeight: 3, filterWidth: 2, stride: 2,
        padding: 2), 37
    ),
    (
      .init(
        batch: 1, height: 8, width: 9, channels: 5, filterHeight: 2, filterWidth: 3, padding: 1,
        dilation: 2), 19
    ),
    (
      .init(batch: 2, height: 6, width: 6, channels: 8, filterHeight: 1, filterWidth: 1, stride: 2),
      65
    ),
    (
      .init(
        batch: 1, height: 40, width: 40, channels: 16, filterHeight: 3, filterWidth: 3, padding: 1),
      16
    ),
  ]

  /// A pass with what `body` does of it.
  private static func scratch<Result>(
    _ product: Int8Product, _ geometry: ConvolutionGeometry,
    _ body: (inout MutableSpan<UInt8>) -> Result
  ) -> Result {
    let memory = AlignedBuffer<UInt8>(uninitializedCount: product.scratchCount(geometry))
    var span = memory.uniqueSpan
    span.update(repeating: 171)
    return body(&span)
  }

  @Test(arguments: InstructionSet.available, shapes.indices)
  func sumsAreExact(_ set: InstructionSet, shape: Int) {
    let (geometry, outputs) = Self.shapes[shape]
    let one = Case(geometry, outputs: outputs)
    let product = one.product(set)
    var y = [Int32](repeating: 7, count: geometry.patchCount * outputs)
    Self.scratch(product, geometry) { scratch in
      var span = y.mutableSpan
      product.sums(one.x.span, geometry, scratch: &scratch, into: &span)
    }
    #expect(y.map(Int.init) == one.sums)
    #expect(product.weights == one.weights)
  }

  enum Addend: CaseIterable { case none, bytes, floats }

  /// The steps that the type states, in float32.
  @Test(arguments: InstructionSet.available, Addend.allCases)
  func resultsAreTheDefinitions(_ set: InstructionSet, addend: Addend) {
    for (index, (geometry, outputs)) in Self.shapes.enumerated() {
      for rectifies in [false, true] {
        let one = Case(geometry, outputs: outputs, seed: UInt64(index))
        let product = one.product(set)
        let residual: Int8Product.Residual =
          switch addend {
          case .none: .none
          case .bytes: .bytes(one.other)
          case .floats: .floats
          }
        func expected(_ output: AffineQuantization?) -> [Float] {
          let unit = output.map { 1 / $0.scale } ?? 1
          let zero = output.map { Float($0.zeroPoint) } ?? 0
          return one.sums.enumerated().map { i, sum in
            let j = i % outputs
            var base = zero
            if addend == .bytes { base -= Float(one.other.zeroPoint) * (one.other.scale * unit) }
            base += one.bias[j] * unit
            switch addend {
            case .none: break
            case .bytes:
              base.addProduct(Float(one.residualCodes[i]), one.other.scale * unit)
            case .floats: base.addProduct(one.residual[i], unit)
            }
            base.addProduct(Float(sum), one.input.scale * one.scales[j] * unit)
            if rectifies { base = max(base, zero) }
            guard output != nil else { return base }
            return min(max(base, 0), 255).rounded(.toNearestOrEven)
          }
        }
        let floats = product.finish(bias: one.bias.span, residual: residual, rectifies: rectifies)
        var y = [Float](repeating: 7, count: one.sums.count)
        var bytes = [UInt8](repeating: 7, count: y.count)
        let finish = product.finish(
          bias: one.bias.span, residual: residual, rectifies: rectifies, output: one.output)
        Self.scratch(product, geometry) { scratch in
          var first = y.mutableSpan
          var second = bytes.mutableSpan
          let codes = addend == .bytes ? one.residualCodes.span : nil
          let numbers = addend == .floats ? one.residual.span : nil
          product.floats(
            one.x.span, geometry, floats, addingBytes: codes, addingFloats: numbers,
            scratch: &scratch, into: &first)
          product.bytes(
            one.x.span, geometry, finish, addingBytes: codes, addingFloats: numbers,
            scratch: &scratch, into: &second)
        }
        #expect(y == expected(nil), "\(geometry), rectifies \(rectifies)")
        #expect(bytes.map { Float($0) } == expected(one.output), "\(geometry)")
      }
    }
  }

  /// −128 · 255 in every pair would saturate where numbers of 16 bits are added with saturation.
  @Test(arguments: InstructionSet.available)
  func extremeProductsDoNotSaturate(_ set: InstructionSet) {
    let geometry = Int8Product.rowGeometry(3, inputs: 260)
    for weight in [Int8.min, .max] {
      let weights = [Int8](repeating: weight, count: 260 * 17)
      let product = Int8Product(
        weights.span, scales: .init(repeating: 1, count: 17),
        input: .init(scale: 1, zeroPoint: 0), using: set)
      var y = [Int32](repeating: 0, count: 3 * 17)
      let x = [UInt8](repeating: 255, count: 3 * 260)
      Self.scratch(product, geometry) { scratch in
        var span = y.mutableSpan
        product.sums(x.span, geometry, scratch: &scratch, into: &span)
      }
      #expect(y.allSatisfy { $0 == 260 * 255 * Int32(weight) })
    }
  }

  /// Cut into parts, which depends on the extents only.
  @Test func resultsDoNotDependOnTheThreadCount() {
    let geometry = ConvolutionGeometry(
      batch: 5, height: 32, width: 32, channels: 16, filterHeight: 3, filterWidth: 3, padding: 1)
    let one = Case(geometry, outputs: 70)
    let product = one.product(.best)
    let results = [1, 3].map { threads in
      ThreadPool.$current.withValue(ThreadPool(threadCount: threads)) {
        var y = [Int32](repeating: 0, count: geometry.patchCount * 70)
        Self.scratch(product, geometry) { scratch in
          var span = y.mutableSpan
          product.sums(one.x.span, geometry, scratch: &scratch, into: &span)
        }
        return y
      }
    }
    #expect(results[0] == results[1])
    #expect(
      (0..<50).allSatisfy { results[0][$0 * 997] == Int32(one.sum($0 * 997 / 70, $0 * 997 % 70)) })
  }
}
