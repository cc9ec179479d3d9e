import AddendCatalogue
import AddendKernels
import AddendLinear
import AddendTensors
import AddendTestSupport
import Testing

private struct GradientFinder<Scalar: TensorScalar>: StateVisitor {
  var gradient: Tensor<Scalar>?
  mutating func visit(_ parameter: inout Parameter<Scalar>, named name: String) {
    gradient = parameter.gradient
  }
}

struct Int8MapTests {
  private static func numbers<Scalar: TensorScalar>(
    _ shape: Shape, seed: UInt64, of: Scalar.Type
  ) -> Tensor<Scalar> {
    var random = RandomSource(seed: seed, stream: 4)
    return Tensor(shape, (0..<shape.count).map { _ in Scalar(random.normal()) })
  }

  private static func map<Scalar: TensorScalar>(
    _ inputs: Int, _ outputs: Int, _ configuration: Int8Configuration = .init(), of: Scalar.Type
  ) -> Int8Map<Scalar> {
    Int8Map(
      configuration, MapRole(inputSize: inputs, outputSize: outputs),
      weight: numbers([inputs, outputs], seed: 1, of: Scalar.self))
  }

  private static let geometry = ConvolutionGeometry(
    batch: 2, height: 5, width: 6, channels: 3, filterHeight: 3, filterWidth: 3, padding: 1)
  private static let patchRole = MapRole(
    inputSize: 27, outputSize: 4, inputGrid: [3, 3, 3], isPatch: true)

  /// A step of training, so that ranges are known and rounding is on.
  private static func stepped<Scalar: TensorScalar>(
    _ map: inout Int8Map<Scalar>, _ x: Tensor<Scalar>
  )
    throws
  {
    let (y, residuals) = try map.trainingForward(x)
    _ = map.backward(Tensor(y.shape), residuals)
  }

  @Test func roundedWeightsAndInputsAreOffByHalfAStep() throws {
    var map = Self.map(19, 5, of: Double.self)
    let x = Self.numbers([7, 19], seed: 2, of: Double.self)
    try Self.stepped(&map, x)
    let exact = try ExactMap(weight: map.exactTwin.weight.value).forward(x)
    let (y, weight) = (try map.forward(x), map.exactTwin.weight.value)
    let largestInput = x.elements.map(\.magnitude).max() ?? 0
    let range = (x.elements.max() ?? 0) - min(0, x.elements.min() ?? 0)
    for i in 0..<7 {
      for j in 0..<5 {
        let column = (0..<19).map { weight[$0, j] }
        let step = (column.map(\.magnitude).max() ?? 0) / 127
        // |x̂ ŵ − x w| ≤ |x̂ − x| |ŵ| + |x| |ŵ − w|, summed.
        let bound = column.reduce(0) {
          $0 + range / 255 * ($1.magnitude + step) + largestInput * step / 2
        }
        #expect((y[i, j] - exact[i, j]).magnitude <= bound)
        #expect(y[i, j] != exact[i, j])
      }
    }
  }

  /// Gradients are those of the product of rounded operands, the input's within the range.
  @Test func gradientsPassStraightThrough() throws {
    var map = Self.map(11, 6, Int8Configuration(momentum: 1), of: Double.self)
    try Self.stepped(&map, Self.numbers([9, 11], seed: 2, of: Double.self))
    // Larger numbers than the range has, which stays.
    var x = Self.numbers([8, 11], seed: 3, of: Double.self)
    x[1, 2] = 50
    x[3, 4] = -60
    let dy = Self.numbers([8, 6], seed: 5, of: Double.self)
    let (y, residuals) = try map.trainingForward(x)
    let quantization = try #require(residuals.quantization)
    let before = gradient(of: &map)
    let dx = map.backward(dy, residuals)

    let rounded = Tensor<Double>(x.shape) {
      Double.passThroughBytes(x.span, quantization, into: &$0)
    }
    var frozen = map
    frozen.freeze()
    // The weight as it was multiplied, whatever the input.
    let weight = frozen.exactTwin.weight.value
    var exact = ExactMap(weight: weight)
    #expect(Deviation(y, from: matmul(rounded, weight).elements).size < 1e-12)
    let expected = exact.backward(dy, try exact.trainingForward(rounded).1)
    let added = try #require(gradient(of: &map))
    let sum = zip(added.elements, before?.elements ?? .init(repeating: 0, count: 66)).map {
      $0 - $1
    }
    #expect(Deviation(try #require(exact.weight.gradient), from: sum).size < 1e-12)
    for i in 0..<8 {
      for j in 0..<11 {
        let isInside = (i, j) != (1, 2) && (i, j) != (3, 4)
        let inRange =
          x[i, j] >= Double(quantization.lower) && x[i, j] <= Double(quantization.upper)
        #expect(inRange || !isInside || x[i, j].magnitude > 1)
        #expect(dx[i, j] == (inRange ? expected[i, j] : 0))
      }
    }
    #expect(dx[1, 2] == 0 && dx[3, 4] == 0)
  }

  private func gradient<Scalar>(of map: inout Int8Map<Scalar>) -> Tensor<Scalar>? {
    var finder = GradientFinder<Scalar>()
    map.visit(&finder)
    return finder.gradient
  }

  /// The frozen form multiplies what training multiplied; only sums are rounded otherwise.
  @Test func freezingChangesSumsOnly() throws {
    var map = Self.map(37, 9, of: Float.self)
    let x = Self.numbers([23, 37], seed: 2, of: Float.self)
    try Self.stepped(&map, x)
    let bias = Self.numbers([9], seed: 8, of: Float.self)
    let before = try map.forward(x, bias: bias)
    map.freeze()
    let after = try map.forward(x, bias: bias)
    let wide = before.elements.map { Double($0) }
    #expect(Deviation(after, from: wide).size < 1e-5)
    #expect(throws: TensorError.self) { try map.trainingForward(x) }
  }

  /// The integers are the same whatever the scalar, and so is a convolution of an image and of patches.
  @Test func everyScalarAndFormComputesTheSame() throws {
    func image<Scalar: TensorScalar>(_: Scalar.Type) throws -> (whole: [Double], patches: [Double])
    {
      var map = Int8Map<Scalar>(
        Int8Configuration(calibration: .squaredError), Self.patchRole,
        weight: Self.numbers([27, 4], seed: 1, of: Scalar.self))
      let x = Self.numbers([2, 5, 6, 3], seed: 3, of: Scalar.self)
      _ = try map.imageTrainingForward(x, Self.geometry)
      map.freeze()
      let whole = try map.imageForward(x, Self.geometry)
      let rows = try map.forward(x.patches(Self.geometry))
      return (whole.elements.map(\.double), rows.elements.map(\.double))
    }
    let (float, double) = (try image(Float.self), try image(Double.self))
    #expect(float.whole == float.patches)
    #expect(double.whole == double.patches)
    let size = double.whole.map(\.magnitude).max() ?? 0
    for (a, b) in zip(float.whole, double.whole) { #expect((a - b).magnitude < 1e-5 * size) }
  }

  @Test func dilatedFiltersTakePatches() throws {
    var geometry = Self.geometry
    geometry.dilation = 2
    geometry.padding = 2
    var map = Int8Map<Float>(
      .init(), Self.patchRole, weight: Self.numbers([27, 4], seed: 1, of: Float.self))
    let x = Self.numbers([2, 5, 6, 3], seed: 3, of: Float.self)
    _ = try map.imageTrainingForward(x, geometry)
    map.freeze()
    let expected = try map.forward(x.patches(geometry)).elements
    #expect(try map.imageForward(x, geometry).elements == expected)
  }

  /// Passes that no gradient follows are a conversion's: exact, and watched.
  @Test(arguments: RangeMethod.allCases)
  func rangesAreLearnedBeforeTheFirstGradient(_ method: RangeMethod) throws {
    var map = Self.map(13, 3, Int8Configuration(calibration: method), of: Float.self)
    var x = Self.numbers([5000, 13], seed: 7, of: Float.self)
    let exact = try map.exactTwin.forward(x)
    #expect(try map.trainingForward(x).0 == exact)
    x[17, 3] = 40
    _ = try map.trainingForward(x)
    map.freeze()
    let found = try #require(map.int8Product).input
    let whole = AffineQuantization(
      covering: x.elements.reduce(0) { min($0, Double($1)) }, 40)
    func squaredError(_ quantization: AffineQuantization) -> Double {
      x.elements.reduce(0) {
        let error = Double($1 - quantization.value(of: quantization.code(of: $1)))
        return $0 + error * error
      }
    }
    switch method {
    case .minimumMaximum: #expect(found == whole)
    // One number of 130,000 is left out.
    case .percentile: #expect((2...8).contains(found.upper))
    // As good as everything, but for the bins, which move numbers by up to half their width of 2 ·
    // 40 / 4096 in either error.
    case .squaredError:
      let count = Double(x.count)
      let (mine, all) = (
        (squaredError(found) / count).squareRoot(), (squaredError(whole) / count).squareRoot()
      )
      #expect(mine <= all + 2 * 40 / 4096)
    case .entropy: #expect(found.upper > 2 && found.upper <= whole.upper)
    }
  }

  /// Of a large batch only some numbers are counted; they must be some of each channel.
  @Test(arguments: 0..<20)
  func aLargeBatchIsSampledInAllChannels(_ loud: Int) throws {
    var map = Self.map(
      20, 3, Int8Configuration(calibration: .percentile, percentile: 99), of: Float.self)
    let x = Tensor<Float>([1 << 14, 20]) { y in
      for i in y.indices { y[i] = i % 20 == loud ? 20 : 1 }
    }
    _ = try map.trainingForward(x)
    map.freeze()
    #expect(try #require(map.int8Product).input.upper > 19)
  }

  @Test func rangesMoveWithTraining() throws {
    var map = Self.map(4, 2, Int8Configuration(momentum: 0.5), of: Double.self)
    let ones = Tensor<Double>([1, 4], [1, 1, 1, -1])
    try Self.stepped(&map, ones)
    try Self.stepped(&map, Tensor([1, 4], [3, 1, 1, -1]))
    let (_, residuals) = try map.trainingForward(Tensor([1, 4], [3, 1, 1, -1]))
    // 1 from the histogram, then half way to 3, twice.
    let quantization = try #require(residuals.quantization)
    #expect((quantization.upper - 2.5).magnitude < 0.02)
    #expect((quantization.lower + 1).magnitude < 0.02)
  }

  @Test(arguments: [(1, 1), (23, 6), (36, 3)])
  func declaredCostIsWhatCountingNumbersSee(_ inputs: Int, _ outputs: Int) throws {
    var map = Self.map(inputs, outputs, of: CountingScalar.self)
    map.freeze()
    let row = Self.numbers([1, inputs], seed: 3, of: CountingScalar.self)
    let counts = try OperationTally.counting { _ = try map.forward(row) }
    #expect(counts.multiplications == map.cost.multiplications)
    #expect(counts.additions == map.cost.additions)
    #expect(counts.comparisons == map.cost.comparisons)
    #expect(counts.lookups == 0)
  }

  @Test func anImagesCostCountsItsPixelsOnce() throws {
    var map = Int8Map<CountingScalar>(
      .init(), Self.patchRole, weight: Self.numbers([27, 4], seed: 1, of: CountingScalar.self))
    map.freeze()
    let x = Self.numbers([2, 5, 6, 3], seed: 3, of: CountingScalar.self)
    let counts = try OperationTally.counting { _ = try map.imageForward(x, Self.geometry) }
    let cost = map.imageCost(Self.geometry)
    #expect(counts.multiplications == cost.multiplications)
    #expect(counts.additions == cost.additions)
    #expect(counts.comparisons == cost.comparisons)
  }

  @Test func badParametersAreRefused() {
    for text in ["int8:calibration=best", "int8:momentum=2", "int8:percentile=10"] {
      #expect(throws: CatalogueError.self) {
        try Maps.configuration(Specification(parsing: text))
      }
    }
  }

  @Test func zerosAndWhatIsNoNumberFreeze() throws {
    var map = Int8Map<Float>(
      .init(), MapRole(inputSize: 3, outputSize: 2),
      weight: Tensor([3, 2], [0, .nan, 0, 1, 0, .infinity]))
    _ = try map.trainingForward(Tensor([1, 3]))
    map.freeze()
    #expect(try map.forward(Tensor([2, 3], repeating: 1)).elements[0] == 0)
  }
}
