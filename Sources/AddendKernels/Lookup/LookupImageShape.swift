/// The extents of a product-quantized convolution.
///
/// Codes `[groups, batch, paddedHeight, paddedWidth]` are those of each group of channels at each
/// pixel, the padding's included. A block is a group under a tap of the filter, in that order: `block
/// = tap · groups + group`.
public struct LookupImageShape: Hashable, Sendable {
  public var geometry: ConvolutionGeometry
  /// Blocks that a pixel's channels are cut into.
  public var groups: Int
  /// Comparisons that find a code, at most 4.
  public var levels: Int
  /// Channels of `y`.
  public var outputs: Int

  public init(_ geometry: ConvolutionGeometry, groups: Int, levels: Int, outputs: Int) {
    precondition(groups > 0 && outputs > 0, "extents")
    precondition(1...4 ~= levels, "a code has 1 to 4 bits")
    self.geometry = geometry
    self.groups = groups
    self.levels = levels
    self.outputs = outputs
    precondition(geometry.batch * imagePixels < 1 << 27, "a batch's pixels have 27-bit numbers")
  }

  /// Codes of a group at one pixel.
  public var entries: Int { 1 << levels }
  public var taps: Int { geometry.filterHeight * geometry.filterWidth }
  public var blocks: Int { taps * groups }
  public var paddedHeight: Int { geometry.height + 2 * geometry.padding }
  public var paddedWidth: Int { geometry.width + 2 * geometry.padding }
  /// Pixels of one image, padding included.
  public var imagePixels: Int { paddedHeight * paddedWidth }
  /// Pixels of the batch: the codes of one group.
  public var plane: Int { geometry.batch * imagePixels }
  /// Elements of codes `[groups, batch, paddedHeight, paddedWidth]`.
  public var codeCount: Int { groups * plane }
  /// Elements of codes `[groups, batch, height, width]`.
  public var bareCodeCount: Int { groups * geometry.batch * geometry.height * geometry.width }
  /// Rows of `y`.
  public var rows: Int { geometry.patchCount }
  /// Rows of `y` that one image makes.
  public var imageRows: Int { geometry.outputHeight * geometry.outputWidth }
  /// Elements of tables `[blocks, entries, outputs]`, and of bucket sums.
  public var tableCount: Int { blocks * entries * outputs }
  /// Groups rounded up to whole registers of packed tables.
  public var paddedGroups: Int { (groups + 3) & ~3 }
  /// Elements of packed int8 tables `[outputs, taps, paddedGroups, 16]`.
  public var packedCount: Int { outputs * taps * paddedGroups * 16 }

  /// From a position to the pixel under each tap.
  public var tapOffsets: [UInt32] {
    (0..<taps).map { tap in
      let (r, s) = (tap / geometry.filterWidth, tap % geometry.filterWidth)
      return UInt32(geometry.dilation * (r * paddedWidth + s))
    }
  }

  /// From a position to the code of each block.
  public var blockOffsets: [Int] {
    tapOffsets.flatMap { tap in (0..<groups).map { $0 * plane + Int(tap) } }
  }

  /// The pixel under the filter's first tap, for each row of `y` that the first images make.
  public func positions(images: Int) -> [UInt32] {
    let (height, width) = (geometry.outputHeight, geometry.outputWidth)
    var positions: [UInt32] = []
    positions.reserveCapacity(images * imageRows)
    for n in 0..<images {
      for p in 0..<height {
        let first = n * imagePixels + p * geometry.stride * paddedWidth
        for q in 0..<width { positions.append(UInt32(first + q * geometry.stride)) }
      }
    }
    return positions
  }
}
