public import AddendCatalogue
public import AddendLinear
internal import AddendTensors

/// How the learning rate changes while training goes on.
public protocol Schedule: Configurable {
  /// Epochs over which the rate first rises in a straight line from nearly 0.
  var warmup: Double { get }
  /// The share of the base rate after warm-up, `epoch` counted from training's start.
  func factor(epoch: Double, of epochs: Double) -> Double
}

extension Schedule {
  /// The share of the base rate for the step about to be taken.
  public func factor(at progress: TrainingProgress) -> Double {
    let factor = factor(epoch: progress.epoch, of: Double(progress.epochs))
    guard progress.epoch < warmup else { return factor }
    let step = 1 / Double(max(1, progress.stepsPerEpoch))
    return factor * min(1, (progress.epoch + step) / warmup)
  }
}

/// The schedules there are.
public enum Schedules {
  public static let catalogue = Catalogue(
    of: "schedule",
    [ConstantSchedule.self, StepSchedule.self, ExponentialSchedule.self, CosineSchedule.self])

  public static func configuration(_ specification: Specification) throws(CatalogueError)
    -> any Schedule
  {
    guard let schedule = try catalogue.make(specification) as? any Schedule else {
      preconditionFailure("the catalogue of schedules holds schedules")
    }
    return schedule
  }
}

extension Declaration.Parameter {
  /// The parameter that every schedule has.
  static let warmup = Declaration.Parameter(
    "warmup", .number(0...1e6), standard: .number(0), help: "epochs of linear rise at the start")
}

/// The same rate throughout.
public struct ConstantSchedule: Schedule {
  public var warmup: Double

  public init(warmup: Double = 0) { self.warmup = warmup }
  public static let declaration = Declaration(
    "constant", summary: "the same rate throughout", parameters: [.warmup])
  public init(_ arguments: Arguments) throws(CatalogueError) {
    self.init(warmup: arguments.number("warmup"))
  }
  public var specification: Specification {
    Specification("constant", ["warmup": .number(warmup)])
  }
  public func factor(epoch: Double, of epochs: Double) -> Double { 1 }
}

/// A drop by a factor at each multiple of some epochs, or at shares of the whole.
public struct StepSchedule: Schedule {
  public var warmup: Double
  /// Epochs between drops.
  public var interval: Double
  public var drop: Double

  public init(every interval: Double, drop: Double = 0.1, warmup: Double = 0) {
    precondition(interval > 0, "a step schedule drops after some time")
    self.interval = interval
    self.drop = drop
    self.warmup = warmup
  }
  public static let declaration = Declaration(
    "step", summary: "a drop every so many epochs",
    parameters: [
      .init("every", .number(1e-3...1e6), standard: nil, help: "epochs between drops"),
      .init("drop", .number(0...1), standard: .number(0.1), help: "the factor of a drop"), .warmup,
    ])
  public init(_ arguments: Arguments) throws(CatalogueError) {
    self.init(
      every: arguments.number("every"), drop: arguments.number("drop"),
      warmup: arguments.number("warmup"))
  }
  public var specification: Specification {
    Specification(
      "step", ["every": .number(interval), "drop": .number(drop), "warmup": .number(warmup)])
  }
  public func factor(epoch: Double, of epochs: Double) -> Double {
    Math.pow(drop, (epoch / interval).rounded(.down))
  }
}

/// `decay^epoch · end^(epoch / epochs)`: the same factor from step to step.
public struct ExponentialSchedule: Schedule {
  public var warmup: Double
  /// The factor per epoch.
  public var decay: Double
  /// What is left at the end of training but for `decay`: a geometric way from the base rate to
  /// this share of it, however many epochs there are.
  public var end: Double

  public init(decay: Double = 1, end: Double = 1, warmup: Double = 0) {
    self.decay = decay
    self.end = end
    self.warmup = warmup
  }
  public static let declaration = Declaration(
    "exponential", summary: "the same factor each epoch, applied step by step",
    parameters: [
      .init("decay", .number(0...1), standard: .number(1), help: "the factor per epoch"),
      .init(
        "end", .number(0...1), standard: .number(1),
        help: "the share of the rate at the end, besides; one of the two is to be given"),
      .warmup,
    ])
  public init(_ arguments: Arguments) throws(CatalogueError) {
    self.init(
      decay: arguments.number("decay"), end: arguments.number("end"),
      warmup: arguments.number("warmup"))
    guard decay < 1 || end < 1 else {
      throw .missingParameter(of: arguments.owner, parameter: "decay")
    }
  }
  public var specification: Specification {
    Specification(
      "exponential",
      ["decay": .number(decay), "end": .number(end), "warmup": .number(warmup)])
  }
  public func factor(epoch: Double, of epochs: Double) -> Double {
    Math.pow(decay, epoch) * Math.pow(end, epoch / max(1e-9, epochs))
  }
}

/// Half a cosine from 1 down to `floor` (Loshchilov & Hutter, 2017, eq. 5, without restarts).
public struct CosineSchedule: Schedule {
  public var warmup: Double
  public var floor: Double

  public init(floor: Double = 0, warmup: Double = 0) {
    self.floor = floor
    self.warmup = warmup
  }
  public static let declaration = Declaration(
    "cosine", summary: "half a cosine down to the floor at the end",
    parameters: [
      .init(
        "floor", .number(0...1), standard: .number(0), help: "the share of the rate at the end"),
      .warmup,
    ])
  public init(_ arguments: Arguments) throws(CatalogueError) {
    self.init(floor: arguments.number("floor"), warmup: arguments.number("warmup"))
  }
  public var specification: Specification {
    Specification("cosine", ["floor": .number(floor), "warmup": .number(warmup)])
  }
  public func factor(epoch: Double, of epochs: Double) -> Double {
    let share = min(1, max(0, (epoch - warmup) / max(1e-9, epochs - warmup)))
    return floor + (1 - floor) * 0.5 * (1 + Math.cos(.pi * share))
  }
}
