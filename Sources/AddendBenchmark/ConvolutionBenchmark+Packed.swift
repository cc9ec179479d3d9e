internal import AddendKernels
internal import AddendTensors

// Implementations with the filter in their own order beforehand, as compiled models have it and as
// oneDNN's is here.
extension ConvolutionBenchmark {
  static let direct = Way<Problem>("direct") { problem in
    guard let convolution = DirectConvolution(problem.geometry, outputs: problem.outputs) else {
      return nil
    }
    let isForward = problem.pass == .forward
    let packed = AlignedBuffer<Float>(
      uninitializedCount: isForward ? convolution.packedCount : convolution.gradientPackedCount)
    let memory = AlignedBuffer<Float>(uninitializedCount: convolution.scratchCount)
    var order = packed.uniqueSpan
    if isForward {
      convolution.pack(problem.filter.span, into: &order)
    } else {
      convolution.packForInputGradient(problem.filter.span, into: &order)
    }
    return .writing(problem.resultCount) { result in
      var scratch = memory.uniqueSpan
      switch problem.pass {
      case .forward:
        convolution.convolve(problem.image.span, packed.span, scratch: &scratch, into: &result)
      case .inputGradient:
        convolution.inputGradient(problem.dy.span, packed.span, scratch: &scratch, into: &result)
      case .filterGradient:
        convolution.filterGradient(
          problem.image.span, problem.dy.span, accumulates: false, scratch: &scratch, into: &result)
      }
    }
  }

  static func winograd(_ tile: WinogradConvolution.Tile) -> Way<Problem> {
    Way("Winograd \(tile.rawValue)×\(tile.rawValue)") { problem in
      guard
        let convolution = WinogradConvolution(
          problem.geometry, outputs: problem.outputs, tile: tile)
      else { return nil }
      let isForward = problem.pass == .forward
      let packed = AlignedBuffer<Float>(
        uninitializedCount: isForward ? convolution.packedCount : convolution.turnedCount)
      let memory = AlignedBuffer<Float>(
        uninitializedCount: max(
          convolution.scratchCount, convolution.inputGradientScratchCount,
          convolution.filterGradientScratchCount))
      var order = packed.uniqueSpan
      if isForward {
        convolution.pack(problem.filter.span, into: &order)
      } else {
        convolution.packTurned(problem.filter.span, into: &order)
      }
      return .writing(problem.resultCount, tolerance: tolerance(of: convolution, problem)) {
        result in
        var scratch = memory.uniqueSpan
        switch problem.pass {
        case .forward:
          convolution.convolve(problem.image.span, packed.span, scratch: &scratch, into: &result)
        case .inputGradient:
          convolution.inputGradient(problem.dy.span, packed.span, scratch: &scratch, into: &result)
        case .filterGradient:
          convolution.filterGradient(
            problem.image.span, problem.dy.span, accumulates: false, scratch: &scratch,
            into: &result)
        }
      }
    }
  }

  /// The operands are at most 1: the bound of `WinogradConvolution.errorFactor`.
  private static func tolerance(
    of convolution: WinogradConvolution, _ problem: Problem
  ) -> Tolerance {
    switch problem.pass {
    case .forward:
      .absolute(convolution.errorFactor(.output) * Double(problem.geometry.channels))
    case .inputGradient:
      .absolute(convolution.errorFactor(.inputGradient) * Double(problem.outputs))
    case .filterGradient: .absolute(convolution.errorFactor(.filterGradient))
    }
  }
}
