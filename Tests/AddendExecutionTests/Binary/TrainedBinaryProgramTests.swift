import AddendCatalogue
import AddendExecution
import AddendLinear
import AddendNetworks
import AddendTensors
import AddendTestSupport
import Testing

/// Binary networks of the zoo after some steps of training, as programs on bits: to the bit what the
/// frozen model computes.
@Test(arguments: [
  ("binary-mlp:hidden=70,layers=2", [9, 7, 1]), ("binary-mlp:hidden=64,layers=1", [8, 8, 1]),
  ("binary-vgg:width=5", [8, 8, 3]),
])
func trainedNetworksRunAsPrograms(_ name: String, _ extents: [Int]) throws {
  let input = Shape(extents)
  let network = try Zoo.network(Specification(parsing: name), input: input, classes: 4)
  var model = try Model<Float>(network, seed: 1)
  var random = RandomSource(seed: 7)
  let pixels = (0..<12 * input.count).map { _ in UInt8.random(in: 0...255, using: &random) }
  let x = Tensor<Float>(input.batched(12), pixels.map { Float($0) / 255 })
  for _ in 0..<8 {
    var context = PassContext<Float>(random: random)
    let y = try model.trainingForward(x, &context)
    model.backward(
      try SquaredHinge().valueAndGradient(y, .classes((0..<12).map { $0 % 4 })).gradient)
    var descent = ParameterTour<Float> { _, parameter in
      parameter.update { value, gradient in
        var span = value.mutableSpan
        Float.addScaled(-1, gradient.span, to: &span)
      }
      parameter.clearGradient()
    }
    model.visit(&descent)
  }
  let frozen = model.frozen()
  let y = try frozen.forward(x)
  #expect(try model.forward(x) == y)
  #expect(try BinaryProgram(frozen).numbers(pixels) == y.elements)
  // Rows differ: the network has not fallen into one answer.
  #expect(Set(y.elements).count > 8)
}
