internal import AddendArchives
public import AddendHardware
public import AddendNetworks
public import AddendTensors
public import AddendTraining

/// What a search among models holds dear: `quality − λ · bytes − μ · energy`.
public struct TableFitness: Hashable, Sendable {
  /// How the answers are judged.
  public enum Quality: String, Hashable, Sendable, CaseIterable {
    /// The share of right answers. Small changes of a model often change none of them.
    case accuracy
    /// The negative loss: it sees every change, and is noisy less.
    case loss
  }

  public var quality: Quality
  /// λ, for a byte of the stored model.
  public var byteWeight: Double
  /// μ, for a picojoule of the modelled energy of one inference.
  public var energyWeight: Double
  public var energyModel: EnergyModel

  public init(
    _ quality: Quality = .accuracy, byteWeight: Double = 0, energyWeight: Double = 0,
    energyModel: EnergyModel = .horowitz
  ) {
    self.quality = quality
    self.byteWeight = byteWeight
    self.energyWeight = energyWeight
    self.energyModel = energyModel
  }

  /// The fitness of a model with `evaluation`; what has no weight is not computed.
  public func value(_ evaluation: Evaluation, of model: Model<Float>) -> Double {
    var value =
      switch quality {
      case .accuracy: evaluation.accuracy ?? -evaluation.loss
      case .loss: -evaluation.loss
      }
    if byteWeight != 0 {
      value -= byteWeight * Double(ModelArchive(model).storedSize.byteCount)
    }
    if energyWeight != 0 { value -= energyWeight * energyModel.picojoules(model.cost) }
    return value
  }
}

extension TableFitness: CustomStringConvertible {
  public var description: String {
    "\(quality.rawValue) - \(byteWeight) bytes - \(energyWeight) pJ (\(energyModel.name))"
  }
}
