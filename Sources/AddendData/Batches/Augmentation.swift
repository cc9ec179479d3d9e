internal import AddendTensors

/// Small random changes of training images: a shifted crop and a mirror image.
///
/// As He et al. (*Deep residual learning for image recognition*, 2016, section 4.2): the image is
/// padded with `padding` zeros on each side, *after* normalisation, and a crop of the original size
/// is taken at random; with probability ½ it is mirrored left to right. The draws for an example
/// depend on seed, epoch and the example's number alone.
public struct Augmentation: Hashable, Sendable {
  public var padding: Int
  public var mirrors: Bool

  public init(padding: Int = 4, mirrors: Bool = true) {
    precondition(padding >= 0, "padding is not negative")
    self.padding = padding
    self.mirrors = mirrors
  }

  /// The images of a batch `[batch, height, width, channels]`, each changed in its own way.
  func applied(
    to images: Tensor<Float>, examples: [Int], epoch: Int, seed: UInt64
  ) -> Tensor<Float> {
    let source = images.span
    return Tensor(images.shape) { target in
      for (row, example) in examples.enumerated() {
        var random = Permutation.source(seed: seed, epoch: epoch, example: example)
        let window = Window(
          down: draw(&random), right: draw(&random), isMirrored: random.next() >> 63 == 1 && mirrors
        )
        copy(source, row, images.shape.element, window, into: &target)
      }
    }
  }

  private struct Window { let down: Int, right: Int, isMirrored: Bool }

  /// Uniform on `−padding ... padding`.
  private func draw(_ random: inout RandomSource) -> Int {
    Int(random.next().multipliedFullWidth(by: UInt64(2 * padding + 1)).high) - padding
  }

  private func copy(
    _ source: Span<Float>, _ image: Int, _ shape: Shape, _ window: Window,
    into target: inout MutableSpan<Float>
  ) {
    let (height, width, channels) = (shape[0], shape[1], shape[2])
    let base = image * shape.count
    for y in 0..<height {
      let sourceRow = y + window.down
      for x in 0..<width {
        let sourceColumn = (window.isMirrored ? width - 1 - x : x) + window.right
        let to = base + (y * width + x) * channels
        let isInside = 0..<height ~= sourceRow && 0..<width ~= sourceColumn
        let from = base + (sourceRow * width + sourceColumn) * channels
        for c in 0..<channels { target[to + c] = isInside ? source[from + c] : 0 }
      }
    }
  }
}
