import AddendReports
import Foundation
import Testing

/// The image's PNG, as the page embeds it.
private func embedded(_ image: RasterImage) throws -> Data {
  let report = ComparisonReport(
    title: "", dataset: "", machine: "", date: "", command: "", networks: [],
    samples: [SamplePrediction(image: image, className: "", answers: [])])
  let text = try #require(report.page.components(separatedBy: "data:image/png;base64,").last)
  let base64 = try #require(text.components(separatedBy: "\"").first)
  return try #require(Data(base64Encoded: base64))
}

/// Golden: written chunk by chunk with Python's struct and zlib (`zlib.crc32`, `zlib.compress(rows, 0)`).
@Test func aGreyPixelIsAPNGThatOthersWrite() throws {
  let image = RasterImage(height: 1, width: 1, channels: 1, pixels: [200])
  #expect(
    try embedded(image).base64EncodedString()
      == "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAADUlEQVR4AQECAP3/AMgAygDJrWMjsgAAAABJRU5ErkJggg=="
  )
}

@Test func colourRowsKeepTheirOrder() throws {
  let image = RasterImage(
    height: 2, width: 2, channels: 3, pixels: [255, 0, 0, 0, 255, 0, 0, 0, 255, 1, 2, 3])
  #expect(
    try embedded(image).base64EncodedString()
      == "iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAGUlEQVR4AQEOAPH/AP8AAAD/AAAAAP8BAgMZ/gMEjEGukwAAAABJRU5ErkJggg=="
  )
}

/// The stream's Adler-32 and the chunk's CRC-32 are those of Python's zlib, past one stored block of
/// 65,535 bytes.
@Test func checksumsOfALargeImageAreRight() throws {
  let pixels = (0..<75_000).map { (index: Int) -> UInt8 in UInt8((index * 7 + index / 300) % 256) }
  let png = try embedded(RasterImage(height: 250, width: 300, channels: 1, pixels: pixels))
  #expect(png.count == 75323)
  #expect(Array(png.suffix(20).prefix(8)) == [135, 155, 238, 152, 205, 251, 118, 11])
}
