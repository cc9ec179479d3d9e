extension PixelImage {
  /// This image in another size, by linear interpolation along each axis.
  ///
  /// The weight of source pixel `i` in target pixel `j` is that of a triangle centred on `j`'s
  /// middle, `max(0, 1 − |i + ½ − (j + ½) s| / max(1, s))` with `s` the ratio of the extents, divided
  /// by the sum of the weights. Where the image shrinks, `s > 1`, the triangle widens so that every
  /// source pixel counts (Pillow's `BILINEAR` does the same).
  public func resized(height: Int, width: Int) -> PixelImage {
    precondition(height > 0 && width > 0, "an image has pixels")
    guard height != self.height || width != self.width else { return self }
    let columns = Self.weights(from: self.width, to: width)
    let rows = Self.weights(from: self.height, to: height)
    var wide = [Float](repeating: 0, count: self.height * width * channels)
    for y in 0..<self.height {
      for (x, (first, weights)) in columns.enumerated() {
        for c in 0..<channels {
          var sum: Float = 0
          for (i, weight) in weights.enumerated() {
            sum += weight * Float(pixels[(y * self.width + first + i) * channels + c])
          }
          wide[(y * width + x) * channels + c] = sum
        }
      }
    }
    let rowSize = width * channels
    var result = [UInt8](repeating: 0, count: height * rowSize)
    for (y, (first, weights)) in rows.enumerated() {
      for place in 0..<rowSize {
        var sum: Float = 0
        for (i, weight) in weights.enumerated() {
          sum += weight * wide[(first + i) * rowSize + place]
        }
        result[y * rowSize + place] = UInt8(max(0, min(255, sum.rounded())))
      }
    }
    return PixelImage(height: height, width: width, channels: channels, pixels: result)
  }

  /// For each target pixel, its first source pixel and the weights from there on.
  private static func weights(from source: Int, to target: Int) -> [(first: Int, weights: [Float])]
  {
    let ratio = Double(source) / Double(target)
    let support = max(1, ratio)
    return (0..<target).map { j in
      let middle = (Double(j) + 0.5) * ratio
      let first = max(0, Int(middle - support + 0.5))
      let end = max(first + 1, min(source, Int(middle + support + 0.5)))
      let weights = (first..<end).map { i in
        max(0, 1 - abs((Double(i) + 0.5 - middle) / support))
      }
      let sum = weights.reduce(0, +)
      return (first, weights.map { Float($0 / sum) })
    }
  }
}
