internal import CAddendKernels

/// Layers of look-ups on bytes, run one after another over a tile of rows at a time: bytes in, and
/// between layers, float logits out.
///
/// `logits[r, m] = s[m] · scales[m] + offsets[m]`, `s` being the last layer's sums. Nothing else is
/// multiplied. All instruction sets give the same bits.
public struct ByteNetwork: Sendable {
  /// Bytes in a row of the input.
  public let inputs: Int
  /// Logits of a row.
  public let outputs: Int
  /// Look-ups for one row, those of the encoders' thresholds not counted.
  public let lookups: Int
  /// Comparisons for one row.
  public let comparisons: Int
  private let layers: [Place]
  /// All layers' parts, each on a 64-byte border.
  private let parts: AlignedBuffer<UInt8>
  private let scales: [Float]
  private let offsets: [Float]

  /// Where one layer's parts are.
  fileprivate struct Place: Sendable {
    let inputs, blocks, outputs: Int
    let columns, thresholds, tables, biases, shifts: Int
  }

  /// Rows that pass through all layers together.
  public static let tileRows = Int(ADDEND_BYTE_TILE)

  public init(_ layers: [ByteLayer], inputs: Int, scales: [Float], offsets: [Float]) {
    precondition(inputs > 0 && !layers.isEmpty, "a network of bytes has inputs and layers")
    var width = inputs
    for layer in layers {
      precondition(layer.columns.allSatisfy { Int($0) < width }, "layers compare what there is")
      width = layer.outputs
    }
    precondition(scales.count == width && offsets.count == width, "a scale for each logit")
    self.inputs = inputs
    outputs = width
    lookups = layers.reduce(0) { $0 + $1.blocks * $1.outputs }
    comparisons = layers.reduce(0) { $0 + 4 * $1.blocks }
    self.scales = scales
    self.offsets = offsets
    var bytes: [UInt8] = []
    let widths = [inputs] + layers.map(\.outputs)
    self.layers = zip(layers, widths).map { Self.append($0, inputs: $1, to: &bytes) }
    parts = AlignedBuffer(uninitializedCount: bytes.count)
    var span = parts.uniqueSpan
    for (i, byte) in bytes.enumerated() { span[i] = byte }
  }

  /// Bytes that a run reads.
  public var byteCount: Int { parts.count + 8 * outputs }

  private static func append(
    _ layer: ByteLayer, inputs: Int, to bytes: inout [UInt8]
  ) -> Place {
    let padding = layer.paddedBlocks - layer.blocks
    func append<Element: FixedWidthInteger>(_ elements: [Element]) -> Int {
      let start = bytes.count
      for element in elements {
        // The machine's own order: the bytes never leave it.
        let size = Element.bitWidth / 8
        for i in 0..<size {
          let byte = Element.byteOrderIsLittle ? i : size - 1 - i
          bytes.append(UInt8(truncatingIfNeeded: element >> Element(8 * byte)))
        }
      }
      bytes += Array(repeating: 0, count: -bytes.count & 63)
      return start
    }
    let row = 16 * layer.blocks
    var tables: [Int8] = []
    tables.reserveCapacity(layer.outputs * 16 * layer.paddedBlocks)
    for m in 0..<layer.outputs {
      tables += layer.tables[m * row..<(m + 1) * row]
      tables += Array(repeating: 0, count: 16 * padding)
    }
    return Place(
      inputs: inputs, blocks: layer.paddedBlocks, outputs: layer.outputs,
      columns: append(layer.columns + Array(repeating: 0, count: 4 * padding)),
      thresholds: append(layer.thresholds + Array(repeating: 0, count: 16 * padding)),
      tables: append(tables), biases: append(layer.biases), shifts: append(layer.shifts))
  }

  /// Shapes: `x` `[rows, inputs]`, `logits` `[rows, outputs]`.
  public func run(
    _ x: Span<UInt8>, rows: Int, into logits: inout MutableSpan<Float>,
    using set: InstructionSet = .best
  ) {
    precondition(
      x.count == rows * inputs && logits.count == rows * outputs, "a network of bytes: extents")
    let kernels = addend_byte_select(set.isa)
    let widest = max(inputs, 4 * outputs, layers.reduce(0) { max($0, $1.outputs) })
    let blocks = layers.reduce(0) { max($0, $1.blocks) }
    let (parts, outputs) = (parts.span, outputs)
    // Safe: extents were checked here and at `init`, tasks write rows of their own, and C keeps no
    // pointer.
    unsafe parts.withUnsafeBufferPointer { parts in
      unsafe x.withUnsafeBufferPointer { x in
        unsafe logits.withUnsafeMutableBufferPointer { logits in
          guard let x = x.baseAddress, let logits = logits.baseAddress,
            let base = unsafe UnsafeRawPointer(parts.baseAddress)
          else { return }
          let layers = unsafe self.layers.map { unsafe $0.layer(at: base) }
          ThreadPool.forEachPart(of: rows, size: Self.tileRows) { first, count in
            let bytes = AlignedBuffer<UInt8>(uninitializedCount: 2 * widest * Self.tileRows)
            let scratch = AlignedBuffer<UInt8>(uninitializedCount: blocks * Self.tileRows)
            var bytesSpan = bytes.uniqueSpan
            var scratchSpan = scratch.uniqueSpan
            unsafe bytesSpan.withUnsafeMutableBufferPointer { bytes in
              unsafe scratchSpan.withUnsafeMutableBufferPointer { scratch in
                unsafe addend_byte_network(
                  kernels, layers, layers.count, scales, offsets, x + first * inputs, count, inputs,
                  widest, bytes.baseAddress, scratch.baseAddress, logits + first * outputs)
              }
            }
          }
        }
      }
    }
  }
}

extension ByteNetwork {
  /// One layer alone, on columns of bytes as layers hand them to each other.
  ///
  /// Shapes: `x` `[tiles, inputs, tileRows]`, `y` `[tiles, outputs, tileRows]`.
  public func runColumns(
    _ x: Span<UInt8>, into y: inout MutableSpan<UInt8>, using set: InstructionSet = .best
  ) {
    let (from, to) = (inputs * Self.tileRows, outputs * Self.tileRows)
    let tiles = x.count / from
    precondition(
      layers.count == 1 && x.count == tiles * from && y.count == tiles * to,
      "one layer's columns: extents")
    let kernels = addend_byte_select(set.isa)
    let blocks = layers[0].blocks
    let parts = parts.span
    // Safe: as in `run`.
    unsafe parts.withUnsafeBufferPointer { parts in
      unsafe x.withUnsafeBufferPointer { x in
        unsafe y.withUnsafeMutableBufferPointer { y in
          guard let x = x.baseAddress, let y = y.baseAddress,
            let base = unsafe UnsafeRawPointer(parts.baseAddress)
          else { return }
          ThreadPool.forEachPart(of: tiles, size: layers[0].tilesTogether) { tile, count in
            let scratch = AlignedBuffer<UInt8>(
              uninitializedCount: count * blocks * Self.tileRows)
            var scratchSpan = scratch.uniqueSpan
            unsafe scratchSpan.withUnsafeMutableBufferPointer { scratch in
              var layer = unsafe layers[0].layer(at: base)
              unsafe kernels.layer(
                &layer, x + tile * from, count * Self.tileRows, scratch.baseAddress, y + tile * to)
            }
          }
        }
      }
    }
  }
}

extension ByteNetwork.Place {
  /// Tiles that one thread takes at a time: tables that a core's own cache does not hold are read
  /// once for all of them. Their codes should fit beside a slab of tables.
  fileprivate var tilesTogether: Int { 16 * blocks * outputs > Int(ADDEND_BYTE_SLAB) ? 8 : 1 }

  fileprivate func layer(at base: UnsafeRawPointer) -> addend_byte_layer {
    unsafe addend_byte_layer(
      inputs: inputs, blocks: blocks, outputs: outputs,
      columns: (base + columns).assumingMemoryBound(to: Int32.self),
      thresholds: (base + thresholds).assumingMemoryBound(to: UInt8.self),
      tables: (base + tables).assumingMemoryBound(to: Int8.self),
      biases: (base + biases).assumingMemoryBound(to: Int32.self),
      shifts: (base + shifts).assumingMemoryBound(to: UInt8.self))
  }
}

extension FixedWidthInteger {
  fileprivate static var byteOrderIsLittle: Bool { Self(littleEndian: 1) == 1 }
}

/// `classes[r]`: the first of the largest of `logits[r, :]`, shape `[rows, outputs]`.
public func largestLogits(
  _ logits: Span<Float>, outputs: Int, into classes: inout MutableSpan<Int32>
) {
  precondition(outputs > 0 && logits.count == classes.count * outputs, "classes: extents")
  let rows = classes.count
  // Safe: the extents were checked above, and C keeps no pointer.
  unsafe logits.withUnsafeBufferPointer { logits in
    unsafe classes.withUnsafeMutableBufferPointer { classes in
      unsafe addend_byte_classes(logits.baseAddress, rows, outputs, classes.baseAddress)
    }
  }
}
