internal import AddendKernels
internal import AddendTensors

/// An int8 map as it is stored and run.
struct FrozenInt8<Scalar: TensorScalar>: Sendable {
  private(set) var product: Int8Product
  /// `[filterHeight, filterWidth, channels]` where rows are patches.
  private let patch: Shape?

  init(_ weight: Tensor<Scalar>, input: AffineQuantization, patch: Shape?) {
    let columns = ColumnScales(weight)
    self.patch = patch
    product = Self.product(columns.weights, columns.scales, input, patch)
  }

  private static func product(
    _ weights: [Int8], _ scales: [Float], _ input: AffineQuantization, _ patch: Shape?
  ) -> Int8Product {
    Int8Product(
      weights.span, scales: scales, input: input, geometry: patch.map { filter(of: $0, batch: 1) })
  }

  /// Images that are as large as the filter.
  private static func filter(of patch: Shape, batch: Int) -> ConvolutionGeometry {
    ConvolutionGeometry(
      batch: batch, height: patch[0], width: patch[1], channels: patch[2], filterHeight: patch[0],
      filterWidth: patch[1])
  }

  func geometry(ofPatches count: Int, _ patch: Shape) -> ConvolutionGeometry {
    Self.filter(of: patch, batch: count)
  }

  func convolve(
    _ x: Tensor<Scalar>, _ geometry: ConvolutionGeometry, bias: Tensor<Scalar>?
  ) -> Tensor<Scalar> {
    let source = x.span
    return Tensor(geometry.outputShape(channels: product.outputs)) { y in
      guard let bias else {
        return Scalar.int8Convolve(source, product, geometry, bias: nil, into: &y)
      }
      Scalar.int8Convolve(source, product, geometry, bias: bias.span, into: &y)
    }
  }

  /// `t w`.
  var effectiveWeight: Tensor<Scalar> {
    let (weights, scales) = (product.weights, product.scales)
    return Tensor([product.inputs, product.outputs]) { span in
      for i in span.indices {
        span[i] = Scalar(Double(Float(weights[i]) * scales[i % scales.count]))
      }
    }
  }

  mutating func visit(_ visitor: inout some StateVisitor<Scalar>) {
    var weights = IntegerState(
      .int8, [product.inputs, product.outputs], product.weights.map(Int.init))
    visitor.visit(&weights, named: "weights")
    var scales = Tensor<Scalar>([product.outputs], product.scales.map { Scalar(Double($0)) })
    visitor.visit(&scales, named: "scales")
    var step = Tensor<Scalar>([1], [Scalar(Double(product.input.scale))])
    visitor.visit(&step, named: "inputScale")
    var zero = IntegerState(.uint8, [1], [Int(product.input.zeroPoint)])
    visitor.visit(&zero, named: "zeroPoint")
    visitor.afterReplacing { () throws(TensorError) in
      let numbers = Tensor<Float>(scales).elements
      let input = Float(step.span[0].double)
      for scale in numbers + [input] where !AffineQuantization.scales.contains(scale) {
        throw .invalidValue(
          operation: "int8 map", argument: "a scale", expected: "positive and finite",
          found: "\(scale)")
      }
      guard zero.values.count == 1, weights.values.count == product.inputs * product.outputs else {
        throw .invalidValue(
          operation: "int8 map", argument: "the state", expected: "weights and one zero point",
          found: "others")
      }
      product = Self.product(
        weights.values.map { Int8($0) }, numbers,
        AffineQuantization(scale: input, zeroPoint: UInt8(zero.values[0])), patch)
    }
  }
}
