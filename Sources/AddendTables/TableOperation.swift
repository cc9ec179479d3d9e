/// What a table holds the results of, for every pair of a left and a right word.
///
/// A matrix word is a block of `rows × dimension` numbers, row-major; vector words have `dimension`
/// numbers, gradient words `rows`.
public enum TableOperation: String, CaseIterable, Sendable {
  /// `T[i, j] = m_i v_j`: `rows` numbers.
  case product
  /// `T[i, j] = m_iᵀ g_j`: `dimension` numbers, a block of the input gradient.
  case transposedProduct = "transposed-product"
  /// `T[i, j] = g_i v_jᵀ`: `rows × dimension` numbers, a block of the weight gradient.
  case outerProduct = "outer-product"
  /// `T[i, j] = v_i + v_j`: `dimension` numbers; `rows` is 1.
  case sum

  /// Of the kinds, as a file numbers them.
  var number: UInt8 {
    switch self {
    case .product: 0
    case .transposedProduct: 1
    case .outerProduct: 2
    case .sum: 3
    }
  }

  init?(number: UInt8) {
    guard let match = Self.allCases.first(where: { $0.number == number }) else { return nil }
    self = match
  }

  /// Numbers in a left word.
  func leftSize(_ block: TableBlock) -> Int {
    switch self {
    case .product, .transposedProduct: block.rows * block.dimension
    case .outerProduct: block.rows
    case .sum: block.dimension
    }
  }

  /// Numbers in a right word.
  func rightSize(_ block: TableBlock) -> Int {
    switch self {
    case .product, .outerProduct, .sum: block.dimension
    case .transposedProduct: block.rows
    }
  }

  /// Numbers in a result.
  func resultSize(_ block: TableBlock) -> Int {
    switch self {
    case .product: block.rows
    case .transposedProduct, .sum: block.dimension
    case .outerProduct: block.rows * block.dimension
    }
  }

  /// Multiplications for one result, as the operation is defined.
  func multiplications(_ block: TableBlock) -> Int {
    self == .sum ? 0 : block.rows * block.dimension
  }

  /// The result for one pair: the definition.
  ///
  /// Each step is rounded to float32, terms in order.
  public func apply(_ left: [Float], _ right: [Float], _ block: TableBlock) -> [Float] {
    precondition(left.count == leftSize(block) && right.count == rightSize(block), "word sizes")
    let (r, d) = (block.rows, block.dimension)
    switch self {
    case .product:
      return (0..<r).map { a in (0..<d).reduce(Float(0)) { $0 + left[a * d + $1] * right[$1] } }
    case .transposedProduct:
      return (0..<d).map { b in (0..<r).reduce(Float(0)) { $0 + left[$1 * d + b] * right[$1] } }
    case .outerProduct:
      return left.flatMap { g in right.map { g * $0 } }
    case .sum:
      return zip(left, right).map { $0 + $1 }
    }
  }
}

/// The extents of a block of a matrix: it takes `dimension` inputs to `rows` outputs.
public struct TableBlock: Hashable, Sendable, CustomStringConvertible {
  public let rows: Int
  public let dimension: Int

  public init(rows: Int, dimension: Int) {
    precondition(rows > 0 && dimension > 0, "a block has rows and columns")
    self.rows = rows
    self.dimension = dimension
  }

  /// `4×8`.
  public var description: String { "\(rows)×\(dimension)" }
}
