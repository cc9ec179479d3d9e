public import AddendNetworks
public import AddendSearch
public import AddendTensors

/// A space whose genomes stand for models.
public protocol ModelSpace: SearchSpace {
  /// The frozen model that `genome` stands for.
  func model(of genome: Genome) throws(CompressionError) -> Model<Float>

  /// The layers at the network's beginning that models of many genomes have in common.
  func beginning(of genome: Genome) -> ModelBeginning?
}

extension ModelSpace {
  public func beginning(of genome: Genome) -> ModelBeginning? { nil }

  /// How good the model of `genome` is on `examples`.
  public func fitness(
    of genome: Genome, _ fitness: TableFitness, on examples: HeldOutExamples
  ) throws(CompressionError) -> Double {
    let model = try model(of: genome)
    let evaluation = try examples.evaluation(of: model, sharing: beginning(of: genome))
    return fitness.value(evaluation, of: model)
  }
}
