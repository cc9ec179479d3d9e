internal import AddendKernels
public import AddendTensors

/// The words that a space map's tables are made of.
public struct SpaceCodewords<Scalar: TensorScalar>: Sendable {
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
  /// The nearest, where there is a float weight to compare with; the one of the same number else.
  case nearest
}

extension SpaceMap {
  /// The words, once codebooks are made.
  public var words: SpaceCodewords<Scalar>? {
    product.map { SpaceCodewords(vectors: $0.form.vectors.words, matrices: $0.form.matrices) }
  }

  /// The frozen map that has `words` in place of its own.
  ///
  /// The comparisons by which inputs find their words stay: which word a cell stands for is found
  /// anew, a tree's leaves keep theirs by number. Cost: tables anew, `N_V · N_M` products of blocks,
  /// and where the vectors differ the word of each of up to 65,536 cells.
  ///
  /// - Throws: `TensorError.shapeMismatch` for more, fewer or longer words than the map has;
  ///   `TensorError.invalidValue` for words that are not finite, and for a map without codebooks.
  public func adopting(
    _ words: SpaceCodewords<Scalar>, coding: MatrixCoding
  ) throws(TensorError) -> SpaceMap {
    guard var product else {
      throw .invalidValue(
        operation: "space map", argument: "words", expected: "a map that has codebooks",
        found: "a map that is yet to make them")
    }
    try Self.check(words.vectors, like: product.form.vectors.words, "vectors")
    try Self.check(words.matrices, like: product.form.matrices, "matrices")
    var vectors = product.form.vectors
    vectors.adopt(words.vectors)
    product.replaceWords(vectors: vectors, matrices: words.matrices)
    if coding == .nearest, latent != nil {
      product.replaceCodes(nearestCodes(in: Tensor<Float>(words.matrices)))
    }
    var map = self
    map.latent = nil
    map.samples = nil
    map.adjoint = nil
    map.coder = nil
    map.product = product
    return map
  }

  /// The blocks of the weight that the map has or stands for, `[blocks, rows · dimension]`, those of
  /// an output beside each other.
  package var weightBlocks: Tensor<Float> { SpacePoints(weightRows).blocks }

  private var weightRows: Tensor<Float> {
    let blocks = Tensor<Float>(geometry.blocks(of: latent?.weight.value ?? quantizedWeight))
    return blocks.reshaped([blocks.count / geometry.matrixSize, geometry.matrixSize])
  }

  /// The number of the word nearest to each block of the weight, `[outputBlocks, inputStride]`.
  private func nearestCodes(in words: Tensor<Float>) -> AlignedBuffer<UInt8> {
    let nearest = SpacePoints(weightRows).nearest(in: words)
    let (columns, stride) = (geometry.inputBlocks, geometry.inputStride)
    let codes = AlignedBuffer<UInt8>(uninitializedCount: geometry.outputBlocks * stride)
    var span = codes.uniqueSpan
    span.update(repeating: 0)
    for i in nearest.span.indices { span[i / columns * stride + i % columns] = nearest.span[i] }
    return codes
  }

  private static func check(
    _ words: Tensor<Scalar>, like own: Tensor<Scalar>, _ name: String
  ) throws(TensorError) {
    guard words.shape == own.shape else {
      throw .shapeMismatch(
        operation: "space map", argument: name, expected: "\(own.shape)", found: words.shape)
    }
    guard words.elements.allSatisfy({ $0.double.isFinite }) else {
      throw .invalidValue(
        operation: "space map", argument: name, expected: "finite words", found: "others")
    }
  }
}
