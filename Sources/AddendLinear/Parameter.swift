public import AddendTensors

/// A learnable tensor with the gradient of the loss towards it.
public struct Parameter<Scalar: TensorScalar>: Sendable {
  /// What a parameter is to its layer; weight decay touches weights only.
  public enum Role: Hashable, Sendable {
    case weight, bias, scale
    /// What is multiplied is made of it: the real numbers behind signs and codes.
    case latent
  }

  public var value: Tensor<Scalar>
  public let role: Role
  /// Where every update leaves the numbers; `nil` for anywhere.
  public let bounds: ClosedRange<Double>?
  /// What the learning rate is multiplied by for this parameter.
  public let rateFactor: Double
  /// `nil` until a backward pass has added to it, and again after `clearGradient`.
  public private(set) var gradient: Tensor<Scalar>?
  // Kept between steps, so that each has its memory at hand.
  private var spare: Tensor<Scalar>?

  public init(
    _ value: Tensor<Scalar>, role: Role = .weight, bounds: ClosedRange<Double>? = nil,
    rateFactor: Double = 1
  ) {
    self.value = value
    self.role = role
    self.bounds = bounds
    self.rateFactor = rateFactor
  }

  /// Adds to the gradient: `body` is told whether it must add to what the tensor holds or may
  /// overwrite it, which saves a pass over memory for the first contribution of a step.
  public mutating func addGradient(_ body: (inout Tensor<Scalar>, _ accumulates: Bool) -> Void) {
    if var sum = gradient.take() {
      body(&sum, true)
      gradient = sum
    } else {
      var sum = spare.take() ?? Tensor(value.shape) { _ in }
      body(&sum, false)
      gradient = sum
    }
  }

  /// Adds `contribution`, of the value's shape, to the gradient.
  public mutating func addGradient(_ contribution: Tensor<Scalar>) {
    precondition(contribution.count == value.count, "a gradient is shaped as its parameter")
    guard var sum = gradient.take() else {
      gradient = contribution.reshaped(value.shape)
      return
    }
    var span = sum.mutableSpan
    Scalar.add(contribution.span, to: &span)
    gradient = sum
  }

  /// Replaces the gradient: after reduction over ranks, clipping or masking.
  public mutating func setGradient(_ gradient: Tensor<Scalar>) {
    precondition(gradient.shape == value.shape, "a gradient is shaped as its parameter")
    self.gradient = gradient
  }

  /// Changes the gradient in place, if there is one.
  public mutating func changeGradient<E>(
    _ body: (inout Tensor<Scalar>) throws(E) -> Void
  ) throws(E) {
    guard var changed = gradient.take() else { return }
    try body(&changed)
    gradient = changed
  }

  /// Changes the value against the gradient: what an optimizer does. Afterwards it is cut to `bounds`.
  public mutating func update(
    _ body: (inout Tensor<Scalar>, _ gradient: borrowing Tensor<Scalar>) -> Void
  ) {
    guard let gradient else { return }
    body(&value, gradient)
    guard let bounds else { return }
    var span = value.mutableSpan
    Scalar.clamp(&span, to: bounds)
  }

  public mutating func clearGradient() {
    if let old = gradient.take() { spare = old }
  }
}
