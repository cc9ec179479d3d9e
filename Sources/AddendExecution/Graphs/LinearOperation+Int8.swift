internal import AddendKernels
internal import AddendLinear
internal import AddendNetworks
internal import AddendTensors

// Products of bytes. A result that is bytes is run as the numbers that they stand for: turning these into
// bytes again gives the same ones.

extension LinearOperation {
  /// The images that `product` sees in a batch of `rows` rows, or images.
  func geometry(of product: Int8Product, batch: Int, rows: Int) -> ConvolutionGeometry {
    geometry?.batched(batch) ?? Int8Product.rowGeometry(rows, inputs: product.inputs)
  }

  /// What becomes of the sums.
  func finish(
    _ product: Int8Product, adding other: AffineQuantization?, as bytes: AffineQuantization?
  ) -> Int8Product.Finish {
    let residual: Int8Product.Residual = addsInput ? other.map { .bytes($0) } ?? .floats : .none
    guard let bias else {
      return product.finish(residual: residual, rectifies: rectifies, output: bytes)
    }
    let numbers = Tensor<Float>(bias)
    return product.finish(
      bias: numbers.span, residual: residual, rectifies: rectifies, output: bytes)
  }

  /// In float32 and integers, whatever the scalar.
  func run(
    _ product: Int8Product, _ x: Tensor<Scalar>,
    adding other: (numbers: Tensor<Scalar>, bytes: AffineQuantization?)?,
    as bytes: AffineQuantization?, _ result: Shape
  ) -> Tensor<Scalar> {
    let geometry = geometry(
      of: product, batch: x.shape[0], rows: x.count / max(1, product.inputs))
    let finish = finish(product, adding: other?.bytes, as: bytes)
    let codes = Tensor<Float>(x).codes(product.input)
    let residual = other.map { Tensor<Float>($0.numbers) }
    let residualCodes = residual.flatMap { numbers in other?.bytes.map { numbers.codes($0) } }
    let memory = AlignedBuffer<UInt8>(uninitializedCount: product.scratchCount(geometry))
    var scratch = memory.uniqueSpan
    let added = residualCodes == nil ? residual : nil
    let y = Tensor<Float>(result) { y in
      guard let bytes else {
        return product.floats(
          codes.span, geometry, finish, addingBytes: residualCodes?.span, addingFloats: added?.span,
          scratch: &scratch, into: &y)
      }
      let results = AlignedBuffer<UInt8>(uninitializedCount: y.count)
      var span = results.uniqueSpan
      product.bytes(
        codes.span, geometry, finish, addingBytes: residualCodes?.span, addingFloats: added?.span,
        scratch: &scratch, into: &span)
      bytes.dequantize(results.span, into: &y)
    }
    return Tensor<Scalar>(y)
  }
}

extension Tensor {
  /// The values of the bytes of the elements.
  func passed(through quantization: AffineQuantization) -> Tensor {
    let source = span
    return Tensor(shape) { Scalar.passThroughBytes(source, quantization, into: &$0) }
  }
}

extension Tensor<Float> {
  fileprivate func codes(_ quantization: AffineQuantization) -> AlignedBuffer<UInt8> {
    let codes = AlignedBuffer<UInt8>(uninitializedCount: count)
    var span = codes.uniqueSpan
    quantization.quantize(self.span, into: &span)
    return codes
  }
}
