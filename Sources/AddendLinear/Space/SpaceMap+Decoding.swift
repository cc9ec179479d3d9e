internal import AddendKernels
public import AddendTensors

extension SpaceMap {
  /// `x` with the word of each block in its place: what the map multiplies instead of `x`.
  ///
  /// The input itself until codebooks are made.
  public func quantized(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
    guard let product else { return x }
    let codes = product.encode(x)
    return decoded(codes, words: product.form.vectors.words, shaped: x.shape)
  }

  /// `dy` as the backward passes see it: words, each row times its power of two.
  ///
  /// The gradient itself unless the map trains through tables.
  public func quantizedGradient(_ dy: Tensor<Scalar>) -> Tensor<Scalar> {
    guard let adjoint else { return dy }
    let coded = adjoint.encode(dy)
    var result = decoded(coded.codes, words: adjoint.gradients.words, shaped: dy.shape)
    var span = result.mutableSpan
    let size = dy.shape[1]
    for i in span.indices { span[i] = span[i].shifted(by: Int(coded.exponents[i / size])) }
    return result
  }

  /// `Σ ‖z − word of z‖² / Σ ‖z‖²` over the blocks of inputs and of output gradients (in their own
  /// scale) that passed last in training, and over those of the weight; `nil` until frozen.
  public var codingError: (inputs: Double, weight: Double, gradients: Double)? {
    guard phase == .frozen else { return nil }
    let errors = codingErrors.elements.map(\.double)
    return (errors[0], errors[1], errors[2])
  }

  /// The weight that the codes stand for; the float weight until codebooks are made.
  public var quantizedWeight: Tensor<Scalar> {
    product?.decodedWeight ?? latent?.weight.value ?? Tensor([inputSize, outputSize])
  }

  private func decoded(
    _ codes: AlignedBuffer<UInt8>, words: Tensor<Scalar>, shaped shape: Shape
  ) -> Tensor<Scalar> {
    let (size, dimension) = (shape[1], words.shape[1])
    let stride = SpaceScanShape.codeStride((size + dimension - 1) / dimension)
    return Tensor(shape) { span in
      for i in 0..<shape[0] {
        for j in 0..<size {
          let word = Int(codes.span[i * stride + j / dimension])
          span[i * size + j] = words.span[word * dimension + j % dimension]
        }
      }
    }
  }
}
