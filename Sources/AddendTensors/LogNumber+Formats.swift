/// The logarithmic formats that can be chosen by name.
public enum LogNumberFormats {
  /// Bits before and after the point of a logarithm, of 16 bits at most with the sign.
  public static let widths = [(5, 6), (5, 7), (5, 8), (5, 9), (5, 10), (6, 9), (4, 11), (3, 12)]
  /// Entries to a unit in tables of sums; 0 stands for one at every logarithm.
  public static let steps = [2, 8, 64, 0]

  /// All of them: a number's type is known when the program is compiled.
  public static let all: [any TensorScalar.Type] = [
    LogNumber<5, 6, 2>.self, LogNumber<5, 6, 8>.self, LogNumber<5, 6, 64>.self,
    LogNumber<5, 6, 0>.self,
    LogNumber<5, 7, 2>.self, LogNumber<5, 7, 8>.self, LogNumber<5, 7, 64>.self,
    LogNumber<5, 7, 0>.self,
    LogNumber<5, 8, 2>.self, LogNumber<5, 8, 8>.self, LogNumber<5, 8, 64>.self,
    LogNumber<5, 8, 0>.self,
    LogNumber<5, 9, 2>.self, LogNumber<5, 9, 8>.self, LogNumber<5, 9, 64>.self,
    LogNumber<5, 9, 0>.self,
    LogNumber<5, 10, 2>.self, LogNumber<5, 10, 8>.self, LogNumber<5, 10, 64>.self,
    LogNumber<5, 10, 0>.self,
    LogNumber<6, 9, 2>.self, LogNumber<6, 9, 8>.self, LogNumber<6, 9, 64>.self,
    LogNumber<6, 9, 0>.self,
    LogNumber<4, 11, 2>.self, LogNumber<4, 11, 8>.self, LogNumber<4, 11, 64>.self,
    LogNumber<4, 11, 0>.self,
    LogNumber<3, 12, 2>.self, LogNumber<3, 12, 8>.self, LogNumber<3, 12, 64>.self,
    LogNumber<3, 12, 0>.self,
  ]

  /// The format whose `formatName` is `name`, if there is one.
  public static func format(named name: String) -> (any TensorScalar.Type)? {
    all.first { $0.formatName == name }
  }
}
