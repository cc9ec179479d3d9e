internal import AddendKernels
internal import AddendTensors

/// The codes of a batch of images, one for each group of channels at each pixel, with those of a
/// pixel of zeros in the padding.
struct CodeImage: Sendable {
  let shape: LookupImageShape
  /// `[groups, batch, paddedHeight, paddedWidth]`.
  private let padded: AlignedBuffer<UInt8>
  /// `[groups, batch · height · width]`, of the pixels themselves.
  let pixels: LookupCodes

  /// Encodes `image: [batch, height, width, channels]`, each pixel once.
  init<Scalar>(
    _ image: Tensor<Scalar>, _ geometry: ConvolutionGeometry, by encoder: LookupEncoder<Scalar>,
    outputs: Int
  ) {
    shape = encoder.shape(geometry, outputs: outputs)
    let pixelCount = geometry.batch * geometry.height * geometry.width
    pixels = encoder.encode(image.reshaped([pixelCount, geometry.channels]))
    padded = AlignedBuffer(uninitializedCount: shape.codeCount)
    let zeros = encoder.zeroCodes
    var span = padded.uniqueSpan
    padLookupCodes(pixels.span, zeros: zeros.span, shape, into: &span)
  }

  var span: Span<UInt8> {
    @_lifetime(borrow self) get { padded.span }
  }
}

extension LookupEncoder {
  func shape(_ geometry: ConvolutionGeometry, outputs: Int) -> LookupImageShape {
    LookupImageShape(geometry, groups: layout.count, levels: levels, outputs: outputs)
  }

  /// The code of each block of a row of zeros, whose hashes are zeros too.
  var zeroCodes: [UInt8] {
    let borders = thresholds.span
    return (0..<layout.count).map { j in
      var node = 1
      for _ in 0..<levels { node = 2 * node + (borders[j * entries + node].double < 0 ? 1 : 0) }
      return UInt8(node - entries)
    }
  }
}
