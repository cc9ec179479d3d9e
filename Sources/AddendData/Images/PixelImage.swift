public import AddendTensors
internal import CAddendDecoders

/// One picture as bytes, channels interleaved: 1 for grey, 3 for red, green and blue.
public struct PixelImage: Equatable, Sendable {
  public let height: Int
  public let width: Int
  public let channels: Int
  /// `[height, width, channels]`.
  public let pixels: [UInt8]

  public init(height: Int, width: Int, channels: Int, pixels: [UInt8]) {
    precondition(channels == 1 || channels == 3, "an image is grey or of three colours")
    precondition(pixels.count == height * width * channels, "pixels fill their image")
    self.height = height
    self.width = width
    self.channels = channels
    self.pixels = pixels
  }

  /// Reads a PNG or JPEG file, or image `n` of an IDX file as `path#n`.
  ///
  /// Transparent pixels are laid over black; 16-bit samples are rounded to 8.
  public init(contentsOf path: String) throws(DataError) {
    if let mark = path.lastIndex(of: "#"), let number = Int(path[path.index(after: mark)...]) {
      self = try Self.image(number, ofIDXFile: String(path[..<mark]))
    } else {
      try self.init(readBytes(at: path, limit: 1 << 28), path: path)
    }
  }

  private static func image(_ number: Int, ofIDXFile path: String) throws(DataError) -> PixelImage {
    let file = try IDXFile(contentsOf: path)
    guard file.extents.count == 3, 0..<file.extents[0] ~= number else {
      throw .invalidContent(
        path: path, reason: "there is no image \(number) in \(Shape(file.extents))")
    }
    let size = file.extents[1] * file.extents[2]
    return PixelImage(
      height: file.extents[1], width: file.extents[2], channels: 1,
      pixels: Array(file.elements[number * size..<(number + 1) * size]))
  }

  /// The most pixels that an image may have.
  private static let pixelLimit = 1 << 26

  /// Decodes a PNG or JPEG file.
  /// - Throws: `DataError.malformed` for anything else, for damage, and for extents that are beyond
  ///   2²⁶ pixels or beyond what so few bytes can hold.
  public init(_ content: [UInt8], path: String) throws(DataError) {
    var info = addend_image_info()
    let refusal = unsafe Self.reason { reason, capacity in
      // Safe: the extents are given, and C keeps no pointer.
      unsafe content.withUnsafeBufferPointer { bytes in
        unsafe addend_image_inspect(bytes.baseAddress, bytes.count, &info, reason, capacity)
      }
    }
    let format = info.format == ADDEND_IMAGE_PNG ? "PNG" : "JPEG"
    if let refusal { throw .malformed(path: path, format: "PNG or JPEG", reason: refusal) }
    // Deflate packs 1032 to 1 and PNG has pixels of one bit; JPEG spends some bits on 64 samples.
    let plausible = min(Self.pixelLimit, 8256 * content.count)
    guard info.height > 0, info.width > 0, info.width <= plausible / info.height else {
      throw .malformed(
        path: path, format: format,
        reason: "its header claims \(info.height)×\(info.width) pixels")
    }
    var pixels = [UInt8](repeating: 0, count: info.height * info.width * info.channels)
    let damage = unsafe Self.reason { reason, capacity in
      // Safe: `pixels` is as long as the extents in `info` ask, which C compares with the file's.
      unsafe content.withUnsafeBufferPointer { bytes in
        unsafe pixels.withUnsafeMutableBufferPointer { pixels in
          unsafe addend_image_decode(
            bytes.baseAddress, bytes.count, &info, pixels.baseAddress, reason, capacity)
        }
      }
    }
    if let damage { throw .malformed(path: path, format: format, reason: damage) }
    self.init(height: info.height, width: info.width, channels: info.channels, pixels: pixels)
  }

  /// What the C function wrote as its reason, or `nil` where it returned 0.
  private static func reason(
    _ body: (UnsafeMutablePointer<CChar>?, Int) -> CInt
  ) -> String? {
    var text = [CChar](repeating: 0, count: 256)
    let status = unsafe text.withUnsafeMutableBufferPointer { text in
      unsafe body(text.baseAddress, text.count)
    }
    guard status != 0 else { return nil }
    let bytes = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    return String(String(decoding: bytes, as: UTF8.self).drop { $0 == " " })
  }

  /// This image with 1 or 3 channels: grey is ITU-R BT.601's luma,
  /// `0.299 R + 0.587 G + 0.114 B`, rounded; colour from grey repeats it.
  public func converted(channels: Int) -> PixelImage {
    guard channels != self.channels else { return self }
    let converted: [UInt8] =
      channels == 3
      ? pixels.flatMap { [$0, $0, $0] }
      : stride(from: 0, to: pixels.count, by: 3).map { start in
        let (red, green, blue) = (
          Int(pixels[start]), Int(pixels[start + 1]), Int(pixels[start + 2])
        )
        return UInt8((299 * red + 587 * green + 114 * blue + 500) / 1000)
      }
    return PixelImage(height: height, width: width, channels: channels, pixels: converted)
  }

  /// This image as a network takes it: resized and converted to `shape`, `[height, width,
  /// channels]`, its pixels as `normalization` turns them into numbers.
  public func tensor(_ shape: Shape, _ normalization: PixelNormalization) -> Tensor<Float> {
    precondition(shape.rank == 3, "an image is [height, width, channels]")
    let fitted = converted(channels: shape[2]).resized(height: shape[0], width: shape[1])
    let table = normalization.table(channels: shape[2])
    return Tensor(shape) { span in
      PixelNormalization.convert(fitted.pixels.span, by: table.span, into: &span, at: 0)
    }
  }
}
