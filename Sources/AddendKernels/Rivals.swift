internal import CAddendKernels

/// Other libraries' matrix products, for benchmarks to stand beside.
public enum RivalProduct: String, CaseIterable, Sendable {
  /// oneDNN in float32.
  case oneDNN = "oneDNN"
  /// OpenBLAS in float32, where it is installed.
  case openBLAS = "OpenBLAS"

  /// What the library calls the code that runs, where it says so: OpenBLAS the processor that its
  /// kernels are for.
  public var implementation: String? {
    guard self == .openBLAS else { return nil }
    let core = unsafe String(cString: addend_rival_openblas_core())
    return core.isEmpty ? nil : core
  }

  /// `c = a b`, row-major: `a` `[m, k]`, `b` `[k, n]`, `c` `[m, n]`; `false`, and `c` is as it was,
  /// where the library is not there.
  public func multiply(
    m: Int, n: Int, k: Int, _ a: Span<Float>, _ b: Span<Float>, into c: inout MutableSpan<Float>,
    threads: Int = 1
  ) -> Bool {
    precondition(threads > 0, "a product has threads")
    precondition(a.count == m * k && b.count == k * n && c.count == m * n, "a product's extents")
    // Safe: the extents were checked above, and the libraries keep no pointer.
    return unsafe a.withUnsafeBufferPointer { a in
      unsafe b.withUnsafeBufferPointer { b in
        unsafe c.withUnsafeMutableBufferPointer { c in
          switch self {
          case .oneDNN:
            unsafe addend_rival_onednn_f32(
              threads, m, n, k, a.baseAddress, b.baseAddress, c.baseAddress)
          case .openBLAS:
            unsafe addend_rival_openblas_f32(
              threads, m, n, k, a.baseAddress, b.baseAddress, c.baseAddress)
          }
        }
      }
    }
  }

  /// `c = a b` in oneDNN's 8-bit integers on one thread, laid out as above; `false` where it is not
  /// there.
  public static func multiplyBytes(
    m: Int, n: Int, k: Int, _ a: Span<UInt8>, _ b: Span<Int8>, into c: inout MutableSpan<Int32>
  ) -> Bool {
    precondition(a.count == m * k && b.count == k * n && c.count == m * n, "a product's extents")
    // Safe: the extents were checked above, and the library keeps no pointer.
    return unsafe a.withUnsafeBufferPointer { a in
      unsafe b.withUnsafeBufferPointer { b in
        unsafe c.withUnsafeMutableBufferPointer { c in
          unsafe addend_rival_onednn_u8(m, n, k, a.baseAddress, b.baseAddress, c.baseAddress)
        }
      }
    }
  }
}
