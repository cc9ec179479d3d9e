internal import AddendTensors

/// The form that a look-up map is in, as its state tells.
///
/// The number is the state's version as well: state that is laid out or read otherwise gets numbers of
/// its own, which programs that do not know them refuse.
enum LookupForm: Int {
  case training
  case frozen
}

extension StateVisitor {
  /// Visits the form; the one that the map is to take on comes back.
  mutating func visit(_ form: LookupForm) -> LookupForm {
    var state = IntegerState(.uint8, [1], [form.rawValue])
    visit(&state, named: "isFrozen")
    let found = state.values.first ?? -1
    afterReplacing { () throws(TensorError) in
      guard LookupForm(rawValue: found) != nil else {
        throw .invalidValue(
          operation: "lookup map", argument: "isFrozen", expected: "0 or 1", found: "\(found)")
      }
    }
    return LookupForm(rawValue: found) ?? form
  }
}
