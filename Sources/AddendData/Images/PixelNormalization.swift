internal import AddendCatalogue

/// How a pixel's byte becomes a number: `y = (x / maximum − mean[c]) / deviation[c]`.
public struct PixelNormalization: Hashable, Sendable {
  /// The byte that stands for full brightness.
  public let maximum: Float
  /// One for each channel, or one for all.
  public let mean: [Float]
  public let deviation: [Float]

  public init(maximum: Float = 255, mean: [Float] = [0], deviation: [Float] = [1]) {
    precondition(maximum > 0 && !mean.isEmpty && deviation.allSatisfy { $0 > 0 }, "a scale is one")
    precondition(!deviation.isEmpty, "a deviation for each channel, or one for all")
    self.maximum = maximum
    self.mean = mean
    self.deviation = deviation
  }

  /// Reads `mean` and `deviation`: numbers with a `/` between the channels.
  init(_ arguments: Arguments) throws(CatalogueError) {
    func numbers(_ name: String, _ isValid: (Float) -> Bool) throws(CatalogueError) -> [Float] {
      let words = arguments.text(name).split(separator: "/", omittingEmptySubsequences: false)
      let numbers = words.compactMap { Float($0) }.filter(isValid)
      guard numbers.count == words.count, [1, 3].contains(numbers.count) else {
        throw .invalidParameter(
          of: arguments.owner, parameter: name,
          expected: "one number, or three with a slash between them, like 0.5/0.4/0.4",
          found: "'\(arguments.text(name))'")
      }
      return numbers
    }
    self.init(
      mean: try numbers("mean") { $0.isFinite },
      deviation: try numbers("deviation") { $0.isFinite && $0 > 0 })
  }

  /// The declarations that `init(_:)` reads.
  static func parameters(mean: String, deviation: String) -> [Declaration.Parameter] {
    [
      Declaration.Parameter(
        "mean", .text, standard: .text(mean),
        help: "subtracted from pixels in 0…1; one for each channel with slashes between, or one"),
      Declaration.Parameter(
        "deviation", .text, standard: .text(deviation), help: "by which pixels are divided then"),
    ]
  }

  /// The values of `parameters(mean:deviation:)` that make this.
  var arguments: [String: ParameterValue] {
    let text = { (numbers: [Float]) in
      ParameterValue.text(numbers.map { "\($0)" }.joined(separator: "/"))
    }
    return ["mean": text(mean), "deviation": text(deviation)]
  }

  /// What each byte becomes: 256 entries for each channel.
  public func table(channels: Int) -> [Float] {
    (0..<channels).flatMap { channel in
      let mean = self.mean[min(channel, self.mean.count - 1)]
      let deviation = self.deviation[min(channel, self.deviation.count - 1)]
      return (0..<256).map { (Float($0) / maximum - mean) / deviation }
    }
  }

  /// `target[start + i] = table[256 · (i mod channels) + pixels[i]]`, channels interleaved.
  static func convert(
    _ pixels: Span<UInt8>, by table: Span<Float>, into target: inout MutableSpan<Float>,
    at start: Int
  ) {
    let channels = table.count / 256
    precondition(table.count == 256 * channels && channels > 0, "a table for each channel")
    precondition(pixels.count % channels == 0, "pixels have all channels")
    precondition(start >= 0 && start + pixels.count <= target.count, "pixels fit their target")
    // Safe: the extents were checked above; a byte is below 256 and a channel below `channels`.
    var i = 0
    while i < pixels.count {
      for channel in 0..<channels {
        let pixel = unsafe pixels[unchecked: i + channel]
        unsafe target[unchecked: start + i + channel] =
          table[unchecked: 256 * channel + Int(pixel)]
      }
      i += channels
    }
  }
}
