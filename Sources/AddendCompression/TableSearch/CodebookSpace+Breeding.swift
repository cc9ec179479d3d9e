internal import AddendCodebooks
internal import AddendLinear
public import AddendTensors

extension CodebookSpace {
  public func random(using random: inout RandomSource) -> Genome {
    Genome(
      books: books.map { book in
        switch source {
        case .kMeans:
          KMeans(points: book.blocks.transposedMatrix).codebook(words: book.count, using: &random)
            .elements
        case .samples:
          (0..<book.count).flatMap { _ in book.randomBlock(using: &random) }
        }
      })
  }

  public func mutated(
    _ genome: Genome, strength: Double, using random: inout RandomSource
  ) -> Genome {
    var genome = genome
    let books = books
    let number = random.below(books.count)
    let book = books[number]
    // The number of words has a geometric law.
    repeat {
      switch mutation {
      case .data:
        let block = book.randomBlock(using: &random)
        let word = book.nearest(to: block, in: genome.books[number])
        let step = Float(strength * random.normal())
        for c in 0..<book.dimension {
          let place = word * book.dimension + c
          genome.books[number][place] += step * (block[c] - genome.books[number][place])
        }
      case .gaussian:
        let word = random.below(book.count)
        for c in 0..<book.dimension {
          genome.books[number][word * book.dimension + c] += Float(
            strength * book.deviation * random.normal())
        }
      }
    } while random.uniform() >= 1 / changedWords
    return genome
  }

  /// Each codebook is the first parent's, the second's, or mixed word by word, a third of the time
  /// each.
  public func crossed(_ a: Genome, _ b: Genome, using random: inout RandomSource) -> Genome {
    var child = a
    for (number, book) in books.enumerated() {
      switch random.below(3) {
      case 0: break
      case 1: child.books[number] = b.books[number]
      default:
        for word in 0..<book.count where random.uniform() < 0.5 {
          let places = word * book.dimension..<(word + 1) * book.dimension
          child.books[number].replaceSubrange(places, with: b.books[number][places])
        }
      }
    }
    return child
  }

  /// A word that a codebook holds twice, or that is not finite, gives way to a block.
  public func repaired(_ genome: Genome, using random: inout RandomSource) -> Genome {
    var genome = genome
    for (number, book) in books.enumerated() {
      var seen: Set<[Float]> = []
      for word in 0..<book.count {
        let places = word * book.dimension..<(word + 1) * book.dimension
        let numbers = Array(genome.books[number][places])
        if numbers.allSatisfy(\.isFinite) && seen.insert(numbers).inserted { continue }
        genome.books[number].replaceSubrange(
          places, with: book.randomBlock(using: &random))
      }
    }
    return genome
  }

  public func bytes(of genome: Genome) -> [UInt8] {
    var bytes = NumberBytes()
    for book in genome.books { bytes.append(book) }
    return bytes.bytes
  }

  public func genome(from bytes: [UInt8]) -> Genome? {
    guard var numbers = NumberBytes.words(bytes)?.map({ Float(bitPattern: $0) })[...],
      numbers.count == books.reduce(0, { $0 + $1.words.count }),
      numbers.allSatisfy(\.isFinite)
    else { return nil }
    return Genome(
      books: books.map { book in
        defer { numbers = numbers.dropFirst(book.words.count) }
        return Array(numbers.prefix(book.words.count))
      })
  }
}

extension CodebookSpace.Book {
  func randomBlock(using random: inout RandomSource) -> [Float] {
    let number = random.below(blocks.shape[0])
    return (number * dimension..<(number + 1) * dimension).map { blocks.span[$0] }
  }

  /// The first of the nearest words.
  func nearest(to block: [Float], in words: [Float]) -> Int {
    var (nearest, least) = (0, Float.infinity)
    for word in 0..<count {
      var distance: Float = 0
      for c in 0..<dimension {
        let difference = block[c] - words[word * dimension + c]
        distance += difference * difference
      }
      if distance < least { (nearest, least) = (word, distance) }
    }
    return nearest
  }
}

extension RandomSource {
  /// An integer below `limit`.
  mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(max(1, limit))) }
}
