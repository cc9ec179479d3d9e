import AddendKernels

/// Geometries of convolutions and poolings that leave nothing out: strides, paddings, dilations,
/// extents that are prime, one channel, windows larger than the image with its padding half used.
enum WindowCase {
  static let all: [ConvolutionGeometry] = [
    window(1, 1, 1, 1, 1, 1), window(2, 5, 7, 3, 3, 3), window(3, 8, 8, 16, 3, 3, padding: 1),
    window(2, 9, 8, 5, 3, 2, stride: 2, padding: 1), window(1, 11, 13, 1, 5, 5),
    window(2, 12, 12, 20, 5, 5), window(2, 10, 9, 4, 3, 3, padding: 2, dilation: 2),
    window(1, 13, 11, 2, 2, 3, stride: 3, padding: 1, dilation: 2), window(5, 7, 7, 17, 1, 1),
    window(4, 6, 6, 8, 1, 1, stride: 2), window(2, 3, 3, 2, 5, 5, padding: 2),
    window(3, 8, 8, 33, 2, 2, stride: 2), window(17, 16, 16, 16, 3, 3, padding: 1),
  ]

  private static func window(
    _ batch: Int, _ height: Int, _ width: Int, _ channels: Int, _ filterHeight: Int,
    _ filterWidth: Int, stride: Int = 1, padding: Int = 0, dilation: Int = 1
  ) -> ConvolutionGeometry {
    ConvolutionGeometry(
      batch: batch, height: height, width: width, channels: channels, filterHeight: filterHeight,
      filterWidth: filterWidth, stride: stride, padding: padding, dilation: dilation)
  }
}
