internal import CAddendKernels

/// Rows of signs as bits, 1 where the sign is −1: words of 64, the first bit the lowest, zeros past the
/// last.
public enum BinaryRows {
  /// Words that hold `bits` bits.
  public static func wordCount(_ bits: Int) -> Int { (bits + 63) / 64 }

  /// The signs of `x` `[rows, columns]`, a bit of 0 where `x ≥ 0`; `words` is `[rows, ⌈columns / 64⌉]`.
  public static func signs(
    of x: Span<Float>, columns: Int, into words: inout MutableSpan<UInt64>,
    using set: InstructionSet = .best
  ) {
    let rows = rowCount(x.count, columns)
    precondition(words.count == rows * wordCount(columns), "rows of signs: extents")
    guard let from = unsafe x.address, let to = unsafe words.address else { return }
    // Safe: the extents were checked above, and C keeps no pointer.
    unsafe set.binaryKernels.signs(rows, columns, from, to)
  }

  /// The bits of `x` `[rows, columns]`, plane by plane: `words` is `[rows, 8, ⌈columns / 64⌉]`.
  public static func planes(
    of x: Span<UInt8>, columns: Int, into words: inout MutableSpan<UInt64>,
    using set: InstructionSet = .best
  ) {
    let rows = rowCount(x.count, columns)
    precondition(words.count == 8 * rows * wordCount(columns), "planes of pixels: extents")
    guard let from = unsafe x.address, let to = unsafe words.address else { return }
    // Safe: as above.
    unsafe set.binaryKernels.planes(rows, columns, from, to)
  }

  /// Brings rows of `wordCount` words to the form that products read: the lower half of each word
  /// stays, the upper becomes the parity of all halves up to it.
  public static func chain(_ words: inout MutableSpan<UInt64>, wordCount: Int) {
    let rows = rowCount(words.count, wordCount)
    guard let at = unsafe words.address else { return }
    // Safe: the rows are the span's own, and C keeps no pointer.
    unsafe addend_binary_chain(rows, wordCount, at, at)
  }

  /// The same, into other memory.
  public static func chain(
    _ x: Span<UInt64>, wordCount: Int, into y: inout MutableSpan<UInt64>
  ) {
    let rows = rowCount(x.count, wordCount)
    precondition(y.count == x.count, "chained rows: extents")
    guard let from = unsafe x.address, let to = unsafe y.address else { return }
    // Safe: as above.
    unsafe addend_binary_chain(rows, wordCount, from, to)
  }

  static func rowCount(_ count: Int, _ columns: Int) -> Int {
    precondition(columns > 0 && count % columns == 0, "whole rows of bits")
    return count / columns
  }
}

/// Images of bits, `[images, height, width, words]`: the channels of a pixel fill words of its own.
public struct BinaryImages: Hashable, Sendable {
  /// Of one image, its channels being words.
  public let geometry: ConvolutionGeometry

  public init(_ geometry: ConvolutionGeometry, channels: Int) {
    precondition(
      geometry.patchCount > 0 && geometry.batch == 1, "windows over one image, one or more")
    var words = geometry
    words.channels = BinaryRows.wordCount(channels)
    self.geometry = words
  }

  /// The patches of `x` as rows for products: `y` is `[images, positions, taps, words]`, zeros outside.
  public func patches(of x: Span<UInt64>, into y: inout MutableSpan<UInt64>) {
    let image = geometry
    let (count, row, rows) = (image.imageCount, image.patchSize, image.patchCount)
    let images = BinaryRows.rowCount(x.count, count)
    precondition(y.count == images * rows * row, "patches of bits: extents")
    guard let from = unsafe x.address, let to = unsafe y.address else { return }
    let extents = image.binaryImage
    // A part is some tens of KiB. Safe: parts are rows of their own.
    ThreadPool.forEachPart(of: images * rows, size: max(1, 8192 / row)) { first, size in
      var r = first
      while r < first + size {
        let (image, position) = (r / rows, r % rows)
        let here = min(first + size - r, rows - position)
        unsafe withUnsafePointer(to: extents) {
          unsafe addend_binary_patches($0, from + image * count, position, here, to + r * row)
        }
        r += here
      }
    }
  }

  /// Windows joined, bit by bit: 1 where all pixels have 1, or where `any` has 1 and one of them has.
  ///
  /// Shapes: `x` `[images, height, width, words]`, `any` `[words]`, `y` `[images, outputHeight,
  /// outputWidth, words]`. What lies outside the image does not count.
  public func pool(
    _ x: Span<UInt64>, any: Span<UInt64>, into y: inout MutableSpan<UInt64>
  ) {
    let image = geometry
    let (count, size) = (image.imageCount, image.patchCount * image.channels)
    let images = BinaryRows.rowCount(x.count, count)
    precondition(
      y.count == images * size && any.count == image.channels, "pooled bits: extents")
    guard let from = unsafe x.address, let any = unsafe any.address, let to = unsafe y.address
    else { return }
    let extents = image.binaryImage
    ThreadPool.forEachPart(of: images, size: max(1, 8192 / count)) { first, images in
      for i in first..<first + images {
        unsafe withUnsafePointer(to: extents) {
          unsafe addend_binary_pool($0, from + i * count, any, to + i * size)
        }
      }
    }
  }
}

/// The patches of images of pixels `[images, height, width, channels]` as rows `[images, positions,
/// patchSize]`, zeros outside; the geometry is that of one image.
public func pixelPatches(
  of x: Span<UInt8>, _ geometry: ConvolutionGeometry, into y: inout MutableSpan<UInt8>
) {
  let (count, rows, row) = (geometry.imageCount, geometry.patchCount, geometry.patchSize)
  let images = BinaryRows.rowCount(x.count, count)
  precondition(geometry.batch == 1 && y.count == images * rows * row, "patches: extents")
  guard let from = unsafe x.address, let to = unsafe y.address else { return }
  let extents = geometry.binaryImage
  // Safe: the extents were checked above, and images are written apart.
  ThreadPool.forEachPart(of: images, size: max(1, 65_536 / (rows * row))) { first, images in
    for i in first..<first + images {
      unsafe withUnsafePointer(to: extents) {
        unsafe addend_binary_pixel_patches($0, from + i * count, 0, rows, to + i * rows * row)
      }
    }
  }
}

extension ConvolutionGeometry {
  /// With channels for words.
  fileprivate var binaryImage: addend_binary_image {
    addend_binary_image(
      height: height, width: width, words: channels, filter_height: filterHeight,
      filter_width: filterWidth, stride: stride, padding: padding, dilation: dilation,
      output_height: outputHeight, output_width: outputWidth)
  }
}

extension InstructionSet {
  var binaryKernels: addend_binary_kernels {
    addend_binary_select(isa)
  }
}
