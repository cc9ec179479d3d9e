public import AddendKernels

// float32's bulk operations, each through the kernels of this machine's widest instruction set.

extension Float {
  public static func gemm(
    _ shape: GEMMShape, _ a: Span<Float>, _ b: Span<Float>, bias: Span<Float>?,
    _ c: inout MutableSpan<Float>
  ) { AddendKernels.gemm(shape, a, b, bias: bias, &c) }

  public static func fill(_ y: inout MutableSpan<Float>, with value: Float) {
    FloatKernels.best.fill(&y, with: value)
  }

  public static func addScaled(
    _ alpha: Float, _ x: Span<Float>, to y: inout MutableSpan<Float>
  ) { FloatKernels.best.addScaled(alpha, x, to: &y) }

  public static func add(_ x: Span<Float>, to y: inout MutableSpan<Float>) {
    // α = 1 is exact, and the loop is bound by memory.
    FloatKernels.best.addScaled(1, x, to: &y)
  }

  public static func scale(_ y: inout MutableSpan<Float>, by alpha: Float) {
    FloatKernels.best.scale(&y, by: alpha)
  }

  public static func multiply(_ y: inout MutableSpan<Float>, by x: Span<Float>) {
    FloatKernels.best.multiply(&y, by: x)
  }

  public static func sumOfSquares(_ x: Span<Float>) -> Double {
    FloatKernels.best.sumOfSquares(x)
  }

  public static func activate(
    _ function: ActivationFunction, _ x: Span<Float>, into y: inout MutableSpan<Float>
  ) { FloatKernels.best.activate(function, x, into: &y) }

  public static func activationGradient(
    _ function: ActivationFunction, x: Span<Float>, y: Span<Float>, dy: Span<Float>,
    into dx: inout MutableSpan<Float>
  ) { FloatKernels.best.activationGradient(function, x: x, y: y, dy: dy, into: &dx) }

  public static func addRow(_ row: Span<Float>, toEachRowOf y: inout MutableSpan<Float>) {
    FloatKernels.best.addRow(row, toEachRowOf: &y)
  }

  public static func addColumnSums(of x: Span<Float>, to sums: inout MutableSpan<Float>) {
    FloatKernels.best.addColumnSums(of: x, to: &sums)
  }

  public static func softmax(
    _ logits: Span<Float>, columns: Int, into y: inout MutableSpan<Float>
  ) { FloatKernels.best.softmax(logits, columns: columns, into: &y) }

  public static func indexOfLargest(_ x: Span<Float>) -> Int {
    FloatKernels.best.indexOfLargest(x)
  }

  public static func patches(
    of image: Span<Float>, _ geometry: ConvolutionGeometry, into rows: inout MutableSpan<Float>
  ) { FloatKernels.best.patches(of: image, geometry, into: &rows) }

  public static func addPatches(
    _ rows: Span<Float>, _ geometry: ConvolutionGeometry, to image: inout MutableSpan<Float>
  ) { FloatKernels.best.addPatches(rows, geometry, to: &image) }

  public static func maxPool(
    _ x: Span<Float>, _ geometry: ConvolutionGeometry, into y: inout MutableSpan<Float>,
    choices: inout MutableSpan<Int32>
  ) { FloatKernels.best.maxPool(x, geometry, into: &y, choices: &choices) }

  public static func maxPoolGradient(
    _ dy: Span<Float>, choices: Span<Int32>, _ geometry: ConvolutionGeometry,
    into dx: inout MutableSpan<Float>
  ) { FloatKernels.best.maxPoolGradient(dy, choices: choices, geometry, into: &dx) }

  public static func averagePool(
    _ x: Span<Float>, _ geometry: ConvolutionGeometry, into y: inout MutableSpan<Float>
  ) { FloatKernels.best.averagePool(x, geometry, into: &y) }

  public static func averagePoolGradient(
    _ dy: Span<Float>, _ geometry: ConvolutionGeometry, into dx: inout MutableSpan<Float>
  ) { FloatKernels.best.averagePoolGradient(dy, geometry, into: &dx) }

  public static func columnMoments(
    of x: Span<Float>, mean: inout MutableSpan<Float>, variance: inout MutableSpan<Float>
  ) { FloatKernels.best.columnMoments(of: x, mean: &mean, variance: &variance) }

  public static func normalize(
    _ x: Span<Float>, mean: Span<Float>, inverseDeviation: Span<Float>, scale: Span<Float>,
    shift: Span<Float>, into y: inout MutableSpan<Float>
  ) {
    FloatKernels.best.normalize(
      x, mean: mean, inverseDeviation: inverseDeviation, scale: scale, shift: shift, into: &y)
  }

  public static func normalizationGradient(
    x: Span<Float>, dy: Span<Float>, mean: Span<Float>, inverseDeviation: Span<Float>,
    scale: Span<Float>, into dx: inout MutableSpan<Float>,
    scaleGradient: inout MutableSpan<Float>, shiftGradient: inout MutableSpan<Float>
  ) {
    FloatKernels.best.normalizationGradient(
      x: x, dy: dy, mean: mean, inverseDeviation: inverseDeviation, scale: scale, into: &dx,
      scaleGradient: &scaleGradient, shiftGradient: &shiftGradient)
  }
}
