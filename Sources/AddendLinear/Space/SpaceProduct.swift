internal import AddendKernels
internal import AddendTensors

/// A matrix as codes, with the codebooks of its blocks and of its inputs: all that is stored.
struct SpaceForm<Scalar: TensorScalar>: Sendable {
  /// `[inputBlocks, outputBlocks]`.
  var codes: IntegerState
  /// `[words, matrixSize]`.
  var matrices: Tensor<Scalar>
  var vectors: SpaceCodebook<Scalar>

  init(
    _ geometry: SpaceGeometry, vectors: SpaceCodebook<Scalar>, matrices: Tensor<Scalar>,
    codes: [Int]
  ) {
    self.vectors = vectors
    self.matrices = matrices
    self.codes = IntegerState(
      .narrowest(for: matrices.shape[0]), [geometry.inputBlocks, geometry.outputBlocks], codes)
  }

  /// Room for a form that a file holds.
  init(_ geometry: SpaceGeometry, _ configuration: SpaceConfiguration) {
    self.init(
      geometry,
      vectors: SpaceCodebook(words: configuration.vectors, dimension: geometry.dimension),
      matrices: Tensor([configuration.matrices, geometry.matrixSize]),
      codes: [Int](repeating: 0, count: geometry.inputBlocks * geometry.outputBlocks))
  }

  /// - Throws: `TensorError.invalidValue` for what no training leaves behind.
  func check() throws(TensorError) {
    let words = matrices.shape[0]
    if let stranger = codes.values.first(where: { !(0..<words ~= $0) }) {
      throw .invalidValue(
        operation: "space map", argument: "codes", expected: "below \(words)",
        found: "\(stranger)")
    }
    guard matrices.elements.allSatisfy({ $0.double.isFinite }) else {
      throw .invalidValue(
        operation: "space map", argument: "matrices", expected: "finite numbers",
        found: "infinity or NaN")
    }
    try vectors.check("vectors")
  }

  mutating func visit(_ visitor: inout some StateVisitor<Scalar>) {
    visitor.visit(&codes, named: "codes")
    visitor.visit(&matrices, named: "matrices")
    vectors.visit(&visitor, named: "vectors")
  }

  /// As written to disk.
  var byteCount: Int {
    let numbers = matrices.count + vectors.words.count + vectors.levels.count
    return codes.byteCount + numbers * MemoryLayout<Scalar>.size
  }
}

extension IntegerState.Width {
  /// The fewest bits that hold codes of `words` words.
  fileprivate static func narrowest(for words: Int) -> Self {
    words <= 2 ? .uint1 : words <= 4 ? .uint2 : words <= 16 ? .uint4 : .uint8
  }
}

/// A form with what follows from it: the tables that inference reads.
struct SpaceProduct<Scalar: TensorScalar>: Sendable {
  let geometry: SpaceGeometry
  private(set) var form: SpaceForm<Scalar>
  let encoder: SpaceEncoder<Scalar>
  private let table: SpaceTable
  /// The codes padded for scans, `[inputBlocks, outputStride]`.
  private(set) var packed: AlignedBuffer<UInt8>

  init(_ geometry: SpaceGeometry, _ form: SpaceForm<Scalar>) {
    self.geometry = geometry
    self.form = form
    encoder = form.vectors.encoder
    table = Self.table(form.vectors.words, form.matrices, geometry)
    packed = Self.pack(form.codes.values, geometry)
  }

  /// `other` with other words; `codes`, where they are given, are the blocks' words.
  init(_ other: SpaceProduct, _ words: SpaceWords<Scalar>, codes: [Int]?) {
    var form = other.form
    form.vectors.words = words.vectors
    form.matrices = words.matrices
    if let codes { form.codes.values = codes }
    geometry = other.geometry
    let isSame = words.vectors == other.form.vectors.words
    encoder = isSame ? other.encoder : form.vectors.encoder
    table = Self.table(words.vectors, words.matrices, geometry)
    packed = codes.map { Self.pack($0, other.geometry) } ?? other.packed
    self.form = form
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

  private static func pack(_ codes: [Int], _ geometry: SpaceGeometry) -> AlignedBuffer<UInt8> {
    let (columns, stride) = (geometry.outputBlocks, geometry.outputStride)
    let packed = AlignedBuffer<UInt8>(uninitializedCount: geometry.inputBlocks * stride)
    var span = packed.uniqueSpan
    span.update(repeating: 0)
    for s in 0..<geometry.inputBlocks {
      for o in 0..<columns { span[s * stride + o] = UInt8(codes[s * columns + o]) }
    }
    return packed
  }

  mutating func replaceCodes(_ values: [Int]) {
    form.codes.values = values
    packed = Self.pack(values, geometry)
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
          if let place { span[place] = form.matrices.span[word * size + number] }
        }
      }
    }
    return weight
  }
}
