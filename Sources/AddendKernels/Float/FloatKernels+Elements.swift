internal import CAddendKernels

// Safe throughout: extents are checked before addresses are taken, parts lie inside them, and C
// keeps no pointer.

extension FloatKernels {
  /// `y = value`.
  public func fill(_ y: inout MutableSpan<Float>, with value: Float) {
    let count = y.count
    guard let y = unsafe y.address else { return }
    ThreadPool.forEachPart(of: count, size: Self.partSize) { first, count in
      unsafe table.pointee.fill(count, value, y + first)
    }
  }

  /// `y += α x`.
  public func addScaled(_ alpha: Float, _ x: Span<Float>, to y: inout MutableSpan<Float>) {
    precondition(x.count == y.count, "addScaled: extents")
    let count = x.count
    guard let x = unsafe x.address, let y = unsafe y.address else { return }
    ThreadPool.forEachPart(of: count, size: Self.partSize) { first, count in
      unsafe table.pointee.add_scaled(count, alpha, x + first, y + first)
    }
  }

  /// `y ·= α`.
  public func scale(_ y: inout MutableSpan<Float>, by alpha: Float) {
    let count = y.count
    guard let y = unsafe y.address else { return }
    ThreadPool.forEachPart(of: count, size: Self.partSize) { first, count in
      unsafe table.pointee.scale(count, alpha, y + first)
    }
  }

  /// `y ⊙= x`.
  public func multiply(_ y: inout MutableSpan<Float>, by x: Span<Float>) {
    precondition(x.count == y.count, "multiply: extents")
    let count = x.count
    guard let x = unsafe x.address, let y = unsafe y.address else { return }
    ThreadPool.forEachPart(of: count, size: Self.partSize) { first, count in
      unsafe table.pointee.multiply(count, x + first, y + first)
    }
  }

  /// `Σ x²`.
  public func sumOfSquares(_ x: Span<Float>) -> Double {
    let count = x.count
    guard let x = unsafe x.address else { return 0 }
    return sum(ofPartsOf: count, size: Self.partSize) { first, count in
      unsafe table.pointee.sum_of_squares(count, x + first)
    }
  }

  /// `Σ term(part)` over the parts of `count` in order, whichever thread computes them.
  func sum(
    ofPartsOf count: Int, size: Int, _ term: (_ first: Int, _ count: Int) -> Double
  ) -> Double {
    let terms = AlignedBuffer<Double>(uninitializedCount: (count + size - 1) / size)
    var span = terms.uniqueSpan
    guard let results = unsafe span.address else { return 0 }
    ThreadPool.forEachPart(of: count, size: size) { first, count in
      unsafe results[first / size] = term(first, count)
    }
    var sum = 0.0
    for i in terms.span.indices { sum += terms.span[i] }
    return sum
  }

  /// `y = f(x)`.
  public func activate(
    _ function: ActivationFunction, _ x: Span<Float>, into y: inout MutableSpan<Float>
  ) {
    if case .kTanH(let approximated) = function {
      KTanHKernels(instructionSet).activate(approximated, x, into: &y)
      return
    }
    precondition(x.count == y.count, "activate: extents")
    let (code, parameter) = function.code
    let count = x.count
    guard let x = unsafe x.address, let y = unsafe y.address else { return }
    ThreadPool.forEachPart(of: count, size: Self.partSize) { first, count in
      unsafe table.pointee.activate(code, parameter, count, x + first, y + first)
    }
  }

  /// `dx = dy · f′(x)`, where `y = f(x)`.
  public func activationGradient(
    _ function: ActivationFunction, x: Span<Float>, y: Span<Float>, dy: Span<Float>,
    into dx: inout MutableSpan<Float>
  ) {
    if case .kTanH(let approximated) = function {
      KTanHKernels(instructionSet).activationGradient(approximated, x: x, y: y, dy: dy, into: &dx)
      return
    }
    precondition(
      x.count == y.count && x.count == dy.count && x.count == dx.count, "activation: extents")
    let (code, parameter) = function.code
    let count = x.count
    guard let x = unsafe x.address, let y = unsafe y.address, let dy = unsafe dy.address,
      let dx = unsafe dx.address
    else { return }
    ThreadPool.forEachPart(of: count, size: Self.partSize) { first, count in
      unsafe table.pointee.activation_gradient(
        code, parameter, count, x + first, y + first, dy + first, dx + first)
    }
  }

  /// `y = x` rounded to 8 significant bits, ties to even; NaN becomes quiet.
  public func roundToBFloat16(_ x: Span<Float>, into y: inout MutableSpan<Float>) {
    precondition(x.count == y.count, "roundToBFloat16: extents")
    let count = x.count
    guard let x = unsafe x.address, let y = unsafe y.address else { return }
    ThreadPool.forEachPart(of: count, size: Self.partSize) { first, count in
      unsafe table.pointee.round_to_bf16(count, x + first, y + first)
    }
  }

  /// `y = e^x`, within 2 ulp.
  public func exponential(_ x: Span<Float>, into y: inout MutableSpan<Float>) {
    precondition(x.count == y.count, "exponential: extents")
    let count = x.count
    guard let x = unsafe x.address, let y = unsafe y.address else { return }
    unsafe table.pointee.exponential(count, x, y)
  }

  /// `y = erf x`, within 3 ulp.
  public func errorFunction(_ x: Span<Float>, into y: inout MutableSpan<Float>) {
    precondition(x.count == y.count, "errorFunction: extents")
    let count = x.count
    guard let x = unsafe x.address, let y = unsafe y.address else { return }
    unsafe table.pointee.error_function(count, x, y)
  }
}

extension ActivationFunction {
  /// The function as the kernels know it, with its parameter.
  fileprivate var code: (addend_activation, Float) {
    switch self {
    case .relu: (ADDEND_RELU, 0)
    case .leakyReLU(let slope): (ADDEND_LEAKY_RELU, Float(slope))
    case .sigmoid: (ADDEND_SIGMOID, 0)
    case .tanh: (ADDEND_TANH, 0)
    case .gelu: (ADDEND_GELU, 0)
    case .swish: (ADDEND_SWISH, 0)
    case .hardTanh: (ADDEND_HARD_TANH, 0)
    case .kTanH: preconditionFailure("K-TanH has kernels of its own")
    }
  }
}
