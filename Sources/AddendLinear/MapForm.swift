internal import AddendTensors

/// Whether a map is in training or frozen, as its state tells.
enum MapForm: Int {
  case training
  case frozen
}

extension StateVisitor {
  /// Visits the form of the map that `operation` names; the one that the map is to take on comes back.
  mutating func visit(_ form: MapForm, of operation: String) -> MapForm {
    var state = IntegerState(.uint8, [1], [form.rawValue])
    visit(&state, named: "isFrozen")
    let found = state.values.first ?? -1
    afterReplacing { () throws(TensorError) in
      guard MapForm(rawValue: found) != nil else {
        throw .invalidValue(
          operation: operation, argument: "isFrozen", expected: "0 or 1", found: "\(found)")
      }
    }
    return MapForm(rawValue: found) ?? form
  }
}
