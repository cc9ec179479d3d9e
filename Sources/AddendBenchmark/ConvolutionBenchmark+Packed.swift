internal import AddendKernels
internal import AddendTensors

// Implementations with the filter in their own order beforehand, as compiled models have it and as
// oneDNN's is here.
extension ConvolutionBenchmark {
  static let direct = Way<Problem>("direct") { problem in
    DirectConvolution(problem.geometry, outputs: problem.outputs).map { packed($0, problem) }
  }

  static func winograd(_ tile: WinogradConvolution.Tile) -> Way<Problem> {
    Way("Winograd \(tile.rawValue)×\(tile.rawValue)") { problem in
      WinogradConvolution(problem.geometry, outputs: problem.outputs, tile: tile).map {
        packed($0, problem, tolerance(of: $0, problem))
      }
    }
  }

  private static func packed(
    _ convolution: any ImageConvolution, _ problem: Problem, _ tolerance: Tolerance = .rounding
  ) -> Way<Problem>.Prepared {
    let isForward = problem.pass == .forward
    let packed = AlignedBuffer<Float>(
      uninitializedCount: isForward ? convolution.packedCount : convolution.gradientPackedCount)
    let memory = AlignedBuffer<Float>(
      uninitializedCount: max(
        convolution.scratchCount, convolution.inputGradientScratchCount,
        convolution.filterGradientScratchCount))
    var order = packed.uniqueSpan
    if isForward {
      convolution.pack(problem.filter.span, into: &order)
    } else {
      convolution.packForInputGradient(problem.filter.span, into: &order)
    }
    return .writing(problem.resultCount, tolerance: tolerance) { result in
      var scratch = memory.uniqueSpan
      switch problem.pass {
      case .forward:
        convolution.convolve(
          problem.image.span, packed.span, bias: nil, residual: nil, rectifies: false,
          scratch: &scratch, into: &result)
      case .inputGradient:
        convolution.inputGradient(problem.dy.span, packed.span, scratch: &scratch, into: &result)
      case .filterGradient:
        convolution.filterGradient(
          problem.image.span, problem.dy.span, accumulates: false, scratch: &scratch, into: &result)
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
