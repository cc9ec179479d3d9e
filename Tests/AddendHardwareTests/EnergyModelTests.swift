import AddendHardware
import AddendLinear
import Testing

/// Each kind of operation is charged its published price, and only it.
@Test func energyAddsThePublishedPrices() {
  let model = EnergyModel.horowitz
  #expect(model.picojoules(OperationCount(multiplications: 10)) == 37)
  #expect(model.picojoules(OperationCount(additions: 10)) == 9)
  #expect(model.picojoules(OperationCount(comparisons: 10)) == 9)
  #expect(model.picojoules(OperationCount(lookups: 3)) == 60)
  #expect(model.picojoules(OperationCount(bytesRead: 8, bytesWritten: 8)) == 40)
  #expect(model.picojoules(.zero) == 0)
}
