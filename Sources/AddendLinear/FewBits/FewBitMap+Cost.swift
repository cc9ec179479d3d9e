public import AddendKernels
internal import AddendTensors

extension FewBitMap {
  /// Of the frozen form, frozen or not.
  public var cost: OperationCount { encodingCost(inputSize) + productCost }

  /// An image's numbers become codes once, whatever the number of patches that share them.
  public func imageCost(_ geometry: ConvolutionGeometry) -> OperationCount {
    encodingCost(geometry.imageCount) + geometry.patchCount * productCost
  }

  /// Making codes of `count` numbers: a comparison for a sign; a multiplication, and two comparisons that
  /// cut, for a grid; powers of two are read off a number's own exponent.
  private func encodingCost(_ count: Int) -> OperationCount {
    var cost = OperationCount(bytesRead: count * MemoryLayout<Scalar>.size)
    switch inputs.coding {
    case .signs, .given: cost.comparisons = count
    case .pixels, .codes(_, .linear): (cost.multiplications, cost.comparisons) = (count, 2 * count)
    case .codes(_, .log): cost.multiplications = count
    case .real: break
    }
    return cost
  }

  /// A row's sums, and the multiplications by the unit.
  private var productCost: OperationCount {
    let (products, bits) = (inputSize * outputSize, weights.grid.bits)
    let words = (inputSize + 63) / 64
    var cost = OperationCount(
      bytesRead: (products * bits + 7) / 8, bytesWritten: outputSize * MemoryLayout<Scalar>.size)
    switch inputs.coding {
    case .signs, .given:
      (cost.bitOperations, cost.additions) = (2 * words * outputSize, words * outputSize)
    case .pixels:
      (cost.bitOperations, cost.additions) = (16 * words * outputSize, 8 * words * outputSize)
    case .real:
      cost.additions = max(0, products - outputSize)
      if bits > 1 { cost.multiplications = products }
    case .codes:
      (cost.multiplications, cost.additions) = (products, max(0, products - outputSize))
    }
    if inputs.inferenceUnit != 1 || inputs.learns || weights != .signs(unit: 1) {
      cost.multiplications += outputSize
    }
    return cost
  }
}
