internal import AddendCatalogue
public import AddendData
public import AddendNetworks

/// How to train: everything that, with the model, the data and the seed, determines the result.
public struct TrainingPlan: Sendable {
  public var epochs: Int
  public var batchSize: Int
  public var optimizer: any Optimizer
  public var learningRate: Double
  public var schedule: any Schedule
  public var loss: any Loss
  /// The largest Euclidean norm of all gradients together; `nil` for no limit.
  public var gradientClip: Double?
  /// Stops after so many epochs without a better validation loss; `nil` for never.
  public var patience: Int?
  /// Changes training images at random; `nil` leaves them as they are.
  public var augmentation: Augmentation?
  /// Draws the order of examples, augmentation and dropout.
  public var seed: UInt64

  public init(
    epochs: Int, batchSize: Int, optimizer: any Optimizer = Adam(), learningRate: Double = 1e-3,
    schedule: any Schedule = ConstantSchedule(), loss: any Loss = SoftmaxCrossEntropy(),
    gradientClip: Double? = nil, patience: Int? = nil, augmentation: Augmentation? = nil,
    seed: UInt64 = 1
  ) {
    precondition(epochs >= 0 && batchSize > 0, "epochs are counted and batches hold something")
    self.epochs = epochs
    self.batchSize = batchSize
    self.optimizer = optimizer
    self.learningRate = learningRate
    self.schedule = schedule
    self.loss = loss
    self.gradientClip = gradientClip
    self.patience = patience
    self.augmentation = augmentation
    self.seed = seed
  }
}
