internal import AddendKernels
public import AddendTensors

/// The words that a space map's tables are made of.
public struct SpaceWords<Scalar: TensorScalar>: Sendable {
  /// Of blocks of inputs, `[words, dimension]`.
  public var vectors: Tensor<Scalar>
  /// Of blocks of the matrix, `[words, rows · dimension]`, outputs first.
  public var matrices: Tensor<Scalar>

  public init(vectors: Tensor<Scalar>, matrices: Tensor<Scalar>) {
    self.vectors = vectors
    self.matrices = matrices
  }
}

/// Which word each block of a matrix has when the words become others.
public enum MatrixCoding: Hashable, Sendable {
  /// The one of the same number.
  case kept
  /// The nearest as the map's encoder finds it, where there is a float weight to compare with; the one
  /// of the same number else.
  case nearest
}

extension SpaceMap {
  /// The words, once codebooks are made.
  public var words: SpaceWords<Scalar>? {
    product.map { SpaceWords(vectors: $0.form.vectors.words, matrices: $0.form.matrices) }
  }

  /// The frozen map that has `words` in place of its own.
  ///
  /// The levels by which inputs find their words stay. Cost: tables anew, `N_V · N_M` products of
  /// blocks, and where the vectors differ the word of each of up to 65,536 cells.
  ///
  /// - Throws: `TensorError.shapeMismatch` for more, fewer or longer words than the map has;
  ///   `TensorError.invalidValue` for words that are not finite, and for a map without codebooks.
  public func adopting(
    _ words: SpaceWords<Scalar>, coding: MatrixCoding
  ) throws(TensorError) -> SpaceMap {
    guard let product else {
      throw .invalidValue(
        operation: "space map", argument: "words", expected: "a map that has codebooks",
        found: "a map that is yet to make them")
    }
    try Self.check(words.vectors, like: product.form.vectors.words, "vectors")
    try Self.check(words.matrices, like: product.form.matrices, "matrices")
    var codes: [Int]?
    if coding == .nearest, let latent, var coder {
      coder.replaceWords(words.matrices)
      codes = self.codes(of: latent.weight.value, by: coder)
    }
    let made = SpaceProduct(product, words, codes: codes)
    try made.form.check()
    var map = self
    map.latent = nil
    map.samples = nil
    map.adjoint = nil
    map.coder = nil
    // Those of the words before.
    map.codingErrors = Tensor([3])
    map.product = made
    return map
  }

  /// The codes of the blocks of `weight`, `[inputBlocks, outputBlocks]`.
  private func codes(of weight: Tensor<Scalar>, by coder: SpaceCodebook<Scalar>) -> [Int] {
    let codes = coder.encoder.encode(geometry.blocks(of: weight))
    let (columns, stride, span) = (geometry.outputBlocks, geometry.inputStride, codes.span)
    return (0..<geometry.inputBlocks * columns).map {
      Int(span[$0 % columns * stride + $0 / columns])
    }
  }

  /// The blocks of the weight that the map has or stands for, as points
  /// `[rows · dimension, inputBlocks · outputBlocks]`.
  package var weightBlocks: Tensor<Float> {
    weightPoints(geometry.blocks(of: latent?.weight.value ?? quantizedWeight)).columns
  }

  private static func check(
    _ words: Tensor<Scalar>, like own: Tensor<Scalar>, _ name: String
  ) throws(TensorError) {
    guard words.shape == own.shape else {
      throw .shapeMismatch(
        operation: "space map", argument: name, expected: "\(own.shape)", found: words.shape)
    }
  }
}
