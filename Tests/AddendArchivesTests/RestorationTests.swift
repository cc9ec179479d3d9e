import AddendArchives
import AddendLinear
import AddendNetworks
import AddendTensors
import Testing

/// A map whose frozen form keeps other state than its training form: a table and packed codes in
/// place of the weight, and a sum derived from both.
private struct CodedMap<Scalar: TensorScalar>: LinearMap {
  private var exact: ExactMap<Scalar>
  private var isFrozen = IntegerState(.uint1, [], [0])
  private var table = Tensor<Scalar>([0])
  private var codes = IntegerState(.uint4, [0], [])
  private(set) var derived = 0.0

  init(_ exact: ExactMap<Scalar>) { self.exact = exact }

  var inputSize: Int { exact.inputSize }
  var outputSize: Int { exact.outputSize }
  var cost: OperationCount { exact.cost }
  var exactTwin: ExactMap<Scalar> { exact }
  func forward(_ x: Tensor<Scalar>) throws(TensorError) -> Tensor<Scalar> {
    Tensor([x.shape[0], outputSize], repeating: Scalar(derived))
  }
  mutating func trainingForward(
    _ x: Tensor<Scalar>
  ) throws(TensorError) -> (Tensor<Scalar>, ExactMap<Scalar>.Residuals) {
    try exact.trainingForward(x)
  }
  mutating func backward(
    _ dy: Tensor<Scalar>, _ residuals: consuming ExactMap<Scalar>.Residuals
  ) -> Tensor<Scalar> { exact.backward(dy, residuals) }

  mutating func freeze() {
    isFrozen.values = [1]
    table = Tensor([3], [Scalar(1), Scalar(2), Scalar(4)])
    codes = IntegerState(.uint4, [5], [0, 1, 2, 2, 1])
    derived = sum
  }

  private var sum: Double { codes.values.reduce(0) { $0 + table.span[$1].double } }

  mutating func visit(_ visitor: inout some StateVisitor<Scalar>) {
    visitor.visit(&isFrozen, named: "frozen")
    if isFrozen.values == [1] {
      visitor.visit(&table, named: "table")
      visitor.visit(&codes, named: "codes")
    } else {
      exact.visit(&visitor)
    }
    visitor.afterReplacing { () throws(TensorError) in
      guard codes.values.allSatisfy({ $0 < table.count }) else {
        throw .invalidValue(
          operation: "coded map", argument: "codes", expected: "codes below \(table.count)",
          found: "\(codes.values)")
      }
      derived = sum
    }
  }
}

private struct Coding: MapVisitor {
  mutating func visit(_ map: inout any MapSlot<Float>, _ role: MapRole, named name: String) {
    map = Slot(CodedMap(map.exactTwin))
  }
}

private func codedModel() throws -> Model<Float> {
  var model = try Model<Float>(Network("coded", input: [3]) { Dense(2, bias: false) }, seed: 1)
  var coding = Coding()
  model.visitMaps(&coding)
  return model
}

private let x = Tensor<Float>([1, 3], repeating: 1)

@Test func aFreshMapTakesTheFrozenFormOfTheFile() throws {
  let frozen = try codedModel().frozen()
  let archive = try Archive(
    archiveBytes { writer throws(ArchiveError) in try writer.write(frozen) })
  #expect(
    archive.sections.map(\.name) == [
      "network", "model/dense1/frozen", "model/dense1/table", "model/dense1/codes",
    ])
  #expect(archive["model/dense1/codes"]?.byteCount == 3)
  var fresh = try codedModel()
  try archive.restore(&fresh)
  #expect(try fresh.forward(x).elements == [13, 13])
}

@Test func theTrainingFormKeepsItsOwnState() throws {
  let trained = try codedModel()
  let archive = try Archive(
    archiveBytes { writer throws(ArchiveError) in try writer.write(trained) })
  #expect(
    archive.sections.map(\.name) == ["network", "model/dense1/frozen", "model/dense1/weight"])
  var fresh = try codedModel()
  try archive.restore(&fresh)
  #expect(try fresh.forward(x).elements == [0, 0])
}

@Test func stateThatDoesNotFitTogetherIsRefusedWithItsPlace() throws {
  let archive = try Archive(
    archiveBytes { writer throws(ArchiveError) in
      try writer.write(IntegerState(.uint1, [], [1]), named: "model/dense1/frozen")
      try writer.write(Tensor<Float>([2], [1, 2]), named: "model/dense1/table")
      try writer.write(IntegerState(.uint4, [1], [2]), named: "model/dense1/codes")
    })
  var fresh = try codedModel()
  let error = #expect(throws: ArchiveError.self) { try archive.restore(&fresh) }
  #expect(error?.description == "dense1: coded map: codes is [2], expected codes below 2")
}

@Test func integersOfAnotherWidthAreRefused() throws {
  let archive = try Archive(
    archiveBytes { writer throws(ArchiveError) in
      try writer.write(IntegerState(.uint8, [], [1]), named: "model/dense1/frozen")
    })
  var fresh = try codedModel()
  let error = #expect(throws: ArchiveError.self) { try archive.restore(&fresh) }
  #expect(
    error?.description == """
      the section 'model/dense1/frozen' holds integers of uint8, shape scalar, expected integers of \
      uint1, shape scalar
      """)
}
