internal import Synchronization

/// Whether numbers may still be converted between floating point and formats that do without.
///
/// A `LogNumber` is converted in four places. `init(_: Double)` and `double` are conversions of
/// data; once `forbid()` was called they stop the process. `init(constant:)` reads a constant (a
/// hyper-parameter, a literal, a pixel's 256 possible values) and `reported` gives a number to
/// people (a loss); both stay, and but for one thing neither carries data from one operation to the
/// next: the mean squares by which gradients are clipped and codes of few bits get their steps are
/// read, and what follows from them is a constant. So a training that ends although conversions are
/// forbidden, and that neither clips nor uses such codes, had no float between its pixels and its
/// accuracy.
public enum FloatConversions {
  private static let isForbidden = Atomic(false)

  /// Forbids conversions from here on, in the whole process.
  public static func forbid() { isForbidden.store(true, ordering: .relaxed) }

  @inline(__always)
  static func note(_ conversion: StaticString) {
    if isForbidden.load(ordering: .relaxed) { stop(conversion) }
  }

  @inline(never)
  private static func stop(_ conversion: StaticString) -> Never {
    fatalError("conversions are forbidden, but somebody turned \(conversion)")
  }
}
