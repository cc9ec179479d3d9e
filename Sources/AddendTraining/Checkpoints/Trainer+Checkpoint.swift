public import AddendArchives
internal import AddendCatalogue
internal import AddendNetworks
public import AddendData
internal import AddendTensors

// A checkpoint holds all of a trainer's state: the document `training`, the model in its training
// form, `optimizer/<parameter>/<tensor>`, `recurrent/<number>` and `teacher/<number>` (recurrent states
// of model and teacher; the teacher itself is not in it). What it leaves out (the order of
// the examples, the augmentation) follows from the seed and the position.

private enum Sections {
  static let training = "training"

  static func optimizer(_ parameter: String, _ tensor: String) -> String {
    "optimizer/\(parameter)/\(tensor)"
  }

  static func recurrent(_ number: Int) -> String { "recurrent/\(number)" }

  static func teacher(_ number: Int) -> String { "teacher/\(number)" }
}

extension Trainer {
  /// Steps taken since training began.
  public var stepsTaken: Int { optimizerState.step }

  /// Writes everything that a later process needs to go on to the same bits.
  /// - Throws: `ArchiveError.file`; earlier checkpoints are untouched then.
  public func save(
    to directory: CheckpointDirectory, trainedOn dataset: any Dataset
  ) throws(ArchiveError) {
    try directory.save(step: stepsTaken) { writer throws(ArchiveError) in
      let document = JSONValue.object(identity(dataset).merged(with: progress))
      try writer.write(document, named: Sections.training)
      try writer.write(model)
      for (path, tensors) in optimizerState.tensors.sorted(by: { $0.key < $1.key }) {
        for (name, tensor) in zip(stateNames, tensors) {
          try writer.write(tensor, named: Sections.optimizer(path, name))
        }
      }
      for (number, state) in carriedStates.enumerated() {
        try writer.write(state, named: Sections.recurrent(number))
      }
      for (number, state) in teacherStates.enumerated() {
        try writer.write(state, named: Sections.teacher(number))
      }
    }
  }

  /// Takes up the state that `save` wrote.
  ///
  /// Only the number of epochs may differ: a longer plan goes on where the shorter one ended (and a
  /// schedule that looks at the end bends accordingly).
  /// - Throws: `TrainingError.archive` when network, map, data, plan or teacher are others, and when the
  ///   archive is no whole checkpoint. The trainer is unchanged then.
  public mutating func restore(
    _ archive: Archive, trainedOn dataset: any Dataset
  ) throws(TrainingError) {
    var restored = self
    do throws(ArchiveError) {
      let document = try archive.document(Sections.training)
      if let stranger = identity(dataset).difference(from: document) { throw stranger }
      restored.model = try archive.model(of: Scalar.self)
      try restored.takeProgress(document)
      guard restored.position.step <= dataset.count / plan.batchSize else { throw Self.malformed }
      try restored.takeOptimizerState(archive)
      restored.carriedStates = try Self.states(
        archive, document["recurrent"], named: Sections.recurrent)
      restored.teacherStates = try Self.states(
        archive, document["teacherStates"], named: Sections.teacher)
    } catch {
      throw .archive(error)
    }
    self = restored
  }

  private var stateNames: [String] { model.precision.updates.stateNames(plan.optimizer) }

  /// What a checkpoint must have in common with the training that takes it up.
  private func identity(_ dataset: any Dataset) -> JSONObject {
    var plan = JSONObject()
    plan["batchSize"] = .integer(self.plan.batchSize)
    plan["optimizer"] = .text("\(self.plan.optimizer.specification)")
    plan["learningRate"] = .number(self.plan.learningRate)
    plan["schedule"] = .text("\(self.plan.schedule.specification)")
    plan["loss"] = .text("\(self.plan.loss.specification)")
    plan["gradientClip"] = self.plan.gradientClip.map { .number($0) } ?? .null
    plan["augmentation"] =
      self.plan.augmentation.map {
        ["padding": .integer($0.padding), "mirrors": .flag($0.mirrors)]
      } ?? .null
    plan["seed"] = .text(String(self.plan.seed))
    var identity = JSONObject()
    identity["network"] = .text(model.network.json.text())
    identity["map"] = .text("\(model.map)")
    identity["precision"] = .text(model.precisionName)
    identity["dataset"] = .text("\(dataset.name), \(dataset.checksum)")
    identity["plan"] = .object(plan)
    identity["teacher"] = teacher.map { .text($0.identity) } ?? .null
    return identity
  }

  /// Where training stands, and what it has come to.
  private var progress: JSONObject {
    var object = JSONObject()
    object["epoch"] = .integer(position.epoch)
    object["step"] = .integer(position.step)
    object["stepsTaken"] = .integer(stepsTaken)
    object["random"] = .text(String(random.state))
    object["recurrent"] = .integer(carriedStates.count)
    object["teacherStates"] = .integer(teacherStates.count)
    if lossScale.isUsed { object["lossScale"] = lossScale.json }
    object["tally"] = tally.json
    object["history"] = .array(history.map(\.json))
    return object
  }

  private mutating func takeProgress(_ document: JSONValue) throws(ArchiveError) {
    guard let epoch = document["epoch"]?.integerValue, let step = document["step"]?.integerValue,
      let stepsTaken = document["stepsTaken"]?.integerValue,
      let random = document["random"]?.textValue.flatMap({ UInt64($0) }),
      let tally = document["tally"].flatMap({ LossTally(json: $0) }),
      let history = document["history"]?.arrayValue
    else { throw Self.malformed }
    guard epoch >= 0, step >= 0, 0...1 << 48 ~= stepsTaken else { throw Self.malformed }
    position = TrainingPosition(epoch: epoch, step: step)
    optimizerState.step = stepsTaken
    if lossScale.isUsed {
      guard let scale = document["lossScale"], lossScale.take(scale) else { throw Self.malformed }
    }
    self.random = RandomSource(seed: random)
    self.tally = tally
    self.history = history.compactMap { EpochRecord(json: $0) }
    guard self.history.count == history.count else { throw Self.malformed }
  }

  private mutating func takeOptimizerState(_ archive: Archive) throws(ArchiveError) {
    var paths = ParameterPaths<Scalar>()
    model.visit(&paths)
    optimizerState.tensors = [:]
    for (path, shape) in paths.found {
      let names = stateNames.map { Sections.optimizer(path, $0) }
      // A parameter that had no gradient yet has nothing beside it.
      guard names.contains(where: { archive[$0] != nil }) else { continue }
      var tensors: [Tensor<Scalar>] = []
      for name in names {
        let tensor = try archive.tensor(name, of: Scalar.self)
        guard tensor.shape == shape else {
          throw .mismatch(section: name, expected: "\(shape)", found: "\(tensor.shape)")
        }
        tensors.append(tensor)
      }
      optimizerState.tensors[path] = tensors
    }
  }

  /// As many recurrent states as the document says; none where it is silent.
  private static func states(
    _ archive: Archive, _ count: JSONValue?, named name: (Int) -> String
  ) throws(ArchiveError) -> [Tensor<Scalar>] {
    let count = count?.integerValue ?? 0
    guard count >= 0 else { throw malformed }
    var states: [Tensor<Scalar>] = []
    for number in 0..<count {
      states.append(try archive.tensor(name(number), of: Scalar.self))
    }
    return states
  }

  private static var malformed: ArchiveError {
    .malformed(part: "the section '\(Sections.training)'", reason: "a member is missing or wrong")
  }
}

extension JSONObject {
  /// The members of both.
  fileprivate func merged(with other: JSONObject) -> JSONObject {
    var merged = self
    for member in other.members { merged[member.key] = member.value }
    return merged
  }

  /// The first of these members that `document` has not, or has otherwise.
  fileprivate func difference(from document: JSONValue) -> ArchiveError? {
    for member in members {
      let (expected, found) = (member.value.text(), document[member.key]?.text() ?? "missing")
      if expected != found {
        return .stranger(
          part: "the checkpoint's \(member.key)", found: found, expected: expected)
      }
    }
    return nil
  }
}
