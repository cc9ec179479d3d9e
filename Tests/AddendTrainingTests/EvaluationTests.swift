import AddendData
import AddendNetworks
import AddendTensors
import AddendTraining
import Testing

/// Two examples whose outputs are their inputs.
private func subject() throws -> (Model<Float>, TensorDataset) {
  let model = try Model<Float>(Network("identity", input: [2]) { Flatten() }, seed: 1)
  let data = try TensorDataset(
    name: "two", path: "two", inputs: Tensor([2, 2], [-5, 0.5, 1, 2]), targets: .classes([0, 1]),
    classNames: ["a", "b"])
  return (model, data)
}

@Test func evaluationMeasuresTheLossWithoutItsMargin() throws {
  let (model, data) = try subject()
  for (margined, plain) in [
    (SoftMarginSoftmax(margin: 2) as any Loss, SoftmaxCrossEntropy() as any Loss),
    (TaylorSoftmax(order: 4, margin: 2), TaylorSoftmax(order: 4)),
  ] {
    #expect(
      try model.evaluation(on: data, loss: margined) == model.evaluation(on: data, loss: plain))
  }
}

/// Order 2 takes −5 for more probable than 0.5.
@Test func evaluationCountsWhatTheLossTakesForMoreProbable() throws {
  let (model, data) = try subject()
  #expect(try model.evaluation(on: data, loss: TaylorSoftmax(order: 2)).accuracy == 1)
  #expect(try model.evaluation(on: data, loss: SoftmaxCrossEntropy()).accuracy == 0.5)
}
