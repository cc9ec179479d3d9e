import AddendData
import AddendTensors
import Testing

@Suite struct PixelImageTests {
  private func image(_ name: String) throws -> PixelImage {
    try PixelImage(Golden.bytes("images/\(name)"), path: name)
  }

  /// PNG is lossless: every pixel is Pillow's.
  @Test(arguments: ["colour", "grey", "palette", "bits"])
  func picturesInPNGAreExact(_ name: String) throws {
    #expect(try image("\(name).png").pixels == Golden.bytes("images/\(name).raw"))
  }

  /// Decoders may round differently: within 2 of 255.
  @Test(arguments: ["photo", "progressive", "grey-photo"])
  func picturesInJPEGAreClose(_ name: String) throws {
    let pixels = try image("\(name).jpg").pixels
    let expected = try Golden.bytes("images/\(name).raw")
    #expect(pixels.count == expected.count)
    #expect(zip(pixels, expected).allSatisfy { abs(Int($0) - Int($1)) <= 2 })
  }

  @Test func greyIsLuma() throws {
    let grey = try image("colour.png").converted(channels: 1)
    let expected = try Golden.bytes("images/grey-of-colour.raw")
    #expect(grey.pixels.count == expected.count)
    // Pillow cuts off where this rounds.
    #expect(zip(grey.pixels, expected).allSatisfy { abs(Int($0) - Int($1)) <= 1 })
    #expect(grey.converted(channels: 3).converted(channels: 1) == grey)
  }

  /// Pillow rounds between its two passes, this does not: within 1.
  @Test(arguments: [(8, 6), (31, 40), (19, 7)])
  func resizingIsPillowsBilinear(_ height: Int, _ width: Int) throws {
    let resized = try image("colour.png").resized(height: height, width: width)
    let expected = try Golden.bytes("images/colour-to-\(height)x\(width).raw")
    #expect(resized.pixels.count == expected.count)
    #expect(zip(resized.pixels, expected).allSatisfy { abs(Int($0) - Int($1)) <= 1 })
  }

  @Test func aTensorHasTheModelsShapeAndScale() throws {
    let tensor = try image("grey.png").tensor([7, 5, 3], PixelNormalization(mean: [0.5]))
    let pixels = try Golden.bytes("images/grey.raw")
    #expect(tensor.shape == [7, 5, 3])
    #expect(tensor[3, 2, 1] == Float(pixels[3 * 5 + 2]) / 255 - 0.5)
  }

  @Test func anImageOfAnIDXFileIsNamedByItsNumber() throws {
    let file = [0, 0, 8, 3] + bigEndian(2) + bigEndian(1) + bigEndian(2) + [1, 2, 3, 4]
    try withTemporaryFile(file) { path in
      let second = try PixelImage(contentsOf: "\(path)#1")
      #expect(second == PixelImage(height: 1, width: 2, channels: 1, pixels: [3, 4]))
      #expect(throws: DataError.self) { try PixelImage(contentsOf: "\(path)#2") }
    }
  }

  /// A header of 65,535 by 65,535 pixels with nothing behind it asks for no memory.
  @Test func extentsThatTheFileCannotHoldAreRefused() throws {
    var file = try Golden.bytes("images/photo.jpg")
    let frame = try #require(file.indices.first { file[$0...].starts(with: [0xFF, 0xC0]) })
    for i in frame + 5..<frame + 9 { file[i] = 0xFF }
    #expect(throws: DataError.self) { try PixelImage(file, path: "f") }
  }

  @Test(arguments: ["colour.png", "palette.png", "bits.png", "photo.jpg", "progressive.jpg"])
  func truncationIsRefused(_ name: String) throws {
    let file = try Golden.bytes("images/\(name)")
    // The last bytes of a PNG file only mark its end.
    for count in stride(from: 0, to: file.count - 24, by: 7) {
      #expect(throws: DataError.self) { try PixelImage(Array(file[..<count]), path: "f") }
    }
  }

  @Test(arguments: ["colour.png", "palette.png", "bits.png", "photo.jpg", "progressive.jpg"])
  func damageNeverCrashes(_ name: String) throws {
    expectSentencesOnDamage(
      to: try Golden.bytes("images/\(name)"), copies: 800, seed: 9
    ) { bytes throws(DataError) in try PixelImage(bytes, path: "f") }
  }
}
