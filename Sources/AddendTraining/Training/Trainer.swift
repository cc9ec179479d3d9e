public import AddendData
public import AddendDistributed
internal import AddendLinear
public import AddendNetworks
public import AddendTensors

/// Trains a model: batches → forward → loss → backward → communicator → optimizer.
///
/// A value that holds all of training's state: a copy, or a checkpoint, continues to the same bits.
public struct Trainer<Scalar: TensorScalar>: Sendable {
  public var model: Model<Scalar>
  public let plan: TrainingPlan
  /// Whom the model learns to answer like, beside its targets.
  public let teacher: Teacher<Scalar>?
  public internal(set) var position = TrainingPosition()
  public internal(set) var optimizerState = OptimizerState<Scalar>()
  public internal(set) var history: [EpochRecord] = []
  /// What the epoch under way has come to so far.
  var tally = LossTally()
  /// By what the loss's gradient is multiplied.
  public internal(set) var lossScale: LossScale
  /// Where dropout draws from.
  var random: RandomSource
  /// Recurrent states carried from batch to batch of one running text.
  var carriedStates: [Tensor<Scalar>] = []
  /// The teacher's.
  var teacherStates: [Tensor<Scalar>] = []

  public init(_ model: Model<Scalar>, plan: TrainingPlan, teacher: Teacher<Scalar>? = nil) {
    self.model = model
    self.plan = plan
    self.teacher = teacher
    random = RandomSource(seed: plan.seed, stream: 2)
    lossScale = LossScale(model.precision.lossScaling)
  }

  /// Takes one step with `batch`: this rank's part of it when there are several.
  /// - Throws: `TrainingError` when the batch does not fit the model or the loss is not a number.
  public mutating func step(
    _ batch: Batch, stepsPerEpoch: Int,
    communicator: some Communicator = SingleProcess()
  ) throws(TrainingError) -> StepRecord {
    let progress = TrainingProgress(
      step: position.epoch * stepsPerEpoch + position.step, stepsPerEpoch: stepsPerEpoch,
      epochs: plan.epochs)
    model.prepare(for: progress)
    let (own, totals) = try passes(batch).summed(over: communicator)
    guard totals.loss.isFinite else {
      let (epoch, step) = (position.epoch + 1, position.step + 1)
      throw lossScale.isConstant
        ? .overscaled(epoch: epoch, step: step) : .diverged(epoch: epoch, step: step)
    }
    try reduceGradients(
      weight: Double(own.rows) / Double(max(1, totals.rows)), over: communicator)
    let rate = plan.learningRate * plan.schedule.factor(at: progress)
    if unscaleGradients() {
      if let limit = plan.gradientClip { try clipGradients(to: limit) }
      updateParameters(rate)
    } else if lossScale.isExhausted {
      throw .unscalable(epoch: position.epoch + 1, step: position.step + 1)
    }
    position.step += 1
    return StepRecord(
      loss: totals.loss, learningRate: rate, correct: totals.correct, rows: totals.rows)
  }

  private mutating func updateParameters(_ rate: Double) {
    var update = ParameterUpdate(
      plan.optimizer, learningRate: rate, keeping: model.precision.updates, seed: plan.seed,
      state: optimizerState)
    optimizerState = OptimizerState()
    model.visit(&update)
    optimizerState = update.state
  }

  /// Forward, loss and backward: gradients are added to the model's parameters.
  private mutating func passes(
    _ batch: Batch
  ) throws(TrainingError) -> StepSums {
    var context = PassContext<Scalar>(
      random: random, lengths: batch.lengths,
      initialStates: batch.continuesPrevious ? carriedStates : [])
    let outputs: Tensor<Scalar>
    do throws(NetworkError) {
      outputs = try model.trainingForward(batch.input(as: Scalar.self), &context)
    } catch {
      throw .network(error)
    }
    random = context.random
    carriedStates = context.finalStates
    let advice = try advice(batch)
    do throws(TensorError) {
      // Counted first, for the gradient takes the outputs' place; the loss's errors come first.
      let correct = Result { () throws(TensorError) in
        try batch.targets.correctRows(in: plan.loss.scores(of: outputs))
      }
      let (loss, gradient) = try lossAndGradient(consume outputs, batch.targets, advice)
      if loss.isFinite {
        model.backward(lossScale.scaled(gradient))
      } else {
        model.layers.discardResiduals()
      }
      return StepSums(
        loss: loss, correct: try correct.get(), rows: batch.targets.countedRows)
    } catch {
      model.layers.discardResiduals()
      throw .loss(error)
    }
  }

  /// The teacher's outputs for `batch`.
  private mutating func advice(_ batch: Batch) throws(TrainingError) -> Tensor<Scalar>? {
    guard let teacher else { return nil }
    var context = PassContext<Scalar>(
      lengths: batch.lengths, initialStates: batch.continuesPrevious ? teacherStates : [])
    do throws(NetworkError) {
      let outputs = try teacher.model.forward(batch.input(as: Scalar.self), &context)
      teacherStates = context.finalStates
      return outputs
    } catch {
      model.layers.discardResiduals()
      throw .teacher(error)
    }
  }

  private func lossAndGradient(
    _ outputs: consuming Tensor<Scalar>, _ targets: Targets, _ advice: Tensor<Scalar>?
  ) throws(TensorError) -> (Double, Tensor<Scalar>) {
    guard let teacher, let advice else {
      return try plan.loss.valueAndGradient(outputs, targets)
    }
    return try teacher.distillation.valueAndGradient(
      outputs, targets, teacher: advice, loss: plan.loss)
  }

  /// Replaces every gradient by the mean over all ranks' rows; `weight` is this rank's share of them.
  private mutating func reduceGradients(
    weight: Double, over communicator: some Communicator
  ) throws(TrainingError) {
    guard communicator.worldSize > 1 else { return }
    var reduction = GradientReduction<Scalar>(communicator: communicator, weight: weight)
    model.visit(&reduction)
    if let error = reduction.error { throw .communication(error) }
  }

  /// Divides gradients by the loss scale; `false`, and they are dropped, where the scale was too
  /// large for them to be finite.
  private mutating func unscaleGradients() -> Bool {
    guard lossScale.isUsed else { return true }
    var norm = GradientNorm<Scalar>()
    model.visit(&norm)
    let isFinite = norm.value.isFinite
    if !isFinite && lossScale.isDynamic {
      var clearing = GradientClearing<Scalar>()
      model.visit(&clearing)
    } else {
      var scaling = GradientScaling<Scalar>(factor: 1 / lossScale.value)
      model.visit(&scaling)
    }
    defer { lossScale.record(areFinite: isFinite) }
    return isFinite || !lossScale.isDynamic
  }

  /// Scales all gradients down together where their norm exceeds `limit` (Pascanu et al., 2013).
  private mutating func clipGradients(to limit: Double) throws(TrainingError) {
    var norm = GradientNorm<Scalar>()
    model.visit(&norm)
    guard norm.value.isFinite else {
      throw .diverged(epoch: position.epoch + 1, step: position.step + 1)
    }
    guard norm.value > limit else { return }
    var scaling = GradientScaling<Scalar>(factor: limit / norm.value)
    model.visit(&scaling)
  }
}

/// Where training stands.
public struct TrainingPosition: Hashable, Sendable {
  /// Epochs completed.
  public var epoch = 0
  /// Steps taken in the epoch under way.
  public var step = 0

  public init(epoch: Int = 0, step: Int = 0) {
    self.epoch = epoch
    self.step = step
  }
}

/// What one step came to.
public struct StepRecord: Hashable, Sendable {
  public var loss: Double
  public var learningRate: Double
  /// Rows whose largest output was their class; `nil` for targets that are not classes.
  public var correct: Int?
  /// Rows that count.
  public var rows: Int
}

/// What one epoch came to.
public struct EpochRecord: Hashable, Sendable {
  /// 1 for the first.
  public var epoch: Int
  public var trainingLoss: Double
  /// `nil` for targets that are not classes.
  public var trainingAccuracy: Double?
  /// On the data held out, with the model as inference runs it; `nil` when not evaluated.
  public var validation: Evaluation?
  public var learningRate: Double
  /// What the epoch's steps took, evaluation and observers left out.
  public var seconds: Double
}

/// What a batch came to: the mean loss over the rows that count, and counts.
private struct StepSums {
  var loss: Double
  var correct: Int?
  var rows: Int

  /// This rank's figures beside those of all ranks together, the same on each.
  func summed(
    over communicator: some Communicator
  ) throws(TrainingError) -> (own: StepSums, totals: StepSums) {
    guard communicator.worldSize > 1 else { return (self, self) }
    var sums = Tensor<Double>([3], [loss * Double(rows), Double(correct ?? 0), Double(rows)])
    do throws(CommunicationError) {
      try communicator.allReduce(&sums)
    } catch {
      throw .communication(error)
    }
    let figures = sums.elements
    let totals = StepSums(
      loss: figures[0] / max(1, figures[2]), correct: correct.map { _ in Int(figures[1]) },
      rows: Int(figures[2]))
    return (self, totals)
  }
}
