public import AddendTensors

/// Why a codebook could not be made or used.
public enum CodebookError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Blocks of no numbers, or samples that are not rows of blocks.
  case samples(found: Shape)
  case notFinite(what: String)
  case moreWordsThanSamples(words: Int, samples: Int)
  case tooFewWords(scheme: String, words: Int, needed: Int)
  /// Combinations of parts of which even two words each are more than a codebook holds.
  case tooManyParts(scheme: String, parts: Int, limit: Int)
  case pieces(found: Int, dimension: Int)
  case wordCount(found: Int, limit: Int)
  /// Points or parts of another dimension than the words.
  case dimension(what: String, expected: Int, found: Int)
  case code(found: Int, words: Int)

  public var description: String {
    switch self {
    case .samples(let found):
      "a codebook is made from blocks of one or more numbers, [blocks, numbers], not from \(found)"
    case .notFinite(let what):
      "\(what) hold a number that is not finite"
    case .moreWordsThanSamples(let words, let samples):
      "a codebook of \(words) words cannot be learned from \(samples) blocks; at most as many words as blocks"
    case .tooFewWords(let scheme, let words, let needed):
      "\(scheme): \(words) words are too few, \(needed) or more are needed"
    case .tooManyParts(let scheme, let parts, let limit):
      "\(scheme): two choices in each of \(parts) parts make more words than the \(limit) of a codebook"
    case .pieces(let found, let dimension):
      "blocks of \(dimension) numbers cannot be cut into \(found) pieces"
    case .wordCount(let found, let limit):
      "a codebook has 1 to \(limit) words, not \(found)"
    case .dimension(let what, let expected, let found):
      "\(what) have \(found) numbers each, expected \(expected)"
    case .code(let found, let words):
      "code \(found) names no word of a codebook of \(words)"
    }
  }
}
