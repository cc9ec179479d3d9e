import AddendSearch
import AddendTensors

/// Strings of bits; a mutation turns each with probability `strength / length`.
struct BitStrings: SearchSpace {
  let length: Int

  var identity: String { "bits \(length)" }

  func random(using random: inout RandomSource) -> [Bool] {
    (0..<length).map { _ in random.uniform() < 0.5 }
  }
  func mutated(
    _ genome: [Bool], strength: Double, using random: inout RandomSource
  ) -> [Bool] {
    genome.map { random.uniform() < strength / Double(length) ? !$0 : $0 }
  }
  func crossed(_ a: [Bool], _ b: [Bool], using random: inout RandomSource) -> [Bool] {
    a.indices.map { random.uniform() < 0.5 ? a[$0] : b[$0] }
  }
  func bytes(of genome: [Bool]) -> [UInt8] { genome.map { $0 ? 1 : 0 } }
  func genome(from bytes: [UInt8]) -> [Bool]? {
    bytes.count == length && bytes.allSatisfy { $0 < 2 } ? bytes.map { $0 == 1 } : nil
  }

  static func oneMax(_ genome: [Bool]) -> Double { Double(genome.count { $0 }) }

  /// Traps of four bits (Deb & Goldberg, 1993): all ones are best, and every step from fewer ones
  /// leads away from there.
  static func traps(_ genome: [Bool]) -> Double {
    stride(from: 0, to: genome.count, by: 4).reduce(0) { sum, start in
      let ones = genome[start..<start + 4].count { $0 }
      return sum + (ones == 4 ? 4 : Double(3 - ones))
    }
  }
}

/// Points of a space of real numbers; a mutation moves every coordinate.
struct Points: SearchSpace {
  let dimension: Int

  var identity: String { "points \(dimension)" }

  func random(using random: inout RandomSource) -> [Double] {
    (0..<dimension).map { _ in 10 * random.uniform() - 5 }
  }
  func mutated(
    _ genome: [Double], strength: Double, using random: inout RandomSource
  ) -> [Double] {
    genome.map { $0 + strength * random.normal() }
  }
  func crossed(_ a: [Double], _ b: [Double], using random: inout RandomSource) -> [Double] {
    a.indices.map { random.uniform() < 0.5 ? a[$0] : b[$0] }
  }
  func bytes(of genome: [Double]) -> [UInt8] {
    genome.flatMap { number in
      (0..<8).map { UInt8(truncatingIfNeeded: number.bitPattern >> (8 * $0)) }
    }
  }
  func genome(from bytes: [UInt8]) -> [Double]? {
    guard bytes.count == 8 * dimension else { return nil }
    return (0..<dimension).map { i in
      Double(bitPattern: (0..<8).reduce(0) { $0 | UInt64(bytes[8 * i + $1]) << (8 * $1) })
    }
  }

  static func sphere(_ genome: [Double]) -> Double { -genome.reduce(0) { $0 + $1 * $1 } }
}
