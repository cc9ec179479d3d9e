internal import AddendKernels
internal import AddendTensors

extension SpaceScanShape {
  /// Sums of table entries, as `SpaceKernels.scan` defines them, shaped `result`.
  ///
  /// The generic form is the definition, up to the format of the sums; float32 has a kernel.
  func sums<Scalar: TensorScalar>(
    _ table: SpaceTable, selectors: AlignedBuffer<UInt8>, indices: AlignedBuffer<UInt8>,
    termExponents: [Int32] = [], rowExponents: [Int32] = [], shaped result: Shape
  ) -> Tensor<Scalar> {
    if Scalar.self == Float.self {
      let sums = Tensor<Float>(result) { span in
        SpaceKernels.best.scan(
          self, table, selectors: selectors.span, indices: indices.span,
          termExponents: termExponents.span, rowExponents: rowExponents.span, into: &span)
      }
      return Tensor(sums)
    }
    var sums = Tensor<Scalar>(result)
    var span = sums.mutableSpan
    for i in 0..<rows {
      for (c, component) in components.enumerated() where i < component.rows {
        for q in 0..<component.columns {
          let place = component.offset + i * resultStrides.row + q * resultStrides.element
          var sum = Scalar.Accumulator.zero
          for p in 0..<terms {
            let selector = selectors.span[i * selectorStrides.row + p * selectorStrides.element]
            let word = indices.span[p * indexStride + q]
            let shift = termExponents.isEmpty ? 0 : Int(termExponents[p])
            let entry = Scalar.Accumulator.lookUp(
              Scalar.Accumulator(table.value(Int(selector), c, Int(word), shiftedBy: shift)))
            sum = p == 0 ? entry : sum + entry
          }
          let value = Scalar(rounding: sum)
          span[place] = rowExponents.isEmpty ? value : value.shifted(by: Int(rowExponents[i]))
        }
      }
    }
    return sums
  }
}

extension TensorScalar {
  /// `self · 2^exponent`, by adding to the exponent: no multiplication.
  func shifted(by exponent: Int) -> Self {
    Self(Double(sign: .plus, exponent: exponent, significand: double))
  }
}

extension Tensor {
  /// For each row the exponent `e` with `2^(e−1) ≤ max |x| < 2^e`, kept within ±100.
  var rowExponents: [Int32] {
    let (rows, columns) = (shape[0], shape[1])
    var exponents = [Int32](repeating: -100, count: rows)
    if Scalar.self == Float.self {
      let numbers = Tensor<Float>(self)
      var span = exponents.mutableSpan
      SpaceKernels.best.rowExponents(numbers.span, into: &span)
      return exponents
    }
    for i in 0..<rows {
      var largest = 0.0
      for j in 0..<columns { largest = max(largest, span[i * columns + j].double.magnitude) }
      let exponent = largest > 0 ? (largest.isFinite ? Int(largest.exponent) + 1 : 100) : -100
      exponents[i] = Int32(min(max(exponent, -100), 100))
    }
    return exponents
  }
}
