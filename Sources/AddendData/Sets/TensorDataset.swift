public import AddendTensors

/// Examples whose numbers are all in memory.
///
/// Shapes: inputs `[count] + inputShape`; values `[count] + outputShape`. Sequences of various
/// lengths are `[count, time, …]` with zeros behind each one's end.
public struct TensorDataset: Dataset {
  public let name: String
  public let inputShape: Shape
  public let classNames: [String]
  public let checksum: String
  private let inputs: Tensor<Float>
  private let targets: Targets
  private let lengths: [Int]?

  /// - Parameters:
  ///   - targets: a class or a row of numbers for each example; for sequences with a target at every
  ///     step, `count · time` classes.
  ///   - lengths: how many steps of each sequence count; what stands behind is set to zero, and the
  ///     classes there are ignored.
  ///   - path: what messages call the source.
  /// - Throws: `DataError.invalidContent` for an empty set, for numbers that are not finite, where
  ///   inputs, targets and lengths differ in number, and for a label without a class.
  public init(
    name: String, path: String, inputs: Tensor<Float>, targets: Targets, classNames: [String] = [],
    lengths: [Int]? = nil
  ) throws(DataError) {
    precondition(inputs.shape.rank >= 1, "inputs have an axis of examples")
    func refuse(_ reason: String) -> DataError { .invalidContent(path: path, reason: reason) }
    let count = inputs.shape[0]
    guard inputs.count > 0 else { throw refuse("it has no examples") }
    let strangers = inputs.elements.firstIndex { !$0.isFinite }
    if let strangers {
      throw refuse("input \(strangers / inputs.shape.element.count) is not finite")
    }
    switch targets {
    case .classes(let labels):
      let time = inputs.shape.element.first ?? 1
      let steps = labels.count == count * time ? time : 1
      try LabelCheck.check(
        labels, inputCount: count * steps, classCount: classNames.count, path: path)
    case .values(let values):
      guard values.shape.first == count else {
        throw refuse("there are \(count) inputs but \(values.shape.first ?? 0) targets")
      }
      let stranger = values.elements.firstIndex { !$0.isFinite }
      if let stranger {
        throw refuse("target \(stranger / values.shape.element.count) is not finite")
      }
    }
    if let lengths {
      let longest = inputs.shape.element.first ?? 0
      guard lengths.count == count, lengths.allSatisfy({ 1...max(1, longest) ~= $0 }) else {
        throw refuse("its lengths are not one for each input, from 1 to \(longest)")
      }
    }
    self.name = name
    inputShape = inputs.shape.element
    self.classNames = classNames
    self.inputs = inputs
    self.targets = targets
    self.lengths = lengths
    checksum = Self.digest(inputs, targets, lengths).description
  }

  private static func digest(
    _ inputs: Tensor<Float>, _ targets: Targets, _ lengths: [Int]?
  ) -> Digest {
    let first = Digest(of: inputs.elements)
    let second =
      switch targets {
      case .classes(let labels): Digest(of: labels, continuing: first)
      case .values(let values): Digest(of: values.elements, continuing: first)
      }
    return Digest(of: lengths ?? [], continuing: second)
  }

  public var count: Int { inputs.shape[0] }

  public var exampleClasses: [Int32]? {
    guard case .classes(let labels) = targets, labels.count == count else { return nil }
    return labels
  }

  public func batch(_ indices: [Int]) -> Batch {
    let lengths = lengths.map { lengths in indices.map { lengths[$0] } }
    var input = Self.rows(indices, of: inputs)
    if let lengths { Self.clear(&input, behind: lengths) }
    switch targets {
    case .values(let values):
      return Batch(input: input, targets: .values(Self.rows(indices, of: values)), lengths: lengths)
    case .classes(let labels):
      let steps = labels.count / count
      var chosen = indices.flatMap { labels[$0 * steps..<($0 + 1) * steps] }
      if let lengths, steps > 1 {
        for (row, length) in lengths.enumerated() {
          for step in length..<steps { chosen[row * steps + step] = Targets.ignored }
        }
      }
      return Batch(input: input, targets: .classes(chosen), lengths: lengths)
    }
  }

  private static func rows(_ indices: [Int], of tensor: Tensor<Float>) -> Tensor<Float> {
    let size = tensor.shape.element.count
    let source = tensor.span
    return Tensor(tensor.shape.element.batched(indices.count)) { span in
      for (row, index) in indices.enumerated() {
        for i in 0..<size { span[row * size + i] = source[index * size + i] }
      }
    }
  }

  /// Sets to zero what stands behind each sequence's end.
  private static func clear(_ input: inout Tensor<Float>, behind lengths: [Int]) {
    let (time, size) = (input.shape[1], input.shape.element.element.count)
    var span = input.mutableSpan
    for (row, length) in lengths.enumerated() {
      for i in (row * time + length) * size..<(row + 1) * time * size { span[i] = 0 }
    }
  }
}
