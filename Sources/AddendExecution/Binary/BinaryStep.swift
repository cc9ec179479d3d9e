internal import AddendKernels
internal import AddendTensors

/// One step of a program on bits, on a tile of examples.
struct BinaryStep: Sendable {
  /// How rows come about and what multiplies them.
  enum Work: Sendable {
    /// Examples of pixels as rows.
    case pixels(BinaryPixelMatrix)
    /// Patches of images of pixels.
    case pixelPatches(BinaryPixelMatrix, ConvolutionGeometry)
    /// Examples of bits as rows.
    case rows(BinaryMatrix)
    /// Patches of images of bits; the class of each position of an image says which taps lie outside.
    case patches(BinaryMatrix, BinaryImages, classes: [UInt16])
    /// Windows of images of bits, of which those are joined by "or" that `any` names.
    case pool(BinaryImages, any: [UInt64])
  }

  /// What becomes of values.
  enum Result: Sendable {
    case bits(BinaryThresholds)
    /// `offsets + slope · v`, as numbers.
    case numbers(BinaryNumbers, offsets: [Int32])
  }

  let work: Work
  /// `nil` for pooling.
  let result: Result?

  /// Rows of an example.
  var positions: Int {
    switch work {
    case .pixels, .rows: 1
    case .pixelPatches(_, let geometry): geometry.patchCount
    case .patches(_, let images, _), .pool(let images, _): images.geometry.patchCount
    }
  }

  /// Words of an example's result.
  var resultWords: Int {
    switch work {
    case .pixels(let matrix), .pixelPatches(let matrix, _):
      positions * BinaryRows.wordCount(matrix.columns)
    case .rows(let matrix), .patches(let matrix, _, _):
      positions * BinaryRows.wordCount(matrix.columns)
    case .pool(let images, _): positions * images.geometry.channels
    }
  }

  /// Words of scratch memory for so many examples.
  func scratchWords(_ examples: Int) -> Int {
    switch work {
    case .pixels(let matrix): matrix.scratchCount(rows: examples)
    case .pixelPatches(let matrix, _):
      matrix.scratchCount(rows: together(examples) * positions)
    case .rows(let matrix): examples * matrix.wordCount
    case .patches(_, let images, _):
      together(examples) * positions * images.geometry.patchSize
    case .pool: 0
    }
  }

  /// Bytes of scratch memory.
  func scratchBytes(_ examples: Int) -> Int {
    guard case .pixelPatches(_, let geometry) = work else { return 0 }
    return together(examples) * positions * geometry.patchSize
  }

  /// Images whose patches are laid out together: as many as make some thousand rows.
  private func together(_ examples: Int) -> Int { min(examples, max(1, 2048 / positions)) }
}

/// Memory for a tile of examples, kept from run to run.
struct BinaryWorkspace: Sendable {
  let examples: Int
  let words: (AlignedBuffer<UInt64>, AlignedBuffer<UInt64>)
  let scratch: AlignedBuffer<UInt64>
  let bytes: AlignedBuffer<UInt8>
  let sums: AlignedBuffer<Int32>
  let spare: AlignedBuffer<Float>
  /// Positions' classes for as many images as are laid out together, by step.
  let classes: [[UInt16]]

  init(_ steps: [BinaryStep], examples: Int, outputs: Int) {
    self.examples = examples
    let most = examples * (steps.map(\.resultWords).max() ?? 0)
    words = (AlignedBuffer(uninitializedCount: most), AlignedBuffer(uninitializedCount: most))
    scratch = AlignedBuffer(
      uninitializedCount: steps.map { $0.scratchWords(examples) }.max() ?? 0)
    bytes = AlignedBuffer(uninitializedCount: steps.map { $0.scratchBytes(examples) }.max() ?? 0)
    sums = AlignedBuffer(uninitializedCount: examples * outputs)
    spare = AlignedBuffer(uninitializedCount: examples * outputs)
    classes = steps.map { step in
      guard case .patches(_, let images, let classes) = step.work else { return [] }
      let together = step.scratchWords(examples) / (step.positions * images.geometry.patchSize)
      return (0..<together).flatMap { _ in classes }
    }
  }
}

extension BinaryStep {
  /// Takes pixels or bits to bits.
  func run(
    _ x: Span<UInt8>, _ bits: Span<UInt64>, _ examples: Int, _ classes: [UInt16],
    _ workspace: BinaryWorkspace, into y: inout MutableSpan<UInt64>
  ) {
    if case .pool(let images, let any) = work {
      images.pool(bits, any: any.span, into: &y)
      return
    }
    guard case .bits(let compared) = result else {
      preconditionFailure("all steps but the last end in bits")
    }
    var memory = workspace.scratch.uniqueSpan
    switch work {
    case .pixels(let matrix):
      matrix.bits(
        of: x, thresholds: compared.thresholds.span, flips: compared.flips.span,
        scratch: &memory, into: &y)
    case .rows(let matrix):
      var rows = memory.part(first: examples * matrix.wordCount)
      BinaryRows.chain(bits, wordCount: matrix.wordCount, into: &rows)
      matrix.bits(
        of: rows.span, thresholds: compared.thresholds.span, flips: compared.flips.span, into: &y)
    case .pixelPatches(let matrix, let geometry):
      forEachGroup(of: examples) { first, count in
        var bytes = workspace.bytes.uniqueSpan
        var rows = bytes.part(first: count * positions * geometry.patchSize)
        pixelPatches(
          of: x.extracting(first * geometry.imageCount..<(first + count) * geometry.imageCount),
          geometry, into: &rows)
        var part = y.part(first * resultWords..<(first + count) * resultWords)
        matrix.bits(
          of: rows.span, thresholds: compared.thresholds.span, flips: compared.flips.span,
          scratch: &memory, into: &part)
      }
    case .patches(let matrix, let images, _):
      let (size, row) = (images.geometry.imageCount, images.geometry.patchSize)
      forEachGroup(of: examples) { first, count in
        var rows = memory.part(first: count * positions * row)
        images.patches(of: bits.extracting(first * size..<(first + count) * size), into: &rows)
        var part = y.part(first * resultWords..<(first + count) * resultWords)
        matrix.bits(
          of: rows.span, classes: classes.span.extracting(first: count * positions),
          thresholds: compared.thresholds.span, flips: compared.flips.span, into: &part)
      }
    case .pool: break
    }
  }

  /// Takes pixels or bits, an example a row, to numbers.
  func run(
    _ x: Span<UInt8>, _ bits: Span<UInt64>, _ examples: Int, _ workspace: BinaryWorkspace,
    numbers y: inout MutableSpan<Float>
  ) {
    guard case .numbers(let numbers, let offsets) = result else {
      preconditionFailure("the last step ends in numbers")
    }
    var memory = workspace.scratch.uniqueSpan
    var all = workspace.sums.uniqueSpan
    var sums = all.part(first: examples * numbers.columns)
    switch work {
    case .pixels(let matrix):
      matrix.sums(of: x, offsets: offsets.span, scratch: &memory, into: &sums)
    case .rows(let matrix):
      var rows = memory.part(first: examples * matrix.wordCount)
      BinaryRows.chain(bits, wordCount: matrix.wordCount, into: &rows)
      matrix.sums(of: rows.span, offsets: offsets.span, into: &sums)
    case .pixelPatches, .patches, .pool:
      preconditionFailure("the last step takes each example as one row")
    }
    var rest = workspace.spare.uniqueSpan
    var spare = rest.part(first: sums.count)
    numbers.evaluate(sums.span, into: &y, spare: &spare)
  }

  private func forEachGroup(of examples: Int, _ body: (_ first: Int, _ count: Int) -> Void) {
    let size = together(examples)
    for first in stride(from: 0, to: examples, by: size) {
      body(first, min(size, examples - first))
    }
  }
}
