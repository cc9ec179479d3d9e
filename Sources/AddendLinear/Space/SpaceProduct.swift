internal import AddendKernels
internal import AddendTensors

/// A matrix as codes, with the codebooks of its blocks and of its inputs: all that inference needs.
///
/// Codes and codebooks are state; tables follow from them and are made again when they change.
struct SpaceProduct<Scalar: TensorScalar>: Sendable {
  let geometry: SpaceGeometry
  private(set) var codes: IntegerState
  private(set) var matrices: Tensor<Scalar>
  private(set) var vectors: SpaceCodebook<Scalar>

  private(set) var encoder: SpaceEncoder<Scalar>
  private var table: SpaceTable
  /// The codes padded for scans, `[inputBlocks, outputStride]`.
  private(set) var packed: AlignedBuffer<UInt8>

  init(
    _ geometry: SpaceGeometry, vectors: SpaceCodebook<Scalar>, matrices: Tensor<Scalar>,
    codes: [Int]
  ) {
    self.geometry = geometry
    self.vectors = vectors
    self.matrices = matrices
    self.codes = IntegerState(.uint8, [geometry.inputBlocks, geometry.outputBlocks], codes)
    encoder = vectors.encoder
    table = Self.table(vectors.words, matrices, geometry)
    packed = Self.pack(self.codes, geometry, words: matrices.shape[0])
  }

  /// A product yet to be read from a file.
  init(_ geometry: SpaceGeometry, vectors: Int, matrices: Int) {
    self.init(
      geometry, vectors: SpaceCodebook(words: vectors, dimension: geometry.dimension),
      matrices: Tensor([matrices, geometry.matrixSize]),
      codes: [Int](repeating: 0, count: geometry.inputBlocks * geometry.outputBlocks))
  }

  /// `table[v][a][m] = Σ_b matrix_m[a, b] · vector_v[b]`.
  private static func table(
    _ vectors: Tensor<Scalar>, _ matrices: Tensor<Scalar>, _ geometry: SpaceGeometry
  ) -> SpaceTable {
    let (v, m) = (vectors.elements.map(\.double), matrices.elements.map(\.double))
    let d = geometry.dimension
    return SpaceTable(
      selectors: vectors.shape[0], components: geometry.rows, words: matrices.shape[0]
    ) { vector, a, matrix in
      (0..<d).reduce(0) { sum, b in
        sum + m[(matrix * geometry.rows + a) * d + b] * v[vector * d + b]
      }
    }
  }

  /// A code beyond the codebook, which only a damaged file holds, is read as the last word.
  private static func pack(
    _ codes: IntegerState, _ geometry: SpaceGeometry, words: Int
  ) -> AlignedBuffer<UInt8> {
    let packed = AlignedBuffer<UInt8>(
      uninitializedCount: geometry.inputBlocks * geometry.outputStride)
    var span = packed.uniqueSpan
    span.update(repeating: 0)
    let columns = geometry.outputBlocks
    for (i, code) in codes.values.enumerated() {
      span[i / columns * geometry.outputStride + i % columns] = UInt8(min(code, words - 1))
    }
    return packed
  }

  mutating func replaceCodes(_ values: [Int]) {
    codes.values = values
    packed = Self.pack(codes, geometry, words: matrices.shape[0])
  }

  /// `y`, from the codes of its input.
  func forward(_ codes: AlignedBuffer<UInt8>, examples: Int) -> Tensor<Scalar> {
    geometry.forwardScan(examples: examples).sums(
      table, selectors: codes, indices: packed, shaped: [examples, geometry.outputSize])
  }

  /// The matrix that the codes stand for.
  var decodedWeight: Tensor<Scalar> {
    var weight = Tensor<Scalar>([geometry.inputSize, geometry.outputSize])
    var span = weight.mutableSpan
    let (size, columns) = (geometry.matrixSize, geometry.outputBlocks)
    for s in 0..<geometry.inputBlocks {
      for o in 0..<columns {
        let word = Int(packed.span[s * geometry.outputStride + o])
        geometry.forEachNumber(ofBlock: s, o) { number, place in
          if let place { span[place] = matrices.span[word * size + number] }
        }
      }
    }
    return weight
  }

  /// Visits what is stored, and makes the tables again where a visitor changed it.
  mutating func visit(_ visitor: inout some StateVisitor<Scalar>) -> Bool {
    let before = (codes, matrices, vectors)
    visitor.visit(&codes, named: "codes")
    visitor.visit(&matrices, named: "matrices")
    vectors.visit(&visitor, named: "vectors")
    guard before != (codes, matrices, vectors) else { return false }
    self = SpaceProduct(geometry, vectors: vectors, matrices: matrices, codes: codes.values)
    return true
  }

  var storedByteCount: Int {
    codes.values.count
      + (matrices.count + vectors.words.count + vectors.levels.count) * MemoryLayout<Scalar>.size
  }
}
