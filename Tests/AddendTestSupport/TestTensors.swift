public import AddendTensors

extension Tensor {
  /// Normal numbers with deviation 1.
  public static func normal(_ shape: Shape, using random: inout RandomSource) -> Tensor {
    Tensor(shape) { for i in $0.indices { $0[i] = Scalar(random.normal()) } }
  }

  /// Numbers on ±2 in random order, each apart from the others and from 0 by at least 0.4 / count:
  /// far from the kinks of rectifiers and maxima.
  public static func spread(_ shape: Shape, using random: inout RandomSource) -> Tensor {
    let count = Double(shape.count)
    let values = (0..<shape.count).map { 4 * (Double($0) + 0.6) / count - 2 }
    let shuffled = values.shuffled(using: &random)
    return Tensor(shape) { for i in $0.indices { $0[i] = Scalar(shuffled[i]) } }
  }
}
