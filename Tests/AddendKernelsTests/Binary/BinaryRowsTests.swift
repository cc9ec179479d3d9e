import AddendKernels
import AddendTensors
import Testing

struct BinaryRowsTests {
  /// Zeros of both signs are positive; what is not a number is negative.
  @Test(arguments: InstructionSet.available, [1, 63, 64, 65, 200])
  func signsAreBits(_ set: InstructionSet, columns: Int) {
    var random = RandomSource(seed: 6)
    let choices: [Float] = [
      0, -0.0, 1, -1, .infinity, -.infinity, .nan, .leastNonzeroMagnitude, -.leastNonzeroMagnitude,
    ]
    let rows = 3
    let x = (0..<rows * columns).map { _ in choices[.random(in: 0..<choices.count, using: &random)]
    }
    let width = BinaryRows.wordCount(columns)
    var words = [UInt64](repeating: .max, count: rows * width)
    var span = words.mutableSpan
    BinaryRows.signs(of: x.span, columns: columns, into: &span, using: set)
    var expected = [UInt64](repeating: 0, count: rows * width)
    for i in x.indices where !(x[i] >= 0) {
      expected[i / columns * width + i % columns / 64] |= 1 << UInt64(i % columns % 64)
    }
    #expect(words == expected)
  }

  /// A pixel's bits lie in eight planes.
  @Test(arguments: InstructionSet.available, [1, 63, 64, 65, 200])
  func planesAreBits(_ set: InstructionSet, columns: Int) {
    var random = RandomSource(seed: 7)
    let rows = 3
    let x = (0..<rows * columns).map { _ in UInt8.random(in: 0...255, using: &random) }
    let width = BinaryRows.wordCount(columns)
    var words = [UInt64](repeating: .max, count: 8 * rows * width)
    var span = words.mutableSpan
    BinaryRows.planes(of: x.span, columns: columns, into: &span, using: set)
    var expected = [UInt64](repeating: 0, count: words.count)
    for i in x.indices {
      let (row, column) = (i / columns, i % columns)
      for plane in 0..<8 where x[i] >> UInt8(plane) & 1 == 1 {
        expected[(8 * row + plane) * width + column / 64] |= 1 << UInt64(column % 64)
      }
    }
    #expect(words == expected)
  }

  /// The upper half of each word is the parity of the halves up to it, from the row's first.
  @Test func chainsAreParities() {
    var random = RandomSource(seed: 8)
    let (rows, width) = (3, 5)
    let x = (0..<rows * width).map { _ in random.next() }
    var y = [UInt64](repeating: 0, count: x.count)
    var span = y.mutableSpan
    BinaryRows.chain(x.span, wordCount: width, into: &span)
    for i in x.indices {
      let before = x[i - i % width...i].reduce(0) { $0 ^ $1 }
      #expect(y[i] & 0xffff_ffff == x[i] & 0xffff_ffff)
      #expect(y[i] >> 32 == (before ^ before >> 32) & 0xffff_ffff)
    }
  }

  static let geometries: [ConvolutionGeometry] = [
    .init(
      batch: 1, height: 5, width: 4, channels: 70, filterHeight: 3, filterWidth: 3, padding: 1),
    .init(
      batch: 1, height: 6, width: 7, channels: 3, filterHeight: 2, filterWidth: 3, stride: 2,
      padding: 1, dilation: 2),
    .init(batch: 1, height: 4, width: 4, channels: 64, filterHeight: 4, filterWidth: 4),
  ]

  /// Patches hold the pixels under their taps, zeros outside.
  @Test(arguments: geometries)
  func patchesAreRows(_ geometry: ConvolutionGeometry) {
    var random = RandomSource(seed: 9)
    let width = BinaryRows.wordCount(geometry.channels)
    let (images, pixels) = (2, geometry.height * geometry.width)
    let x = (0..<images * pixels * width).map { _ in random.next() }
    let bytes = (0..<images * pixels * geometry.channels).map { _ in
      UInt8.random(in: 0...255, using: &random)
    }
    let taps = geometry.filterHeight * geometry.filterWidth
    var y = [UInt64](repeating: .max, count: images * geometry.patchCount * taps * width)
    var span = y.mutableSpan
    BinaryImages(geometry, channels: geometry.channels).patches(of: x.span, into: &span)
    var rows = [UInt8](repeating: .max, count: images * geometry.patchCount * geometry.patchSize)
    var rowSpan = rows.mutableSpan
    pixelPatches(of: bytes.span, geometry, into: &rowSpan)
    var (expected, expectedBytes) = ([UInt64](), [UInt8]())
    for position in 0..<images * geometry.patchCount {
      for tap in 0..<taps {
        let pixel = geometry.pixel(position % geometry.patchCount, tap)
          .map { position / geometry.patchCount * pixels + $0 }
        expected += (0..<width).map { word in pixel.map { x[$0 * width + word] } ?? 0 }
        expectedBytes += (0..<geometry.channels).map { channel in
          pixel.map { bytes[$0 * geometry.channels + channel] } ?? 0
        }
      }
    }
    var chained = [UInt64](repeating: 0, count: expected.count)
    var chainedSpan = chained.mutableSpan
    BinaryRows.chain(expected.span, wordCount: taps * width, into: &chainedSpan)
    #expect(y == chained)
    #expect(rows == expectedBytes)
  }

  /// Windows are joined by "and", or by "or" where it is asked for; the border does not count.
  @Test(arguments: geometries.prefix(2))
  func windowsAreJoined(_ geometry: ConvolutionGeometry) {
    var random = RandomSource(seed: 10)
    let width = BinaryRows.wordCount(geometry.channels)
    let pixels = geometry.height * geometry.width
    let x = (0..<2 * pixels * width).map { _ in random.next() }
    let any = (0..<width).map { _ in random.next() }
    var y = [UInt64](repeating: .max, count: 2 * geometry.patchCount * width)
    var span = y.mutableSpan
    BinaryImages(geometry, channels: geometry.channels).pool(x.span, any: any.span, into: &span)
    for i in y.indices {
      let (position, word) = (i / width % geometry.patchCount, i % width)
      let image = i / width / geometry.patchCount
      let window = (0..<geometry.filterHeight * geometry.filterWidth).compactMap {
        geometry.pixel(position, $0).map { x[(image * pixels + $0) * width + word] }
      }
      let (all, some) = (window.reduce(.max, &), window.reduce(0, |))
      #expect(y[i] == all & ~any[word] | some & any[word])
    }
  }
}

extension ConvolutionGeometry {
  /// The pixel under a tap; `nil` outside.
  fileprivate func pixel(_ position: Int, _ tap: Int) -> Int? {
    let row = source(output: position / outputWidth, tap: tap / filterWidth)
    let column = source(output: position % outputWidth, tap: tap % filterWidth)
    guard 0..<height ~= row, 0..<width ~= column else { return nil }
    return row * width + column
  }
}
