public import AddendCatalogue
public import AddendData
public import AddendNetworks
public import AddendTensors

/// `fold-batch-norm`: a normalisation's scaling and shift become part of the layer before it.
///
/// Inference computes `γ (x W + b − μ) / √(σ² + ε) + β`, which is `x W′ + b′` with
/// `s = γ / √(σ² + ε)`, `W′[:, o] = s[o] W[:, o]` and `b′ = s (b − μ) + β` (Jacob et al., 2018, §3.2).
/// Each new number is computed in double precision and rounded once, so with `u` the format's
/// rounding unit results move by about `2 u (Σ |x W′| + |b′|)`, as a product's own rounding does.
///
/// Normalisations that do not directly follow a dense or convolutional layer, whose map can scale its
/// outputs, stay; so does that of a projected shortcut, which no description lists. Fold before maps
/// are converted: `fold-batch-norm`, then `convert`.
public struct BatchNormFolding: ModelTransform {
  public static let declaration = Declaration(
    "fold-batch-norm", summary: "batch normalisation becomes part of the layer before it")

  public init() {}
  public init(_ arguments: Arguments) throws(CatalogueError) {}
  public var specification: Specification { Specification("fold-batch-norm") }

  public func transformed<Scalar: TensorScalar>(
    _ model: Model<Scalar>, calibration: (any Dataset)?
  ) throws(CompressionError) -> Model<Scalar> {
    var model = model
    var folding = AffineFolding<Scalar>()
    model.rewrite(&folding)
    return model
  }
}

/// Removes layers that do no more than scale and shift what the layer before them gives.
private struct AffineFolding<Scalar: TensorScalar>: ChainRewriter {
  mutating func rewrite(_ nodes: inout [Chain<Scalar>.Node]) {
    var i = 1
    while i < nodes.count {
      guard let affine = nodes[i].layer.channelAffine,
        var specification = nodes[i - 1].specification,
        nodes[i - 1].layer.absorb(affine, in: &specification)
      else {
        i += 1
        continue
      }
      nodes[i - 1].specification = specification
      nodes.remove(at: i)
    }
  }
}
