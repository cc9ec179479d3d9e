import AddendLinear
import AddendTensors
import Testing

/// Bits are 1 for negative weights; zeros of both signs are positive.
@Test func binaryWeightsAreSigns() {
  var random = RandomSource(seed: 12)
  let (inputs, outputs) = (130, 3)
  let numbers = (0..<inputs * outputs).map { i -> Float in
    i % 5 == 0 ? 0 : i % 7 == 0 ? -0.0 : Float(random.normal())
  }
  let weight = BinaryWeight(
    signsOf: Tensor<Float>([inputs, outputs], numbers), inputKind: .signs)
  #expect(weight.wordsPerOutput == 3)
  #expect(weight.scales == [1, 1, 1])
  for i in 0..<inputs {
    for o in 0..<outputs {
      #expect(weight.isNegative(i, to: o) == (numbers[i * outputs + o] < 0))
    }
  }
  let again = BinaryWeight(
    words: weight.words, inputSize: inputs, outputSize: outputs, inputKind: .signs)
  #expect(again == weight)
}
