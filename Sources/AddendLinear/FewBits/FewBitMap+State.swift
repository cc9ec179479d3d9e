internal import AddendTensors

extension FewBitMap {
  /// Visits first whether the map is frozen: a fresh map takes on the form that it is told.
  public mutating func visit(_ visitor: inout some StateVisitor<Scalar>) {
    let form = visitor.visit(latent == nil ? .frozen : .training, of: "\(name) map")
    switch form {
    case .training:
      if latent == nil {
        latent = Parameter(
          Tensor([inputSize, outputSize]), role: latentTraits.role, bounds: latentTraits.bounds,
          rateFactor: latentTraits.rateFactor)
      }
      // Whoever visits may change it.
      codes = nil
      bits = nil
      if var parameter = latent.take() {
        visitor.visit(&parameter, named: "weight")
        latent = parameter
      }
      visitDraws(&visitor)
    case .frozen:
      latent = nil
      visitCodes(&visitor)
    }
    guard inputs.learns else { return }
    visitor.visit(&inputs.statistics, named: "input-statistics")
    let (statistics, name) = (inputs.statistics, name)
    visitor.afterReplacing { () throws(TensorError) in
      let numbers = statistics.elements.map(\.double)
      guard numbers.count == 2, numbers[0] >= 0, numbers[0].isFinite else {
        throw .invalidValue(
          operation: "\(name) map", argument: "input-statistics",
          expected: "a mean square and whether there are signs", found: "\(numbers)")
      }
    }
  }

  private mutating func visitDraws(_ visitor: inout some StateVisitor<Scalar>) {
    guard let random = gradients?.random else { return }
    var state = IntegerState(.int64, [1], [Int(truncatingIfNeeded: random.state)])
    visitor.visit(&state, named: "gradient-draws")
    if let found = state.values.first {
      gradients?.random?.state = UInt64(truncatingIfNeeded: found)
    }
  }

  /// Codes as integers `[outputSize, inputSize]`, and the unit where it is not the map's own.
  private mutating func visitCodes(_ visitor: inout some StateVisitor<Scalar>) {
    let grid = weights.grid
    let old = codes ?? WeightCodes(Tensor([inputSize, outputSize]), unit: 1, packs: false)
    let numbers = old.numbers.span
    var values = [Int](repeating: 0, count: inputSize * outputSize)
    for o in 0..<outputSize {
      for i in 0..<inputSize {
        values[o * inputSize + i] = grid.integer(of: numbers[i * outputSize + o].double)
      }
    }
    var state = IntegerState(grid.width, [outputSize, inputSize], values)
    visitor.visit(&state, named: grid.bits == 1 ? "signs" : "codes")
    var unit = Tensor<Scalar>([1], [Scalar(old.unit)])
    if case .codes = weights { visitor.visit(&unit, named: "unit") }
    visitor.afterReplacing { () throws(TensorError) in
      codes = try read(state, unit: unit.span[0].double, grid)
      bits = nil
      packCodes()
    }
    if codes == nil { codes = old }
  }

  private func read(
    _ state: IntegerState, unit: Double, _ grid: CodeGrid
  ) throws(TensorError) -> WeightCodes<Scalar> {
    guard unit > 0, unit.isFinite else {
      throw .invalidValue(
        operation: "\(name) map", argument: "unit", expected: "a positive number", found: "\(unit)")
    }
    if let stranger = state.values.first(where: { grid.code(of: $0) == nil }) {
      throw .invalidValue(
        operation: "\(name) map", argument: "codes", expected: "codes of \(grid.bits) bits",
        found: "\(stranger)")
    }
    let numbers = Tensor<Scalar>([inputSize, outputSize]) { span in
      for o in 0..<outputSize {
        for i in 0..<inputSize {
          span[i * outputSize + o] = Scalar(grid.code(of: state.values[o * inputSize + i]) ?? 0)
        }
      }
    }
    if case .signs(let own) = weights {
      return WeightCodes(numbers, unit: own, packs: false)
    }
    return WeightCodes(numbers, unit: unit, packs: false)
  }
}
