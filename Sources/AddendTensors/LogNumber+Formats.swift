public import AddendKernels

/// The logarithmic formats that can be chosen by name.
public enum LogNumberFormats {
  /// Bits before and after the point of a logarithm, of 16 bits at most with the sign.
  public static let widths: [(integer: Int, fraction: Int)] = [
    (6, 9), (5, 6), (5, 7), (5, 8), (5, 9), (5, 10), (4, 11), (3, 12),
  ]
  /// Entries to a unit in tables of sums; 0 stands for one at every logarithm.
  public static let steps = [2, 8, 64, 0]

  /// All of them: a number's type is known when the program is compiled.
  public static let all: [any TensorScalar.Type] = [
    formats(Width<5, 6>()), formats(Width<5, 7>()), formats(Width<5, 8>()),
    formats(Width<5, 9>()), formats(Width<5, 10>()), formats(Width<6, 9>()),
    formats(Width<4, 11>()), formats(Width<3, 12>()),
  ].flatMap { $0 }

  private struct Width<let integer: Int, let fraction: Int> {}

  private static func formats<let i: Int, let f: Int>(
    _ width: Width<i, f>
  ) -> [any TensorScalar.Type] {
    formats(width, BlockSum.self) + formats(width, KahanSum.self)
  }

  private static func formats<let i: Int, let f: Int, Sum: LongSumRule>(
    _ width: Width<i, f>, _ sum: Sum.Type
  ) -> [any TensorScalar.Type] {
    [
      LogNumber<i, f, 2, Sum>.self, LogNumber<i, f, 8, Sum>.self, LogNumber<i, f, 64, Sum>.self,
      LogNumber<i, f, 0, Sum>.self,
    ]
  }

  /// The format whose `formatName` is `name`, if there is one.
  public static func format(named name: String) -> (any TensorScalar.Type)? {
    all.first { $0.formatName == name }
  }

  /// The widest of `widths` with these bits, the first of equals.
  public static func width(integer: Int?, fraction: Int?) -> (integer: Int, fraction: Int)? {
    widths.filter { $0.integer == integer ?? $0.integer && $0.fraction == fraction ?? $0.fraction }
      .reduce(nil) { best, width in
        guard let best, best.integer + best.fraction >= width.integer + width.fraction else {
          return width
        }
        return best
      }
  }

  /// `lns5.10/64+kahan`: bits before and after the point, the tables' steps, Kahan's long sums.
  public static func name(
    integer: Int, fraction: Int, steps: Int, longSum: LogarithmicKernels.LongSum
  ) -> String {
    let step = steps == 0 ? "" : "/\(steps)"
    return "lns\(integer).\(fraction)\(step)" + (longSum == .kahan ? "+kahan" : "")
  }
}
