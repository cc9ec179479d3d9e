internal import AddendLinear
internal import AddendNetworks
internal import AddendTensors

extension Graph {
  /// `s (x W + b) + t = x (s W) + (s b + t)`, new numbers computed in double precision and rounded once.
  mutating func foldScaling() {
    for i in nodes.indices {
      guard case .affine(let affine) = nodes[i].operation,
        case (let source, var linear)? = ownProduct(of: i, uses: useCounts), !linear.addsInput,
        linear.int8 == nil, affine.scale.count == linear.outputs
      else { continue }
      linear.scale(by: affine)
      nodes[source].operation = .linear(linear)
      redirect(i, to: source)
    }
    removeUnused()
  }
}

extension LinearOperation {
  fileprivate mutating func scale(by affine: ChannelAffine) {
    var first = 0
    for group in weights.indices {
      let width = weights[group].shape[1]
      var span = weights[group].mutableSpan
      for i in span.indices {
        span[i] = Scalar(span[i].double * affine.scale[first + i % width])
      }
      first += width
    }
    let old = bias
    bias = Tensor([outputs]) { span in
      for i in span.indices {
        let start = old.map { $0.span[i].double } ?? 0
        span[i] = Scalar(start * affine.scale[i] + affine.shift[i])
      }
    }
  }
}
