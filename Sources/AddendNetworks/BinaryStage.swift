public import AddendKernels
public import AddendLinear
public import AddendTensors

/// A layer as a program on bits takes it.
public enum BinaryStage: Sendable {
  /// Every number passes as it is.
  case identity
  /// `y = 1` where `x ≥ 0`, else −1.
  case sign
  /// Products with weights of ±1, each example one row, and `bias: [outputs]` added.
  case dense(BinaryWeight, bias: [Float]?)
  /// The same on the patches of an image, zeros around it; the geometry is that of a batch of one.
  case convolution(BinaryWeight, ConvolutionGeometry, bias: [Float]?)
  /// The largest pixel of each square window; the border holds nothing.
  case maxPool(size: Int, stride: Int, padding: Int)
  case normalization(ChannelNormalization)
}

/// `y = scale · (x − mean) · inverseDeviation + shift`, channels (the last axis) apart, as
/// `TensorScalar.normalize` computes it. All are `[channels]`.
public struct ChannelNormalization: Sendable {
  public var mean: Tensor<Float>
  public var inverseDeviation: Tensor<Float>
  public var scale: Tensor<Float>
  public var shift: Tensor<Float>

  public init(
    mean: Tensor<Float>, inverseDeviation: Tensor<Float>, scale: Tensor<Float>,
    shift: Tensor<Float>
  ) {
    precondition(
      inverseDeviation.shape == mean.shape && scale.shape == mean.shape
        && shift.shape == mean.shape && mean.shape.rank == 1, "a normalisation's extents")
    self.mean = mean
    self.inverseDeviation = inverseDeviation
    self.scale = scale
    self.shift = shift
  }
}
