import AddendArchives
import AddendCatalogue
import AddendData
import AddendNetworks
import AddendTensors
import AddendTestSupport
import AddendTraining
import Testing

struct TeacherTests {
  private func splits() throws -> DatasetSplits {
    try Datasets.load(Specification(parsing: "synthetic-spirals:count=400"), from: DataStore())
  }

  private func model(
    _ splits: DatasetSplits, hidden: Int, seed: UInt64
  ) throws -> Model<Double> {
    let network = Network("mlp", input: splits.training.inputShape) {
      Dense(hidden)
      ReLU()
      Dense(splits.training.classNames.count)
    }
    return try Model(network, seed: seed)
  }

  /// The mean distance of two models' probabilities.
  private func distance(
    _ a: Model<Double>, _ b: Model<Double>, on dataset: any Dataset
  ) throws -> Double {
    let x = Tensor<Double>(dataset.batch(Array(0..<dataset.count)).input)
    let (p, q) = (try a.forward(x).softmax(), try b.forward(x).softmax())
    return zip(p.elements, q.elements).reduce(0) { $0 + abs($1.0 - $1.1) } / Double(dataset.count)
  }

  /// A student that hears the teacher alone comes closer to its answers than one that hears the classes
  /// alone, whatever the classes say.
  @Test func studentsComeToAnswerAsTheirTeacher() throws {
    let splits = try splits()
    let teacher = try model(splits, hidden: 6, seed: 9)
    let plan = TrainingPlan(epochs: 20, batchSize: 20, learningRate: 0.01)
    let student = try model(splits, hidden: 24, seed: 5)
    var alone = Trainer(student, plan: plan)
    var taught = Trainer(
      student, plan: plan, teacher: try Teacher(teacher, Distillation(weight: 1, temperature: 1)))
    try alone.run(on: splits)
    try taught.run(on: splits)
    let before = try distance(student, teacher, on: splits.test)
    let after = try distance(taught.model, teacher, on: splits.test)
    #expect(after < before / 4)
    #expect(try distance(alone.model, teacher, on: splits.test) > before)
    #expect(taught.history[19].trainingLoss < 0.01)
  }

  /// What a checkpoint began under one teacher does not go on under another, nor without.
  @Test func checkpointsKnowTheirTeacher() throws {
    let splits = try splits()
    let plan = TrainingPlan(epochs: 2, batchSize: 20)
    let student = try model(splits, hidden: 8, seed: 5)
    func trainer(_ seed: UInt64, weight: Double = 0.5) throws -> Trainer<Double> {
      let teacher = try model(splits, hidden: 6, seed: seed)
      return Trainer(
        student, plan: plan, teacher: try Teacher(teacher, Distillation(weight: weight)))
    }
    try withTemporaryDirectory { path in
      let directory = try CheckpointDirectory(at: path)
      try trainer(1).save(to: directory, trainedOn: splits.training)
      let archive = try #require(try directory.newest()).archive
      var same = try trainer(1)
      try same.restore(archive, trainedOn: splits.training)
      for other in [try trainer(2), try trainer(1, weight: 0.25), Trainer(student, plan: plan)] {
        var other = other
        let error = #expect(throws: TrainingError.self) {
          try other.restore(archive, trainedOn: splits.training)
        }
        #expect(error?.description.contains("teacher") == true)
      }
    }
  }

  /// Running text: the teacher's state goes on from batch to batch, and through a checkpoint.
  @Test func recurrentTeachersAreTakenUpWithTheirState() throws {
    let text = try TextDataset(
      name: "text", path: "text", tokens: (0..<401).map { Int32($0 * $0 % 7) },
      vocabulary: (0..<7).map(String.init), length: 5)
    let splits = DatasetSplits(training: text, test: text)
    func model(_ size: Int, seed: UInt64) throws -> Model<Double> {
      let network = Network("text", input: text.inputShape) {
        Embedding(4, vocabulary: 7)
        LSTM(size)
        Dense(7)
      }
      return try Model(network, seed: seed)
    }
    let untrained = Trainer(
      try model(6, seed: 2), plan: TrainingPlan(epochs: 2, batchSize: 8, learningRate: 0.01),
      teacher: try Teacher(try model(8, seed: 3), Distillation(weight: 1)))
    var whole = untrained
    try whole.run(on: splits)
    try withTemporaryDirectory { path in
      let directory = try CheckpointDirectory(at: path)
      var stopped = untrained
      var observers: [any TrainingObserver<Double>] = [
        Interruption(after: 5, directory: directory, dataset: text)
      ]
      #expect(throws: Interruption.Stop.self) { try stopped.run(on: splits, observers: &observers) }
      var resumed = untrained
      try resumed.restore(try #require(try directory.newest()).archive, trainedOn: text)
      try resumed.run(on: splits)
      #expect(resumed.history.map(\.trainingLoss) == whole.history.map(\.trainingLoss))
    }
  }
}
