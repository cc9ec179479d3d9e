public import AddendTensors

/// In words, the element of `found` that lies farthest beyond `tolerance` from `expected`: `nil` when
/// all lie within. NaN lies nowhere.
public func mismatch<Found: TensorScalar, Expected: TensorScalar>(
  _ found: [Found], _ expected: [Expected], within tolerance: Double
) -> String? {
  guard found.count == expected.count else {
    return "\(found.count) elements, expected \(expected.count)"
  }
  var worst: (index: Int, error: Double)?
  for i in found.indices {
    let distance = (found[i].double - expected[i].double).magnitude
    let error = distance.isNaN ? Double.infinity : distance
    if error > tolerance && error > worst?.error ?? -1 { worst = (i, error) }
  }
  return worst.map {
    "element \($0.index) is \(found[$0.index]), expected \(expected[$0.index]) within \(tolerance)"
  }
}

/// Numbers from a normal distribution, exact in float32, the same for the same seed.
public func normalNumbers(_ count: Int, seed: UInt64) -> [Float] {
  var random = RandomSource(seed: seed)
  return (0..<count).map { _ in Float(random.normal()) }
}
