import AddendCatalogue
import AddendLinear
import AddendNetworks
import AddendTensors
import AddendTestSupport
import Testing

extension LayerCase {
  /// Layers whose arithmetic is counted exactly: those without transcendental functions.
  static let countable: [LayerCase] =
    products + images + [
      LayerCase(ReLU(), [7]), LayerCase(BatchNorm(), [3, 2, 5]),
      LayerCase(LayerNorm(), [7]), LayerCase(LayerNorm(), [3, 5]), LayerCase(Dropout(0.5), [11]),
      LayerCase(
        Residual(shortcut: .padded) { Convolution(4, size: 3, stride: 2, padding: 1) }, [5, 5, 2]),
      LayerCase(
        Residual(shortcut: .projected) { Convolution(4, size: 3, stride: 2, padding: 1) },
        [5, 5, 2]),
      LayerCase(Residual { Dense(5) }, [5]),
      LayerCase(
        Branch(.sum) {
          Dense(3)
          Dense(3)
          Dense(3, bias: false)
        }, [5]),
      LayerCase(
        Branch(.concatenation) {
          Dense(3)
          ReLU()
        }, [5]),
    ]
}

/// What inference of one example does is what the layer declares.
@Test(arguments: LayerCase.countable)
func declaredCostIsWhatInferenceDoes(_ layer: LayerCase) throws {
  let model = try layer.model(of: CountingScalar.self)
  var one = layer
  one.batch = 1
  let x = one.batchInput(of: CountingScalar.self)
  let counts = try OperationTally.counting { _ = try model.forward(x) }
  let declared = model.cost
  #expect(counts.multiplications == declared.multiplications)
  #expect(counts.additions == declared.additions)
  #expect(counts.comparisons == declared.comparisons)
  #expect(counts.lookups == declared.lookups)
}

@Test func embeddingCostsALookUpForEachNumber() throws {
  let model = try Model<CountingScalar>(
    Network("case", input: [4]) { Embedding(3, vocabulary: 5) }, seed: 2)
  let symbols = Tensor<CountingScalar>([1, 4], [3, 0, 4, 3].map { CountingScalar($0) })
  let counts = try OperationTally.counting { _ = try model.forward(symbols) }
  #expect(counts.lookups == 12 && model.cost.lookups == 12)
  #expect(counts.multiplications == 0 && counts.additions == 0)
}

/// The operations that a transcendental function is declared as, and those that its definition shows
/// the counting format: a sigmoid adds and divides once around an exponential.
private let (declaredEach, sigmoidSum, sigmoidDivision) = (20, 1, 1)

/// Recurrent layers' costs are exact but for the convention on transcendental functions.
@Test(arguments: [
  (RNN(3) as any LayerConfiguration, sigmoids: 0, tanhs: 1), (LSTM(3), sigmoids: 3, tanhs: 2),
  (GRU(3), sigmoids: 2, tanhs: 1),
])
func recurrentCostIsExactButForConventions(
  layer: any LayerConfiguration, sigmoids: Int, tanhs: Int
) throws {
  let (time, size) = (5, 3)
  let layerCase = LayerCase(layer, [time, 2], batch: 1)
  let model = try layerCase.model(of: CountingScalar.self)
  let x = layerCase.batchInput(of: CountingScalar.self)
  let counts = try OperationTally.counting { _ = try model.forward(x) }
  let units = time * size
  let convention = units * (sigmoids + tanhs) * declaredEach
  let declared = model.cost
  #expect(
    declared.multiplications - convention
      == counts.multiplications - units * sigmoids * sigmoidDivision)
  #expect(declared.additions - convention == counts.additions - units * sigmoids * sigmoidSum)
}
