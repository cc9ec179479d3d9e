public import AddendData
internal import AddendLinear
public import AddendNetworks
internal import AddendTensors

/// How well a model does on a data set.
public struct Evaluation: Hashable, Sendable {
  /// The mean loss over the rows that count.
  public var loss: Double
  /// The share of rows whose largest output is their class; `nil` for targets that are not classes.
  public var accuracy: Double?
  /// The rows that count.
  public var rows: Int

  /// `e^loss`: what language models are judged by.
  public var perplexity: Double { Math.exp(loss) }

  public init(loss: Double, accuracy: Double?, rows: Int) {
    self.loss = loss
    self.accuracy = accuracy
    self.rows = rows
  }
}

extension Model {
  /// Loss and accuracy over all of `dataset`, with the model as inference runs it and the loss without
  /// what only training adds to it.
  ///
  /// Examples of running text keep their states from batch to batch. `batchSize` changes nothing
  /// for examples that stand alone, but for the last bits of the sums.
  /// - Throws: `TrainingError` where the data do not fit the model.
  public func evaluation(
    on dataset: any Dataset, loss: any Loss, batchSize: Int = 200
  ) throws(TrainingError) -> Evaluation {
    let loader: BatchLoader
    do throws(DataError) {
      loader = try BatchLoader(
        dataset, batchSize: min(batchSize, max(1, dataset.count)), seed: 0, remainder: .kept,
        form: .feeding(Scalar.self))
    } catch {
      throw .data(error)
    }
    let loss = loss.evaluated
    var tally = LossTally()
    var states: [Tensor<Scalar>] = []
    for batch in loader.batches(inEpoch: 0) {
      var context = PassContext<Scalar>(
        lengths: batch.lengths, initialStates: batch.continuesPrevious ? states : [])
      do {
        let outputs = try forward(batch.input(as: Scalar.self), &context)
        let (value, _) = try loss.valueAndGradient(outputs, batch.targets)
        tally.add(
          loss: value, correct: try batch.targets.correctRows(in: loss.scores(of: outputs)),
          rows: batch.targets.countedRows)
      } catch let error as NetworkError {
        throw .network(error)
      } catch let error as TensorError {
        throw .loss(error)
      } catch {
        preconditionFailure("a pass throws network and tensor errors")
      }
      states = context.finalStates
    }
    guard tally.rows > 0 else { throw .emptyDataset(name: dataset.name) }
    return tally.evaluation
  }
}

extension Model {
  /// `evaluation(on:loss:batchSize:)` as `plan` has it: with its loss, and running text in as many
  /// streams as training reads it.
  public func evaluation(
    on dataset: any Dataset, as plan: TrainingPlan
  ) throws(TrainingError) -> Evaluation {
    try evaluation(
      on: dataset, loss: plan.loss,
      batchSize: dataset.order == .consecutive ? plan.batchSize : 200)
  }
}

/// Sums over batches of which means are made.
struct LossTally: Hashable, Sendable {
  var lossSum = 0.0
  /// `nil` where targets are not classes.
  var correct: Int?
  var rows = 0
  /// What the batches took to compute.
  var seconds = 0.0

  mutating func add(loss: Double, correct: Int?, rows: Int) {
    lossSum += loss * Double(rows)
    if let correct { self.correct = (self.correct ?? 0) + correct }
    self.rows += rows
  }

  var evaluation: Evaluation {
    Evaluation(
      loss: lossSum / Double(max(1, rows)),
      accuracy: correct.map { Double($0) / Double(max(1, rows)) }, rows: rows)
  }
}

extension Targets {
  /// The rows that count.
  var countedRows: Int {
    switch self {
    case .classes(let classes): classes.count { $0 != Targets.ignored }
    case .values: count
    }
  }

  /// How many rows have their largest score at their class; `nil` for targets that are not classes.
  func correctRows<Scalar: TensorScalar>(
    in scores: Tensor<Scalar>
  ) throws(TensorError) -> Int? {
    switch self {
    case .classes: try correctCount(in: scores)
    case .values: nil
    }
  }
}
