internal import AddendTensors

/// The form that a map is in which freezes into another, as its state tells.
///
/// The number is the state's version as well: state that is laid out or read otherwise gets numbers of
/// its own, which programs that do not know them refuse.
enum MapForm: Int {
  case training
  case frozen
}

extension StateVisitor {
  /// Visits the form; the one that the map is to take on comes back.
  mutating func visit(_ form: MapForm, of map: String) -> MapForm {
    var state = IntegerState(.uint8, [1], [form.rawValue])
    visit(&state, named: "isFrozen")
    let found = state.values.first ?? -1
    afterReplacing { () throws(TensorError) in
      guard MapForm(rawValue: found) != nil else {
        throw .invalidValue(
          operation: map, argument: "isFrozen", expected: "0 or 1", found: "\(found)")
      }
    }
    return MapForm(rawValue: found) ?? form
  }
}
