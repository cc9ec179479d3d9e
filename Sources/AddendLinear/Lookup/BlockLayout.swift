internal import AddendTensors

/// Which inputs make up each block of a row.
///
/// A flat row is cut as it comes, its last block padded. A row that is an image (or a patch of one) is
/// cut into tiles as square as they come, since neighbours in both directions resemble each other.
/// Every input is in one block.
public struct BlockLayout: Hashable, Sendable {
  /// How rows are cut.
  public enum Form: String, Hashable, Sendable, CaseIterable {
    /// Consecutive inputs.
    case flat
    /// Tiles where the row is an image, unless they need more blocks than consecutive inputs do.
    case tiles
    /// Channels of one pixel, which all patches of a convolution share; tiles elsewhere.
    case pixels
    /// Pixels for a convolution whose channels are whole blocks, tiles elsewhere.
    case automatic = "auto"
  }

  public let inputSize: Int
  public let blockSize: Int
  /// `[blocks, blockSize]`, −1 in the padding; a block's first position is never padding.
  public let positions: [Int32]

  public var count: Int { positions.count / blockSize }

  public init(_ role: MapRole, blockSize: Int, form: Form) {
    precondition(blockSize > 0 && role.inputSize > 0, "blocks and rows have inputs")
    inputSize = role.inputSize
    self.blockSize = blockSize
    let flatCount = (role.inputSize + blockSize - 1) / blockSize
    if form != .flat, let grid = role.inputGrid, grid.rank == 3, grid.count == role.inputSize,
      case let tiles = Self.tiles(of: grid, blockSize: blockSize),
      tiles.count <= flatCount * blockSize
    {
      positions = tiles
    } else {
      positions = (0..<flatCount * blockSize).map { $0 < role.inputSize ? Int32($0) : -1 }
    }
  }

  /// Tiles of as many channels as divide both the block and the grid, and nearly square.
  private static func tiles(of grid: Shape, blockSize: Int) -> [Int32] {
    let channels = greatestCommonDivisor(blockSize, grid[2])
    let pixels = blockSize / channels
    let height = (1...pixels).last { pixels % $0 == 0 && $0 * $0 <= pixels } ?? 1
    let width = pixels / height
    var positions: [Int32] = []
    for y in stride(from: 0, to: grid[0], by: height) {
      for x in stride(from: 0, to: grid[1], by: width) {
        for c in stride(from: 0, to: grid[2], by: channels) {
          for (dy, dx) in (0..<pixels).map({ ($0 / width, $0 % width) }) {
            let isInside = y + dy < grid[0] && x + dx < grid[1]
            let pixel = (y + dy) * grid[1] + x + dx
            for channel in c..<c + channels {
              positions.append(isInside ? Int32(pixel * grid[2] + channel) : -1)
            }
          }
        }
      }
    }
    return positions
  }

  private static func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int {
    b == 0 ? a : greatestCommonDivisor(b, a % b)
  }
}
