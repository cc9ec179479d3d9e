import AddendNetworks
import AddendTensors
import AddendTestSupport
import Testing

/// Every layer runs in bfloat16, forward and backward, and agrees with Double as far as 8 bits go.
@Test(arguments: LayerCase.differentiable + LayerCase.approximated)
func layerRunsInBFloat16(_ layer: LayerCase) throws {
  var narrow = try layer.model(of: BFloat16.self)
  var wide = try layer.model(of: Double.self)
  // Both have the parameters of the narrow one.
  let state = narrow.layers.state
  var copying = StateTour<Double> { path, tensor in
    if let numbers = state[path] { tensor = Tensor(numbers) }
  }
  wide.visit(&copying)
  let x = layer.batchInput(of: BFloat16.self)
  var narrowContext = layer.context(of: BFloat16.self)
  var wideContext = layer.context(of: Double.self)
  let y = try narrow.layers.trainingForward(x, &narrowContext)
  let expected = try wide.layers.trainingForward(Tensor<Double>(x), &wideContext)
  let forward = Deviation(y, from: expected.elements)
  // Up to a few dozen roundings of 2⁻⁹ each, which normalisation of few rows enlarges.
  #expect(forward.size < 0.1, "y: \(forward)")
  let dx = narrow.layers.backward(y)
  #expect(dx.shape == x.shape)
  #expect(dx.elements.allSatisfy { $0.double.isFinite })
}

/// Float32 has kernels of its own; they agree with the definitions.
@Test(arguments: LayerCase.differentiable)
func layerInFloatAgreesWithDouble(_ layer: LayerCase) throws {
  var narrow = try layer.model(of: Float.self)
  var wide = try layer.model(of: Double.self)
  let state = narrow.layers.state
  var copying = StateTour<Double> { path, tensor in
    if let numbers = state[path] { tensor = Tensor(numbers) }
  }
  wide.visit(&copying)
  let x = layer.batchInput(of: Float.self)
  var narrowContext = layer.context(of: Float.self)
  var wideContext = layer.context(of: Double.self)
  let y = try narrow.layers.trainingForward(x, &narrowContext)
  let wideX = Tensor<Double>(x)
  let forward = Deviation(
    y, from: try wide.layers.trainingForward(wideX, &wideContext).elements)
  // A few dozen roundings of 2⁻²⁴ each, enlarged by normalisation of few rows.
  #expect(forward.size < 2e-5, "y: \(forward)")
  let backward = Deviation(
    narrow.layers.backward(y), from: wide.layers.backward(Tensor<Double>(y)).elements)
  #expect(backward.size < 2e-4, "dx: \(backward)")
}
