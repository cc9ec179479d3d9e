public import AddendKernels

extension TensorScalar {
  public static func int8Convolve(
    _ x: Span<Self>, _ product: Int8Product, _ geometry: ConvolutionGeometry, bias: Span<Self>?,
    into y: inout MutableSpan<Self>
  ) {
    let (input, weights, outputs) = (product.input, product.weights, product.outputs)
    let (inverse, zero) = (Self(1 / Double(input.scale)), Self(Double(input.zeroPoint)))
    let codes = AlignedBuffer<Self>(uninitializedCount: x.count)
    var span = codes.uniqueSpan
    for i in x.indices {
      let place = x[i] * inverse + zero
      let above = Self.zero < place ? place : Self.zero
      span[i] = Self((above < Self(255) ? above : Self(255)).double.rounded(.toNearestOrEven))
    }
    // What the zero point adds to every sum of a column.
    let corrections = (0..<outputs).map { j in
      (0..<product.inputs).reduce(0) { $0 + Int(weights[$1 * outputs + j]) }
        * Int(input.zeroPoint)
    }
    let padding = Int(input.zeroPoint)
    for position in 0..<geometry.patchCount {
      for j in 0..<outputs {
        var sum = Accumulator.zero
        for p in 0..<product.inputs {
          let code =
            geometry.pixel(of: position, p).map { codes.span[$0].double } ?? Double(padding)
          let term = Accumulator(code) * Accumulator(Double(weights[p * outputs + j]))
          sum = p == 0 ? term : sum + term
        }
        sum = sum - Accumulator(Double(corrections[j]))
        let scale = Self(Double(input.scale * product.scales[j]))
        y[position * outputs + j] = Self(rounding: sum) * scale
      }
    }
    guard let bias else { return }
    for i in y.indices { y[i] += bias[i % outputs] }
  }

  public static func passThroughBytes(
    _ x: Span<Self>, _ quantization: AffineQuantization, into y: inout MutableSpan<Self>
  ) {
    for i in x.indices {
      let code = quantization.code(of: Float(x[i].double))
      y[i] = Self(Double(quantization.value(of: code)))
    }
  }
}

extension TensorScalar {
  public static func roundColumns(
    _ x: Span<Self>, columns: Int, limit: Int, scales: ClosedRange<Float>,
    into y: inout MutableSpan<Self>
  ) {
    let numbers = Tensor<Float>([x.count]) { for i in x.indices { $0[i] = Float(x[i].double) } }
    let rounded = Tensor<Float>([x.count]) {
      RoundingKernels.best.roundColumns(
        numbers.span, columns: columns, limit: limit, scales: scales, into: &$0)
    }
    for i in x.indices { y[i] = Self(rounded.span[i].double) }
  }
}

extension ConvolutionGeometry {
  /// Where number `p` of a patch lies in the images; `nil` in the padding.
  fileprivate func pixel(of patch: Int, _ p: Int) -> Int? {
    let (image, place) = patch.quotientAndRemainder(dividingBy: outputHeight * outputWidth)
    let (tap, channel) = p.quotientAndRemainder(dividingBy: channels)
    let row = source(output: place / outputWidth, tap: tap / filterWidth)
    let column = source(output: place % outputWidth, tap: tap % filterWidth)
    guard 0..<height ~= row, 0..<width ~= column else { return nil }
    return ((image * height + row) * width + column) * channels + channel
  }
}

extension Float {
  /// `Int8Product.floats` of the bytes.
  public static func int8Convolve(
    _ x: Span<Float>, _ product: Int8Product, _ geometry: ConvolutionGeometry, bias: Span<Float>?,
    into y: inout MutableSpan<Float>
  ) {
    let codes = AlignedBuffer<UInt8>(uninitializedCount: x.count)
    var span = codes.uniqueSpan
    product.input.quantize(x, into: &span)
    let memory = AlignedBuffer<UInt8>(uninitializedCount: product.scratchCount(geometry))
    var scratch = memory.uniqueSpan
    product.floats(codes.span, geometry, product.finish(bias: bias), scratch: &scratch, into: &y)
  }

  public static func passThroughBytes(
    _ x: Span<Float>, _ quantization: AffineQuantization, into y: inout MutableSpan<Float>
  ) {
    let codes = AlignedBuffer<UInt8>(uninitializedCount: x.count)
    var span = codes.uniqueSpan
    quantization.quantize(x, into: &span)
    quantization.dequantize(codes.span, into: &y)
  }

  public static func roundColumns(
    _ x: Span<Float>, columns: Int, limit: Int, scales: ClosedRange<Float>,
    into y: inout MutableSpan<Float>
  ) {
    RoundingKernels.best.roundColumns(x, columns: columns, limit: limit, scales: scales, into: &y)
  }
}
