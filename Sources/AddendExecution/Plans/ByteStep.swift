internal import AddendKernels
internal import AddendNetworks
internal import AddendTensors

/// A step that takes or gives bytes, on a batch of fixed extents. Bytes lie in memory that the plan
/// counts in float32, from its start on.
struct ByteStep: Sendable {
  enum Work: Sendable {
    case product(Int8Product, ConvolutionGeometry, Int8Product.Finish)
    case quantize(AffineQuantization)
    case dequantize(AffineQuantization)
    case maxPool(ConvolutionGeometry, filler: UInt8)
    case subsample(Subsampling, filler: UInt8)
  }

  let work: Work
  /// Elements of the operand and of the result.
  let inputCount, outputCount: Int

  /// `nil` for a node that has nothing to do with bytes.
  init?(_ node: Graph<Float>.Node, _ graph: Graph<Float>, batch: Int) {
    guard let source = node.inputs.first.map({ graph.nodes[$0] }) else { return nil }
    inputCount = source.shape.count * batch
    outputCount = node.shape.count * batch
    switch node.operation {
    case .linear(let linear):
      guard let product = linear.int8 else { return nil }
      let geometry = linear.geometry(
        of: product, batch: batch, rows: inputCount / max(1, product.inputs))
      let other = linear.addsInput ? graph.nodes[node.inputs[1]].bytes : nil
      work = .product(product, geometry, linear.finish(product, adding: other, as: node.bytes))
    case .quantize:
      guard let bytes = node.bytes else { return nil }
      work = .quantize(bytes)
    case .dequantize:
      guard let bytes = source.bytes else { return nil }
      work = .dequantize(bytes)
    case .maxPool(let geometry):
      guard let bytes = node.bytes else { return nil }
      work = .maxPool(geometry.batched(batch), filler: bytes.zeroPoint)
    case .subsample(let subsampling):
      guard let bytes = node.bytes else { return nil }
      work = .subsample(subsampling.batched(batch), filler: bytes.zeroPoint)
    default: return nil
    }
  }

  /// Numbers of memory that a run needs for itself.
  var scratchCount: Int {
    guard case .product(let product, let geometry, _) = work else { return 0 }
    return (product.scratchCount(geometry) + 3) / 4
  }

  /// - Parameter other: what is added to a product.
  func run(
    _ x: Span<Float>, adding other: Span<Float>?, scratch: inout MutableSpan<Float>,
    into y: inout MutableSpan<Float>
  ) {
    switch work {
    case .product(let product, let geometry, let finish):
      run(product, geometry, finish, x, adding: other, scratch: &scratch, into: &y)
    case .quantize(let quantization):
      y.withBytes(outputCount) { quantization.quantize(x, into: &$0) }
    case .dequantize(let quantization):
      quantization.dequantize(x.bytes(inputCount), into: &y)
    case .maxPool(let geometry, let filler):
      y.withBytes(outputCount) {
        geometry.maxPool(bytes: x.bytes(inputCount), filler: filler, into: &$0)
      }
    case .subsample(let shape, let filler):
      let margin = shape.outputChannels - shape.channels
      y.withBytes(outputCount) {
        subsampleBytes(
          x.bytes(inputCount), batch: shape.batch, height: shape.height, width: shape.width,
          channels: shape.channels, stride: shape.stride, before: margin / 2,
          after: margin - margin / 2, filler: filler, into: &$0)
      }
    }
  }

  private func run(
    _ product: Int8Product, _ geometry: ConvolutionGeometry, _ finish: Int8Product.Finish,
    _ x: Span<Float>, adding other: Span<Float>?, scratch: inout MutableSpan<Float>,
    into y: inout MutableSpan<Float>
  ) {
    let codes = x.bytes(inputCount)
    let memory = scratch.count * 4
    scratch.withBytes(memory) { scratch in
      if finish.output == nil {
        if case .bytes = finish.residual {
          product.floats(
            codes, geometry, finish, addingBytes: other?.bytes(outputCount), scratch: &scratch,
            into: &y)
        } else {
          product.floats(
            codes, geometry, finish, addingFloats: other, scratch: &scratch, into: &y)
        }
        return
      }
      y.withBytes(outputCount) { y in
        if case .bytes = finish.residual {
          product.bytes(
            codes, geometry, finish, addingBytes: other?.bytes(outputCount), scratch: &scratch,
            into: &y)
        } else {
          product.bytes(
            codes, geometry, finish, addingFloats: other, scratch: &scratch, into: &y)
        }
      }
    }
  }
}
