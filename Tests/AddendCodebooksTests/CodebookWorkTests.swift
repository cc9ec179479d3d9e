import AddendCatalogue
import AddendCodebooks
import Testing

/// What is foreseen of making codebooks.
struct CodebookWorkTests {
  /// For 256 words of 1000 blocks of 8 numbers.
  @Test(arguments: [
    ("unit-normal", []), ("normal", []), ("sample", []), ("grid", []),
    (
      "k-means",
      [CodebookWork(.means(rounds: 20), points: 1000, dimension: 8, words: 256)]
    ),
    (
      "k-means:iterations=3,samples=300",
      [CodebookWork(.means(rounds: 3), points: 300, dimension: 8, words: 256)]
    ),
    (
      "k-means:samples=10",
      [CodebookWork(.means(rounds: 20), points: 256, dimension: 8, words: 256)]
    ),
    (
      "product",
      [CodebookWork](
        repeating: .init(.means(rounds: 20), points: 1000, dimension: 4, words: 16), count: 2)
    ),
    (
      "residual:iterations=5",
      [CodebookWork](
        repeating: .init(.means(rounds: 5), points: 1000, dimension: 8, words: 16), count: 2)
        + [CodebookWork](
          repeating: .init(.coding, points: 1000, dimension: 8, words: 16), count: 2)
    ),
    (
      "sphere:gains=8",
      [CodebookWork(.means(rounds: 20), points: 1000, dimension: 1, words: 8)]
    ),
  ])
  func schemesTellTheirWork(_ scheme: String, _ work: [CodebookWork]) throws {
    let found = try CodebookSchemes.scheme(Specification(parsing: scheme))
      .work(words: 256, blocks: 1000, dimension: 8)
    #expect(Set(found) == Set(work) && found.count == work.count)
  }

  @Test func workIsCounted() {
    let means = CodebookWork(.means(rounds: 9), points: 100, dimension: 3, words: 7)
    #expect(means.multiplyAdds == 21_000)
    #expect(CodebookWork(.coding, points: 100, dimension: 3, words: 7).multiplyAdds == 2100)
  }

  /// One word, one point, more numbers than a sample has: with a second for each pass over the
  /// sample, the whole takes as many as it has sampled passes, and each round of k-means two.
  @Test(arguments: [
    (1, 1, 1, 1.0, 1.0), (1, 9_000_000, 1, 1, 1), (3, 5000, 40, 1, 1),
    // As many points, a fourth of the words; half the points and all words.
    (1 << 16, 1 << 6, 16, 4, 1), (1 << 18, 1 << 6, 2, 2, 2),
  ])
  func timesOfSamplesAreScaled(
    points: Int, dimension: Int, words: Int, pass: Double, share: Double
  ) {
    func seconds(_ kind: CodebookWork.Kind) -> Double {
      CodebookWork(kind, points: points, dimension: dimension, words: words).seconds { run in
        run()
        return 1
      }
    }
    #expect(seconds(.coding) == pass)
    #expect(seconds(.means(rounds: 0)) == pass)
    #expect(seconds(.means(rounds: 20)) == pass + 20 * (pass + share))
  }
}
