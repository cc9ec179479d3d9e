import AddendCatalogue
import AddendReports
import Testing

@Test func resultsHaveStableKeysAndWholeCounts() {
  let result = NetworkResult(
    network: "LeNet-5", map: "int8", precision: "int8",
    figures: [.accuracy: 0.5, .multiplications: 12, .energyPicojoules: 3, .bytesStored: 7],
    curve: [LearningPoint(epoch: 1, trainLoss: 0.25, testAccuracy: nil)])
  #expect(
    result.json.text() == """
      {"network":"LeNet-5","map":"int8","precision":"int8","accuracy":0.5,"multiplications":12,\
      "bytesStored":7,"energyPicojoules":3.0,\
      "curve":[{"epoch":1,"trainLoss":0.25,"testAccuracy":null}]}
      """)
}
