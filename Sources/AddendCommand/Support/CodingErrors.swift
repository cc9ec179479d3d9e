internal import Addend

/// The relative squared errors that maps measured of their coding, layer by layer.
struct CodingErrors: StateVisitor {
  typealias Scalar = Float

  /// Of one map: `Σ ‖z − word of z‖² / Σ ‖z‖²` over blocks `z` of each kind.
  struct Figures {
    let map: String
    let inputs: Double
    let weight: Double
    let gradients: Double

    var json: JSONValue {
      [
        "map": .text(map), "inputs": .number(inputs), "weight": .number(weight),
        "gradients": .number(gradients),
      ]
    }
  }

  private(set) var figures: [Figures] = []
  private var path: [String] = []

  /// Those of a frozen model's maps, in order.
  init(of model: Model<Float>) {
    var copy = model
    copy.visit(&self)
  }

  mutating func enter(_ name: String) { path.append(name) }
  mutating func leave() { path.removeLast() }

  mutating func visit(_ parameter: inout Parameter<Float>, named name: String) {}
  mutating func visit(_ numbers: inout Tensor<Float>, named name: String) {
    guard name == "codingErrors", numbers.shape == [3] else { return }
    let errors = numbers.elements.map(Double.init)
    // Zeros: of a map that took other words and has measured nothing since.
    guard errors.contains(where: { $0 != 0 }) else { return }
    figures.append(
      Figures(
        map: path.joined(separator: "/"), inputs: errors[0], weight: errors[1],
        gradients: errors[2]))
  }
}
