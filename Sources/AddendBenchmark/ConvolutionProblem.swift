internal import AddendKernels
internal import AddendTensors

extension ConvolutionBenchmark {
  /// The operands of all passes: image `[batch, size, size, channels]`, filter
  /// `[rows, columns, channels, outputs]`, `dy` `[batch, rows, columns, outputs]`.
  package struct Problem: SumProblem, Sendable {
    let benchmark: ConvolutionBenchmark
    let geometry: ConvolutionGeometry
    let image, filter, dy: Tensor<Float>
    let threads: Int

    package init(_ benchmark: ConvolutionBenchmark) {
      let layer = benchmark.layer
      self.benchmark = benchmark
      geometry = ConvolutionGeometry(
        batch: benchmark.batch, height: layer.size, width: layer.size, channels: layer.channels,
        filterHeight: layer.filter, filterWidth: layer.filter, stride: layer.stride,
        padding: layer.padding)
      var random = RandomSource(seed: 1)
      image = .uniform([geometry.imageCount], &random)
      filter = .uniform([geometry.patchSize * layer.outputs], &random)
      dy = .uniform([geometry.patchCount * layer.outputs], &random)
      threads = ThreadPool.current.threadCount
    }

    var pass: Pass { benchmark.pass }
    var outputs: Int { benchmark.layer.outputs }
    package var caseName: String { benchmark.name }
    package var shapeText: String {
      let layer = benchmark.layer
      return "\(layer.size)² \(layer.channels)→\(layer.outputs) \(layer.filter)×\(layer.filter)"
        + "\(layer.stride > 1 ? "/\(layer.stride)" : ""), batch \(benchmark.batch), \(pass.name)"
    }
    package var work: Work {
      Work(
        multiplyAdds: Double(geometry.patchCount) * Double(geometry.patchSize) * Double(outputs),
        bytes: 4 * Double(image.count + filter.count + dy.count))
    }
    package var resultCount: Int { [image, filter, dy][pass.resultOperand].count }

    package func visitTerms(of index: Int, _ body: (Double) -> Void) {
      switch pass {
      case .forward: visitOutputTerms(index, body)
      case .inputGradient: visitInputTerms(index, body)
      case .filterGradient: visitFilterTerms(index, body)
      }
    }

    private func visitOutputTerms(_ index: Int, _ body: (Double) -> Void) {
      let g = geometry
      let (image, filter) = (image.span, filter.span)
      let (position, output) = (index / outputs, index % outputs)
      let (b, p, q) = split(position)
      for r in 0..<g.filterHeight {
        let row = g.source(output: p, tap: r)
        guard 0..<g.height ~= row else { continue }
        for s in 0..<g.filterWidth {
          let column = g.source(output: q, tap: s)
          guard 0..<g.width ~= column else { continue }
          let pixel = ((b * g.height + row) * g.width + column) * g.channels
          let tap = (r * g.filterWidth + s) * g.channels
          for c in 0..<g.channels {
            body(Double(image[pixel + c]) * Double(filter[(tap + c) * outputs + output]))
          }
        }
      }
    }

    /// Every output whose window the pixel lies in.
    private func visitInputTerms(_ index: Int, _ body: (Double) -> Void) {
      let g = geometry
      let (filter, dy) = (filter.span, dy.span)
      let (pixel, c) = (index / g.channels, index % g.channels)
      let (b, row, column) = (
        pixel / (g.height * g.width), pixel / g.width % g.height, pixel % g.width
      )
      for r in 0..<g.filterHeight {
        let p = row + g.padding - r * g.dilation
        guard p >= 0, p % g.stride == 0, p / g.stride < g.outputHeight else { continue }
        for s in 0..<g.filterWidth {
          let q = column + g.padding - s * g.dilation
          guard q >= 0, q % g.stride == 0, q / g.stride < g.outputWidth else { continue }
          let position = (b * g.outputHeight + p / g.stride) * g.outputWidth + q / g.stride
          let tap = ((r * g.filterWidth + s) * g.channels + c) * outputs
          for output in 0..<outputs {
            body(Double(dy[position * outputs + output]) * Double(filter[tap + output]))
          }
        }
      }
    }

    private func visitFilterTerms(_ index: Int, _ body: (Double) -> Void) {
      let g = geometry
      let (image, dy) = (image.span, dy.span)
      let (place, output) = (index / outputs, index % outputs)
      let (tap, c) = (place / g.channels, place % g.channels)
      let (r, s) = (tap / g.filterWidth, tap % g.filterWidth)
      for position in 0..<g.patchCount {
        let (b, p, q) = split(position)
        let (row, column) = (g.source(output: p, tap: r), g.source(output: q, tap: s))
        guard 0..<g.height ~= row, 0..<g.width ~= column else { continue }
        let pixel = ((b * g.height + row) * g.width + column) * g.channels
        body(Double(image[pixel + c]) * Double(dy[position * outputs + output]))
      }
    }

    /// Image, row and column of an output position.
    private func split(_ position: Int) -> (Int, Int, Int) {
      let (height, width) = (geometry.outputHeight, geometry.outputWidth)
      return (position / (height * width), position / width % height, position % width)
    }
  }
}
