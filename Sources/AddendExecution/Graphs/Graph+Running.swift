internal import AddendKernels
internal import AddendLinear
public import AddendNetworks
public import AddendTensors

extension Graph {
  /// The graph's result for a batch, one operation after another: what passes must keep and what
  /// executables are compared with.
  /// - Throws: `TensorError` as the layers do that stayed whole.
  public func run(_ x: Tensor<Scalar>) throws(TensorError) -> Tensor<Scalar> {
    precondition(x.shape.element == nodes[0].shape, "a batch of the graph's inputs")
    var results: [Tensor<Scalar>] = []
    for node in nodes {
      results.append(
        try node.run(
          node.inputs.isEmpty ? [x] : node.inputs.map { results[$0] },
          bytes: node.inputs.map { nodes[$0].bytes }))
    }
    return results[output]
  }
}

extension Graph.Node {
  /// - Parameter quantizations: what the inputs are as bytes.
  fileprivate func run(
    _ inputs: [Tensor<Scalar>], bytes quantizations: [AffineQuantization?]
  ) throws(TensorError) -> Tensor<Scalar> {
    let x = inputs[0]
    let batch = x.shape[0]
    let result = shape.batched(batch)
    switch operation {
    case .input: return x
    case .linear(let linear):
      if let product = linear.int8 {
        let other = linear.addsInput ? (inputs[1], quantizations[1]) : nil
        return linear.run(product, x, adding: other, as: bytes, result)
      }
      return linear.run(x, adding: linear.addsInput ? inputs[1] : nil, result)
    case .affine(let affine):
      return Tensor(result) { Scalar.apply(affine, to: x.span, into: &$0) }
    case .activation(let function):
      return Tensor(result) { Scalar.activate(function, x.span, into: &$0) }
    case .sum(let rectifies):
      var y = x
      for other in inputs.dropFirst() { y.add(other) }
      return rectifies ? y.activated(.relu) : y
    case .concatenation:
      var y = Tensor<Scalar>(result) { _ in }
      var first = 0
      for part in inputs {
        y.replaceColumns(from: first, with: part)
        first += part.shape.last ?? 1
      }
      return y
    case .reshape: return x.reshaped(result)
    case .maxPool(let geometry):
      let geometry = geometry.batched(batch)
      var choices = [Int32](repeating: -1, count: result.count)
      return Tensor(result) {
        var span = choices.mutableSpan
        Scalar.maxPool(x.span, geometry, into: &$0, choices: &span)
      }
    case .averagePool(let geometry):
      return Tensor(result) { Scalar.averagePool(x.span, geometry.batched(batch), into: &$0) }
    case .subsample(let subsampling):
      return Tensor(result) { Scalar.subsample(x.span, subsampling.batched(batch), into: &$0) }
    case .embedding(let embedding): return try embedding.run(x, result)
    case .recurrent(let recurrent): return recurrent.run(x)
    case .rowNormalization(let normalization): return normalization.run(x)
    case .blend:
      let (h, t) = (inputs[1], inputs[2])
      return Tensor(result) { Scalar.blend(x.span, h.span, share: t.span, into: &$0) }
    case .quantize: return bytes.map { x.passed(through: $0) } ?? x
    case .dequantize: return x
    case .layer(let layer):
      var context = PassContext<Scalar>()
      return try layer.forward(x, &context)
    }
  }
}

extension LinearOperation {
  fileprivate func run(
    _ x: Tensor<Scalar>, adding other: Tensor<Scalar>?, _ result: Shape
  ) -> Tensor<Scalar> {
    var y = Tensor<Scalar>(result) { _ in }
    var first = 0
    for (group, weight) in weights.enumerated() {
      let (inputs, outputs) = (weight.shape[0], weight.shape[1])
      let part: Tensor<Scalar>
      if let geometry = geometry?.batched(x.shape[0]) {
        let channels = geometry.channels
        let image = weights.count == 1 ? x : x.columns(group * channels..<(group + 1) * channels)
        part = Tensor([geometry.patchCount, outputs]) {
          Scalar.convolve(image.span, weight.span, geometry, into: &$0)
        }
      } else {
        part = matmul(x.reshaped([x.count / max(1, inputs), inputs]), weight)
      }
      y.replaceColumns(from: first, with: part)
      first += outputs
    }
    if let bias {
      var span = y.mutableSpan
      Scalar.addRow(bias.span, toEachRowOf: &span)
    }
    if let other { y.add(other) }
    return rectifies ? y.activated(.relu) : y
  }
}

extension Tensor {
  fileprivate mutating func add(_ other: Tensor) {
    var span = mutableSpan
    Scalar.add(other.span, to: &span)
  }

  fileprivate func activated(_ function: ActivationFunction) -> Tensor {
    let source = span
    return Tensor(shape) { Scalar.activate(function, source, into: &$0) }
  }
}

extension ConvolutionGeometry {
  /// The same for a batch of `count`.
  func batched(_ count: Int) -> ConvolutionGeometry {
    var geometry = self
    geometry.batch = count
    return geometry
  }
}

extension Subsampling {
  /// The same for a batch of `count`.
  func batched(_ count: Int) -> Subsampling {
    var subsampling = self
    subsampling.batch = count
    return subsampling
  }
}

extension TensorScalar {
  /// `y = scale · x + shift`, each rounded from the affine's double precision once.
  static func apply(_ affine: ChannelAffine, to x: Span<Self>, into y: inout MutableSpan<Self>) {
    let width = affine.scale.count
    let (scale, shift) = (affine.scale.map { Self($0) }, affine.shift.map { Self($0) })
    for i in x.indices { y[i] = x[i] * scale[i % width] + shift[i % width] }
  }
}
