public import AddendNetworks
public import AddendSearch
public import AddendTensors

/// A space whose genomes stand for models.
public protocol ModelSpace: SearchSpace {
  /// The frozen model that `genome` stands for.
  func model(of genome: Genome) throws(CompressionError) -> Model<Float>

  /// What the model of `genome` has in common with those of many others, of ever more layers.
  func beginnings(of genome: Genome) -> [ModelBeginning]
}

extension ModelSpace {
  public func beginnings(of genome: Genome) -> [ModelBeginning] { [] }

  /// How good the model of `genome` is on `examples`.
  public func fitness(
    of genome: Genome, _ fitness: TableFitness, on examples: HeldOutExamples
  ) throws(CompressionError) -> Double {
    let model = try model(of: genome)
    let evaluation = try examples.evaluation(of: model, sharing: beginnings(of: genome))
    return fitness.value(evaluation, of: model)
  }
}
