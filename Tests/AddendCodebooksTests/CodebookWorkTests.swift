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

  /// One word, one point, more numbers than a sample has: all have a time.
  @Test(arguments: [(1, 1, 1), (1, 9_000_000, 1), (3, 5000, 40), (100_000, 2, 3)])
  func extremesHaveATime(points: Int, dimension: Int, words: Int) {
    for kind in [CodebookWork.Kind.coding, .means(rounds: 0), .means(rounds: 20)] {
      let seconds = CodebookWork(kind, points: points, dimension: dimension, words: words).seconds()
      #expect(seconds > 0 && seconds.isFinite)
    }
  }

  /// Nobody's processors make 10¹⁷ multiply-adds a second.
  @Test func hugeWorkIsForeseenAsHuge() {
    let work = CodebookWork(
      .means(rounds: 10_000), points: 1 << 24, dimension: 64, words: 1 << 20)
    #expect(work.multiplyAdds > 1e19)
    #expect(work.seconds() > 100)
  }
}
