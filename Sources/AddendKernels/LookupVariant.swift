internal import CAddendKernels

/// Which instructions the look-up kernels use; all give the same bits.
public enum LookupVariant: UInt32, Hashable, Sendable, CaseIterable {
  case scalar, avx2, avx512

  /// Those that this processor can run, slowest first.
  public static let available = allCases.filter { variant in
    unsafe addend_lookup_encode_select(variant.code) != nil
      && addend_lookup_scan_select(variant.code) != nil
  }

  /// The fastest that this processor can run.
  public static let best = available.last ?? .scalar

  var code: addend_lookup_variant { addend_lookup_variant(rawValue) }
}
