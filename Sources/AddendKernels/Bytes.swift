internal import CAddendKernels

/// The memory of `elements`, byte by byte, in the machine's order.
@_lifetime(copy elements)
public func bytes<Element: BitwiseCopyable>(of elements: Span<Element>) -> Span<UInt8> {
  // Safe: memory of any kind is made of bytes, and the lifetime is that of `elements`.
  unsafe elements.bytes._unsafeView(as: UInt8.self)
}

/// Copies `bytes` over the memory of `elements`, which is as large.
public func copyBytes<Element: BitwiseCopyable>(
  _ bytes: Span<UInt8>, to elements: inout MutableSpan<Element>
) {
  precondition(bytes.count == elements.count * MemoryLayout<Element>.stride, "copyBytes: extents")
  // Safe: the extents agree, and exclusive access to `elements` keeps the two apart.
  unsafe elements.withUnsafeMutableBytes { target in
    unsafe bytes.withUnsafeBytes { source in unsafe target.copyMemory(from: source) }
  }
}

/// The CRC-32 (ISO 3309) of what `checksum` is the CRC-32 of, followed by `bytes`.
///
/// It changes with every change that lies within 32 neighbouring bits: any altered byte shows.
public func crc32(_ bytes: Span<UInt8>, after checksum: UInt32 = 0) -> UInt32 {
  // Safe: the count is the buffer's own, and C keeps no pointer.
  unsafe bytes.withUnsafeBufferPointer { buffer in
    unsafe addend_crc32(checksum, buffer.baseAddress, buffer.count)
  }
}
