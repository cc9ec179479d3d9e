public import AddendKernels

/// What a tensor's elements are: a number format.
///
/// The arithmetic is the *definition* of every operation; the bulk operations below it have
/// defaults written in that arithmetic, and a format overrides those for which it has kernels.
public protocol TensorScalar: BitwiseCopyable, Sendable, Comparable {
  /// The format's name in files and reports: `float32`.
  static var formatName: String { get }

  /// Symbols from 0 to below this have numbers of their own.
  static var symbolCount: Int { get }
  /// What stands for a symbol: the whole number that it is, where a format has those.
  init(symbol: Int)
  /// The symbol that this stands for, if it stands for one.
  var symbol: Int? { get }

  /// The smallest number above zero.
  static var leastPositive: Double { get }

  /// Whether products add logarithms and sums read tables.
  static var isLogarithmic: Bool { get }
  /// What an addition of a long sum takes: more than one where what it loses is kept.
  static var additionsPerSum: Int { get }

  /// The format in which sums of products of this one are kept.
  associatedtype Accumulator: TensorScalar = Self
  /// `x·y` in the accumulator's format.
  static func product(_ x: Self, _ y: Self) -> Accumulator
  /// A sum brought back to this format.
  init(rounding sum: Accumulator)

  /// The nearest number of the format, ties to even.
  init(_ value: Double)
  /// The value; exact.
  var double: Double { get }
  /// `init(_: Double)` of a constant: a hyper-parameter, read once in an operation, or a literal. A
  /// format that computes without floating point tells it from a conversion of data.
  init(constant value: Double)
  /// `double`, for people to read.
  var reported: Double { get }

  static var zero: Self { get }
  static func + (a: Self, b: Self) -> Self
  static func - (a: Self, b: Self) -> Self
  static func * (a: Self, b: Self) -> Self
  static func / (a: Self, b: Self) -> Self
  static prefix func - (a: Self) -> Self

  static func exp(_ x: Self) -> Self
  static func log(_ x: Self) -> Self
  static func tanh(_ x: Self) -> Self
  static func squareRoot(_ x: Self) -> Self
  static func erf(_ x: Self) -> Self

  /// A draw from the uniform law on ±`limit`.
  static func uniform(within limit: Double, using random: inout RandomSource) -> Self
  /// `1 / √(variance + ε)`, one for each channel of a normalisation.
  static func inverseDeviation(of variance: Self, epsilon: Double) -> Self
  /// `(1 − share) · running + share · factor · new`, one for each channel of a normalisation.
  static func moved(
    _ running: Self, towards new: Self, by share: Double, scaled factor: Double
  ) -> Self

  /// One read of a precomputed table: the entry itself. A counting format counts it.
  static func lookUp(_ entry: Self) -> Self

  // Bulk operations: the definition of each stands in the file named after its heading.

  // TensorScalar+Products.swift
  /// `C = op(A) op(B)`, plus `bias` in every row where there is one.
  static func gemm(
    _ shape: GEMMShape, _ a: Span<Self>, _ b: Span<Self>, bias: Span<Self>?,
    _ c: inout MutableSpan<Self>)

  // TensorScalar+Elementwise.swift
  /// `y = value`.
  static func fill(_ y: inout MutableSpan<Self>, with value: Self)
  /// `y += x`.
  static func add(_ x: Span<Self>, to y: inout MutableSpan<Self>)
  /// `y += α x`.
  static func addScaled(_ alpha: Self, _ x: Span<Self>, to y: inout MutableSpan<Self>)
  /// `y ·= α`.
  static func scale(_ y: inout MutableSpan<Self>, by alpha: Self)
  /// `y ⊙= x`.
  static func multiply(_ y: inout MutableSpan<Self>, by x: Span<Self>)
  /// `Σ x²`, in a fixed order.
  static func sumOfSquares(_ x: Span<Self>) -> Double
  /// `y = f(x)`.
  static func activate(
    _ function: ActivationFunction, _ x: Span<Self>, into y: inout MutableSpan<Self>)
  /// `dx = dy · f′(x)`, where `y = f(x)`; the one that `slopeOperand` does not name may be anything.
  static func activationGradient(
    _ function: ActivationFunction, x: Span<Self>, y: Span<Self>, dy: Span<Self>,
    into dx: inout MutableSpan<Self>)

  // TensorScalar+Rounding.swift
  /// `y = x` rounded to `format`, which says how.
  static func round(_ x: Span<Self>, to format: NumberFormat, into y: inout MutableSpan<Self>)
  /// `y = x`, each rounded to a neighbour in `format` with `x` as the mean; one draw for each element.
  static func round(
    _ x: Span<Self>, stochasticallyTo format: FloatFormat, using random: inout RandomSource,
    into y: inout MutableSpan<Self>)

  // TensorScalar+RoundedProducts.swift
  /// `gemm` of operands rounded, and with sums kept, as `format` says.
  static func gemm(
    _ shape: GEMMShape, _ a: Span<Self>, _ b: Span<Self>, bias: Span<Self>?,
    in format: ProductFormat, _ c: inout MutableSpan<Self>)
  /// `op(B) [rows, columns]` rounded and laid out for many such products; `nil` where that saves nothing.
  static func packed(
    _ b: Span<Self>, rows: Int, columns: Int, transposed: Bool, in format: ProductFormat
  ) -> PackedOperand<Self>?
  /// `C = op(A) op(B)` with sums in the levels of `accumulation`, which has some.
  static func leveledProduct(
    _ shape: GEMMShape, _ a: Span<Self>, _ b: Span<Self>, _ accumulation: Accumulation,
    _ c: inout MutableSpan<Self>)
  /// `convolve` likewise; the image is the left operand.
  static func convolve(
    _ image: Span<Self>, _ filter: Span<Self>, _ geometry: ConvolutionGeometry,
    in format: ProductFormat, into y: inout MutableSpan<Self>)
  /// `convolutionInputGradient` likewise; `dy` is the left operand.
  static func convolutionInputGradient(
    _ dy: Span<Self>, _ filter: Span<Self>, _ geometry: ConvolutionGeometry,
    in format: ProductFormat, into dx: inout MutableSpan<Self>)
  /// `convolutionFilterGradient` likewise; the image is the left operand.
  static func convolutionFilterGradient(
    _ image: Span<Self>, _ dy: Span<Self>, _ geometry: ConvolutionGeometry,
    in format: ProductFormat, accumulates: Bool, into filterGradient: inout MutableSpan<Self>)

  // TensorScalar+Quantization.swift
  /// `y = codes of x`.
  static func quantize(_ x: Span<Self>, by rule: Quantization, into y: inout MutableSpan<Self>)
  /// With `v = |x| · factor`: one of the powers of two on both sides of `v` (0 and 1 where `v < 1`), with
  /// the sign of `x`, drawn so that `v` is the mean; at most `2^(count − 1)`.
  static func drawPowers(
    _ x: Span<Self>, factor: Double, count: Int, seed: UInt64, into y: inout MutableSpan<Self>)
  /// `dx = dy` where `x` lies in `range`, else 0.
  static func pass(
    _ dy: Span<Self>, where x: Span<Self>, isWithin range: ClosedRange<Double>,
    into dx: inout MutableSpan<Self>)
  /// `y` cut to `range`; NaN stays.
  static func clamp(_ y: inout MutableSpan<Self>, to range: ClosedRange<Double>)
  /// The smallest and the largest number; NaN counts for nothing, and without numbers both are 0.
  static func extremes(of x: Span<Self>) -> (lowest: Double, highest: Double)
  /// `b`, of numbers that bfloat16 has, for `multiplyNarrow`; `nil` where there are no kernels for it.
  static func packNarrow(
    _ b: Span<Self>, rows: Int, columns: Int, transposed: Bool
  ) -> PackedHalfMatrix?
  /// `C = A B`, or added to it, for `a` of numbers that bfloat16 has.
  static func multiplyNarrow(
    _ a: Span<Self>, rows: Int, by b: PackedHalfMatrix, accumulates: Bool,
    into c: inout MutableSpan<Self>)

  // TensorScalar+Rows.swift
  /// `y[r, :] += row` for each row of `y`.
  static func addRow(_ row: Span<Self>, toEachRowOf y: inout MutableSpan<Self>)
  /// `sums[c] += Σ_r x[r, c]`, rows in order.
  static func addColumnSums(of x: Span<Self>, to sums: inout MutableSpan<Self>)
  /// `means[c] = Σ_r x[r, c] / rows`, rows in order.
  static func columnMeans(of x: Span<Self>, into means: inout MutableSpan<Self>)
  /// The index of the largest element, the first of equals; 0 of none.
  static func indexOfLargest(_ x: Span<Self>) -> Int
  /// Each row of `logits` to its softmax.
  static func softmax(_ logits: Span<Self>, columns: Int, into y: inout MutableSpan<Self>)
  /// The sum over rows that have a class (≥ 0) of `−Σ_c target_c · log softmax(logits)_c`. The target is
  /// `1 − smoothing` on the class plus `smoothing / columns` everywhere. The gradient of `weight` times
  /// that sum takes the logits' place: `weight · (softmax − target)`, zero in the other rows.
  static func softmaxCrossEntropy(
    _ logits: inout MutableSpan<Self>, columns: Int, classes: Span<Int32>, smoothing: Double,
    weight: Double
  ) -> Double

  // TensorScalar+Patches.swift
  /// An image batch to the rows that a convolution multiplies, padding as zeros.
  static func patches(
    of image: Span<Self>, _ geometry: ConvolutionGeometry, into rows: inout MutableSpan<Self>)
  /// The adjoint of `patches`: adds every patch entry to the pixel that it came from.
  static func addPatches(
    _ rows: Span<Self>, _ geometry: ConvolutionGeometry, to image: inout MutableSpan<Self>)

  // TensorScalar+Convolution.swift
  /// `y = patches(image) · filter`; `filter` is `[patchSize, outputs]`.
  static func convolve(
    _ image: Span<Self>, _ filter: Span<Self>, _ geometry: ConvolutionGeometry,
    into y: inout MutableSpan<Self>)
  /// `dx` of `y = convolve(x, filter)`, overwritten.
  static func convolutionInputGradient(
    _ dy: Span<Self>, _ filter: Span<Self>, _ geometry: ConvolutionGeometry,
    into dx: inout MutableSpan<Self>)
  /// `dfilter = patches(image)ᵀ dy`, added to what the span holds or put in its place.
  static func convolutionFilterGradient(
    _ image: Span<Self>, _ dy: Span<Self>, _ geometry: ConvolutionGeometry, accumulates: Bool,
    into filterGradient: inout MutableSpan<Self>)

  // TensorScalar+Pooling.swift
  /// The largest pixel under each window, per channel, and the number of its tap: the first of
  /// equals, −1 where the window lies in the padding. A NaN wins only as the first of its window.
  static func maxPool(
    _ x: Span<Self>, _ geometry: ConvolutionGeometry, into y: inout MutableSpan<Self>,
    choices: inout MutableSpan<Int32>)
  /// `dx` of `maxPool`, overwritten: each `dy` goes to the pixel chosen.
  static func maxPoolGradient(
    _ dy: Span<Self>, choices: Span<Int32>, _ geometry: ConvolutionGeometry,
    into dx: inout MutableSpan<Self>)
  /// The mean of the pixels under each window, per channel.
  static func averagePool(
    _ x: Span<Self>, _ geometry: ConvolutionGeometry, into y: inout MutableSpan<Self>)
  /// `dx` of `averagePool`, overwritten.
  static func averagePoolGradient(
    _ dy: Span<Self>, _ geometry: ConvolutionGeometry, into dx: inout MutableSpan<Self>)

  // TensorScalar+Normalization.swift
  /// Each column's mean and (biased) variance over the rows of `x`; `mean` has its width.
  static func columnMoments(
    of x: Span<Self>, mean: inout MutableSpan<Self>, variance: inout MutableSpan<Self>)
  /// `y = scale · (x − mean) · inverseDeviation + shift`, columns apart.
  static func normalize(
    _ x: Span<Self>, mean: Span<Self>, inverseDeviation: Span<Self>, scale: Span<Self>,
    shift: Span<Self>, into y: inout MutableSpan<Self>)
  /// The gradients of `normalize` with the batch's own moments, through which `dx` reaches too.
  /// All three results are overwritten.
  static func normalizationGradient(
    x: Span<Self>, dy: Span<Self>, mean: Span<Self>, inverseDeviation: Span<Self>,
    scale: Span<Self>, into dx: inout MutableSpan<Self>, scaleGradient: inout MutableSpan<Self>,
    shiftGradient: inout MutableSpan<Self>)

  // TensorScalar+RowNormalization.swift
  /// `y = scale · (x − mean) / √(variance + ε) + shift`, each row with its own moments, which are
  /// left in `mean` and `inverseDeviation`.
  static func normalizeRows(
    _ x: Span<Self>, epsilon: Double, scale: Span<Self>, shift: Span<Self>,
    into y: inout MutableSpan<Self>, mean: inout MutableSpan<Self>,
    inverseDeviation: inout MutableSpan<Self>)
  /// The gradients of `normalizeRows`; all three results are overwritten.
  static func rowNormalizationGradient(
    x: Span<Self>, dy: Span<Self>, mean: Span<Self>, inverseDeviation: Span<Self>,
    scale: Span<Self>, into dx: inout MutableSpan<Self>, scaleGradient: inout MutableSpan<Self>,
    shiftGradient: inout MutableSpan<Self>)

  // TensorScalar+Blocks.swift
  /// Copies `count` blocks of `length` elements each.
  static func copyBlocks(
    _ count: Int, length: Int, from x: Span<Self>, _ source: StridedBlocks,
    to y: inout MutableSpan<Self>, _ target: StridedBlocks)

  // TensorScalar+Gathering.swift
  /// Reads `x` as integers from 0 to `limit − 1`; returns where one is not, if anywhere.
  static func indices(
    of x: Span<Self>, below limit: Int, into indices: inout MutableSpan<Int32>
  ) -> Int?
  /// `y[i] = table[256 · (i mod channels) + bytes[i]]`, the table having 256 numbers for each channel.
  static func lookUp(_ bytes: Span<UInt8>, in table: Span<Self>, into y: inout MutableSpan<Self>)
  /// `y[i, :] = table[indices[i], :]`.
  static func gatherRows(
    of table: Span<Self>, width: Int, _ indices: Span<Int32>, into y: inout MutableSpan<Self>)
  /// `table[indices[i], :] += rows[i, :]`, in order.
  static func addRows(
    _ rows: Span<Self>, width: Int, at indices: Span<Int32>, to table: inout MutableSpan<Self>)

  // TensorScalar+Gating.swift
  /// 0 with probability `rate`, else `1 / (1 − rate)`; one draw for each element.
  static func dropoutMask(
    rate: Double, using random: inout RandomSource, into mask: inout MutableSpan<Self>)
  /// `y = t ⊙ h + (1 − t) ⊙ x`.
  static func blend(
    _ x: Span<Self>, _ h: Span<Self>, share t: Span<Self>, into y: inout MutableSpan<Self>)
  /// The three gradients of `blend`, overwritten.
  static func blendGradient(
    _ x: Span<Self>, _ h: Span<Self>, share t: Span<Self>, dy: Span<Self>,
    into dx: inout MutableSpan<Self>, _ dh: inout MutableSpan<Self>, _ dt: inout MutableSpan<Self>)

  // TensorScalar+Recurrent.swift
  /// `h′, s′` of an LSTM from `s`, and the gates' values.
  static func lstmStep(
    _ functions: FunctionApproximation, size: Int, input: Span<Self>, recurrent: Span<Self>,
    memory: Span<Self>, gates: inout MutableSpan<Self>, nextMemory: inout MutableSpan<Self>,
    output: inout MutableSpan<Self>)
  /// The gradient towards `input` and `recurrent`, which is one; that towards `s′` becomes that
  /// towards `s`.
  static func lstmStepGradient(
    _ functions: FunctionApproximation, size: Int, gates: Span<Self>, memory: Span<Self>,
    nextMemory: Span<Self>, outputGradient: Span<Self>, memoryGradient: inout MutableSpan<Self>,
    gateGradient: inout MutableSpan<Self>)
  /// `h′` of a GRU from `h`, and the gates' values.
  static func gruStep(
    _ functions: FunctionApproximation, size: Int, input: Span<Self>, recurrent: Span<Self>,
    state: Span<Self>, gates: inout MutableSpan<Self>, output: inout MutableSpan<Self>)
  /// The gradients of `gruStep`, overwritten; `stateGradient` lacks what goes through `recurrent`.
  static func gruStepGradient(
    size: Int, gates: Span<Self>, recurrent: Span<Self>, state: Span<Self>,
    outputGradient: Span<Self>, stateGradient: inout MutableSpan<Self>,
    inputGradient: inout MutableSpan<Self>, recurrentGradient: inout MutableSpan<Self>)
  /// `h′ = tanh(input + recurrent)`.
  static func elmanStep(
    _ functions: FunctionApproximation, input: Span<Self>, recurrent: Span<Self>,
    output: inout MutableSpan<Self>)

  // TensorScalar+Recurrence.swift
  /// Recurrent layers over whole sequences; `nil` where there are no kernels for them.
  static var wholeRecurrence: (any WholeRecurrence<Self>)? { get }

  // TensorScalar+TaylorSoftmax.swift; `order` is even and positive
  /// `f(z_c) / Σ_k f(z_k)` of each row, with `f(z) = Σ_{i ≤ order} z^i / i!`.
  static func taylorSoftmax(
    _ logits: Span<Self>, columns: Int, order: Int, into y: inout MutableSpan<Self>)
  /// The sum over rows that have a class (≥ 0) of `−log` of the class's `taylorSoftmax`, and the
  /// gradient of `weight` times that sum; zero in the other rows. Finite for all finite logits.
  static func taylorCrossEntropy(
    _ logits: Span<Self>, columns: Int, order: Int, classes: Span<Int32>, weight: Double,
    gradient: inout MutableSpan<Self>
  ) -> Double

  // TensorScalar+Losses.swift
  /// `Σ (y − target)²`, and the gradient of `weight` times that sum.
  static func squaredError(
    _ y: Span<Self>, targets: Span<Float>, weight: Double, gradient: inout MutableSpan<Self>
  ) -> Double
  /// `Σ max(0, 1 − t y)²` over the rows that have a class (≥ 0), `t` being 1 in the class's column
  /// and −1 elsewhere, and the gradient of `weight` times that sum.
  static func squaredHinge(
    _ y: Span<Self>, columns: Int, classes: Span<Int32>, weight: Double,
    gradient: inout MutableSpan<Self>
  ) -> Double
  /// Whether the element in `column` is among the `rank` first of `row`, largest first and the first
  /// of equals first. A NaN has no rank.
  static func isRanked(within rank: Int, column: Int, of row: Span<Self>) -> Bool

  // TensorScalar+Updates.swift
  /// Moves `weights` and `velocity` by one step.
  static func update(
    _ weights: inout MutableSpan<Self>, gradient: Span<Self>,
    velocity: inout MutableSpan<Self>, _ step: MomentumStep)
  /// As the above, the weights' sums being Kahan's: with `c` in `lost` and the step's change `u`,
  /// `y = u − c; t = w + y; c = (t − w) − y; w = t`.
  static func update(
    _ weights: inout MutableSpan<Self>, gradient: Span<Self>,
    velocity: inout MutableSpan<Self>, lost: inout MutableSpan<Self>, _ step: MomentumStep)
  /// Moves `weights` and both moments by one step.
  static func update(
    _ weights: inout MutableSpan<Self>, gradient: Span<Self>,
    firstMoment: inout MutableSpan<Self>, secondMoment: inout MutableSpan<Self>, _ step: AdamStep)
  /// Moves `weights`, their first moment and the largest gradients by one step.
  static func update(
    _ weights: inout MutableSpan<Self>, gradient: Span<Self>,
    firstMoment: inout MutableSpan<Self>, largest: inout MutableSpan<Self>, _ step: AdaMaxStep)

  // TensorScalar+Lookups.swift; shapes as `LookupShape` names them
  /// `codes[j, r]`: the leaf that row `r` reaches in block `j`'s tree, which compares the inputs
  /// `columns: [blocks, levels]` with `thresholds: [blocks, entries]`, counted as in a heap from 1.
  static func encodeLookups(
    _ x: Span<Self>, _ shape: LookupShape, columns: Span<Int32>, thresholds: Span<Self>,
    into codes: inout MutableSpan<UInt8>)
  /// `h[r, j, l] = Σ_i ±x[r, positions[j, i]]` with the signs of row `l`, without the padding (−1).
  static func hashSums(
    _ x: Span<Self>, _ shape: LookupShape, positions: Span<Int32>, signs: Span<Int8>,
    into h: inout MutableSpan<Self>)
  /// `y[r, :] = Σ_j tables[j, codes[j, r], :]`, blocks in order.
  static func sumEntries(
    of tables: Span<Self>, at codes: Span<UInt8>, _ shape: LookupShape,
    into y: inout MutableSpan<Self>)
  /// `sumEntries` of the tables that `buildTables` would make of `factors`.
  static func sumEntries(
    of factors: borrowing LookupFactors<Self>, at codes: Span<UInt8>, _ shape: LookupShape,
    into y: inout MutableSpan<Self>)
  /// `tables[j, k, :] = corrections[j, k, :] + Σ_i prototypes[j, k, i] · weight[positions[j, i], :]`.
  static func buildTables(
    of factors: borrowing LookupFactors<Self>, _ shape: LookupShape,
    into tables: inout MutableSpan<Self>)
  /// The gradients of `sumEntries` towards `factors`: those of corrections and weight put in place of
  /// what is there or added to it, the prototypes' overwritten.
  static func lookupGradients(
    of dy: Span<Self>, at codes: Span<UInt8>, _ factors: borrowing LookupFactors<Self>,
    _ shape: LookupShape, accumulatesCorrections: Bool, accumulatesWeight: Bool,
    corrections: inout MutableSpan<Self>, weight: inout MutableSpan<Self>,
    prototypes: inout MutableSpan<Self>)
  /// `y[r, m] = scales[m] · Σ_j tables[m, j, codes[j, r]] + offsets[m]`; `tables` is
  /// `[outputs, paddedBlocks, packedEntries]`.
  static func sumPackedEntries(
    of tables: Span<Int8>, at codes: Span<UInt8>, _ shape: LookupShape, scales: Span<Self>,
    offsets: Span<Self>, into y: inout MutableSpan<Self>)
  /// `dx[r, p] += α (x[r, p] − prototypes[j, codes[j, r], i])` for each input `p = positions[j, i]`;
  /// with several stages, the prototypes of all are subtracted.
  static func addDeviations(
    of x: Span<Self>, from prototypes: Span<Self>, at codes: Span<UInt8>, positions: Span<Int32>,
    _ shape: LookupShape, times alpha: Self, to dx: inout MutableSpan<Self>)
  /// The means of the buckets' blocks of `x: [rows, inputs]`, as `[blocks, entries, blockSize]`; zero
  /// for an empty bucket and in the padding.
  static func bucketMeans(
    of x: Span<Self>, by codes: Span<UInt8>, positions: Span<Int32>, _ shape: LookupShape,
    into means: inout MutableSpan<Self>)
  /// What each bucket's rows had on average under their `old` codes, of `values: [blocks, entries,
  /// outputs]`; zero for an empty bucket.
  static func mixEntries(
    of values: Span<Self>, from old: Span<UInt8>, to codes: Span<UInt8>, _ shape: LookupShape,
    into mixed: inout MutableSpan<Self>)
  /// Brings the largest magnitude of each row of `x` into [1/2, 1) by a power of two: `y[r, :] = x[r, :]
  /// / scales[r]`. The scale of a row of zeros is 1, of one that is not finite NaN.
  static func scaleRowsToOne(
    _ x: Span<Self>, into y: inout MutableSpan<Self>, scales: inout MutableSpan<Self>)
  /// `x[r, :] *= scales[r]`.
  static func scaleRows(_ x: inout MutableSpan<Self>, by scales: Span<Self>)
  /// The adjoints of `buildTables` towards `weight` (overwritten, or added to) and `prototypes`
  /// (overwritten), given the tables' gradient `sums`.
  static func tableGradients(
    sums: Span<Self>, prototypes: Span<Self>, positions: Span<Int32>, weight: Span<Self>,
    _ shape: LookupShape, accumulates: Bool, weightGradient: inout MutableSpan<Self>,
    prototypeGradient: inout MutableSpan<Self>)

  // TensorScalar+Int8.swift
  /// `y = x W + bias` in integers: `x` an image, or rows as `Int8Product.rowGeometry` has them,
  /// brought to the product's bytes first.
  static func int8Convolve(
    _ x: Span<Self>, _ product: Int8Product, _ geometry: ConvolutionGeometry, bias: Span<Self>?,
    into y: inout MutableSpan<Self>)
  /// `x` in integers of `±limit` with a scale for each column, as `RoundingKernels.roundColumns`
  /// has it; in float32, whatever the scalar.
  static func roundColumns(
    _ x: Span<Self>, columns: Int, limit: Int, scales: ClosedRange<Float>,
    into y: inout MutableSpan<Self>)
  /// `y` = the values of the bytes of `x`.
  static func passThroughBytes(
    _ x: Span<Self>, _ quantization: AffineQuantization, into y: inout MutableSpan<Self>)

  // TensorScalar+LookupImages.swift; shapes as `LookupImageShape` names them
  /// `y[r, :] = Σ_v tables[v, code(v, r), :]`, blocks in order.
  static func sumImageEntries(
    of tables: Span<Self>, at codes: Span<UInt8>, _ shape: LookupImageShape,
    into y: inout MutableSpan<Self>)
  /// `sums[v, k, :] = Σ dy[r, :]` over the rows whose code in block `v` is `k`.
  static func imageBucketSums(
    of dy: Span<Self>, by codes: Span<UInt8>, _ shape: LookupImageShape,
    into sums: inout MutableSpan<Self>)
  /// `y[r, m] = scales[m] · Σ_v tables[m, v, code(v, r)] + offsets[m]`; `tables` is `[outputs, taps,
  /// paddedGroups, 16]`.
  static func sumPackedImageEntries(
    of tables: Span<Int8>, at codes: Span<UInt8>, _ shape: LookupImageShape, scales: Span<Self>,
    offsets: Span<Self>, into y: inout MutableSpan<Self>)
}
