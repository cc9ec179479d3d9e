public import AddendArchives
public import AddendNetworks
public import AddendTensors

/// A trained network that a student is to answer like, while it trains.
///
/// It sees each batch as the student does, augmented or not, and runs in its frozen form. Cost: one
/// forward pass of the teacher a step.
public struct Teacher<Scalar: TensorScalar>: Sendable {
  public let model: Model<Scalar>
  public let distillation: Distillation
  /// What tells this teacher from others: the digest of its stored form.
  let checksum: String

  /// - Throws: `ArchiveError.file` when there is no memory for the stored form.
  public init(_ model: Model<Scalar>, _ distillation: Distillation) throws(ArchiveError) {
    self.model = model.frozen()
    self.distillation = distillation
    checksum = try ModelArchive(self.model).checksum
  }

  /// What a checkpoint says of it.
  var identity: String {
    "\(model.network.name), \(checksum), weight \(distillation.weight), "
      + "temperature \(distillation.temperature)"
  }
}
