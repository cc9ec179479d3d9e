internal import AddendKernels
internal import AddendTensors

/// A matrix as codes, with the words of its blocks and of its inputs: all that is stored.
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
      vectors: SpaceCodebook(
        words: configuration.vectors, dimension: geometry.dimension,
        encoder: configuration.encoder),
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
  }

  mutating func visit(_ visitor: inout some StateVisitor<Scalar>) {
    visitor.visit(&codes, named: "codes")
    visitor.visit(&matrices, named: "matrices")
    vectors.visit(&visitor, named: "vectors")
  }

  /// As written to disk.
  var byteCount: Int {
    codes.byteCount + matrices.count * MemoryLayout<Scalar>.size + vectors.byteCount
  }
}

/// A form with what follows from it: the tables that inference reads.
struct SpaceProduct<Scalar: TensorScalar>: Sendable {
  let geometry: SpaceGeometry
  /// Words for products; 0 where tables hold values.
  let products: Int
  private(set) var form: SpaceForm<Scalar>
  /// `table[v][a][m] = Σ_b matrix_m[a, b] · vector_v[b]`.
  private(set) var table: SpaceTable
  /// The codes padded for scans, `[inputBlocks, outputStride]`.
  private(set) var packed: AlignedBuffer<UInt8>

  init(_ geometry: SpaceGeometry, _ form: SpaceForm<Scalar>, products: Int) {
    self.geometry = geometry
    self.products = products
    self.form = form
    table = SpaceTables.forward(
      vectors: form.vectors.words, matrices: form.matrices, geometry, products: products)
    packed = AlignedBuffer(uninitializedCount: geometry.inputBlocks * geometry.outputStride)
    let values = form.codes.values
    let columns = geometry.outputBlocks
    pack { s, o in UInt8(values[s * columns + o]) }
  }

  /// `other` with other words; `codes`, where they are given, are the blocks' words.
  init(_ other: SpaceProduct, _ words: SpaceWords<Scalar>, codes: [Int]?) {
    var form = other.form
    if words.vectors != form.vectors.words { form.vectors.replaceWords(words.vectors) }
    form.matrices = words.matrices
    if let codes { form.codes.values = codes }
    self.init(other.geometry, form, products: other.products)
  }

  /// Takes up other codes, `[outputBlocks, inputStride]`.
  mutating func replaceCodes(_ transposed: AlignedBuffer<UInt8>) {
    let (stride, columns, rows) = (
      geometry.inputStride, geometry.outputBlocks, geometry.inputBlocks
    )
    let codes = transposed.span
    // Another product may hold the old ones.
    packed = AlignedBuffer(uninitializedCount: packed.count)
    pack { s, o in codes[o * stride + s] }
    var values = [Int](repeating: 0, count: rows * columns)
    for s in 0..<rows {
      for o in 0..<columns { values[s * columns + o] = Int(codes[o * stride + s]) }
    }
    form.codes.values = values
  }

  /// Takes up other words.
  mutating func replaceWords(vectors: SpaceCodebook<Scalar>, matrices: Tensor<Scalar>) {
    form.vectors = vectors
    form.matrices = matrices
    table = SpaceTables.forward(
      vectors: vectors.words, matrices: matrices, geometry, products: products)
  }

  private func pack(_ code: (_ input: Int, _ output: Int) -> UInt8) {
    let (columns, stride) = (geometry.outputBlocks, geometry.outputStride)
    var span = packed.uniqueSpan
    span.update(repeating: 0)
    for s in 0..<geometry.inputBlocks {
      for o in 0..<columns { span[s * stride + o] = code(s, o) }
    }
  }

  /// The codes of an input's blocks.
  func encode(_ x: Tensor<Scalar>) -> AlignedBuffer<UInt8> { form.vectors.encoder.encode(x) }

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

  /// Adds the gradient of the commitment term, `(x − v) · 2^exponent`.
  func addCommitment(
    _ x: Tensor<Scalar>, codes: AlignedBuffer<UInt8>, exponent: Int, to dx: inout Tensor<Scalar>
  ) {
    let shape = form.vectors.encoder.shape(rows: x.shape[0], size: x.shape[1])
    if Scalar.self == Float.self {
      var sum = Tensor<Float>(dx)
      dx = Tensor([0])
      let (x, words) = (Tensor<Float>(x), Tensor<Float>(form.vectors.words))
      var span = sum.mutableSpan
      SpaceKernels.best.addDeviation(
        shape, x.span, codes: codes.span, words: words.span, exponent: exponent, to: &span)
      dx = Tensor(sum)
      return
    }
    var span = dx.mutableSpan
    for i in 0..<shape.rows {
      for j in 0..<shape.size {
        let code = Int(codes.span[i * shape.codeStride + j / shape.dimension])
        let word = form.vectors.words.span[code * shape.dimension + j % shape.dimension]
        span[i * shape.size + j] =
          span[i * shape.size + j] + (x.span[i * shape.size + j] - word).shifted(by: exponent)
      }
    }
  }
}
