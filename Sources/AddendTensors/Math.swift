#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// The C library's elementary functions in Double, from which every format's own derive.
public enum Math {
  public static func exp(_ x: Double) -> Double { _exp(x) }
  public static func log(_ x: Double) -> Double { _log(x) }
  public static func log2(_ x: Double) -> Double { _log2(x) }
  public static func tanh(_ x: Double) -> Double { _tanh(x) }
  public static func cos(_ x: Double) -> Double { _cos(x) }
  public static func erf(_ x: Double) -> Double { _erf(x) }
  public static func pow(_ x: Double, _ y: Double) -> Double { _pow(x, y) }
}

private func _exp(_ x: Double) -> Double { exp(x) }
private func _log(_ x: Double) -> Double { log(x) }
private func _log2(_ x: Double) -> Double { log2(x) }
private func _tanh(_ x: Double) -> Double { tanh(x) }
private func _cos(_ x: Double) -> Double { cos(x) }
private func _erf(_ x: Double) -> Double { erf(x) }
private func _pow(_ x: Double, _ y: Double) -> Double { pow(x, y) }
