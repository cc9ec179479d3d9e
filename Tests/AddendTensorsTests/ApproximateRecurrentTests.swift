import AddendKernels
import AddendTensors
import Testing

/// What a cell's functions are replaced by, to be differentiated numerically: the tangent, at the point
/// where a first pass met each of them, of the slope that the approximation states.
///
/// The derivative of a cell with these is its gradient under the surrogate, by definition.
private struct Surrogates {
  private var points: [(function: KTanHFunction, z: Double, y: Double)] = []
  private var next: Int?

  /// `f(z)` in the first pass, then its tangent at that pass's point.
  mutating func callAsFunction(_ function: KTanHFunction, _ z: Double) -> Double {
    guard let index = next else {
      let y = Double.value(of: .kTanH(function), at: z)
      points.append((function, z, y))
      return y
    }
    next = index + 1
    let point = points[index]
    return point.y
      + Double.slope(of: .kTanH(function), at: point.z, value: point.y) * (z - point.z)
  }

  mutating func rewind() { next = 0 }
}

/// All gradients of a step against central differences of its surrogate, in Double.
///
/// Products of such functions are of third degree at most: a step of 1e−5 leaves 1e−10 and rounding.
struct ApproximateRecurrentTests {
  private static func numbers(_ count: Int, _ seed: UInt64) -> [Double] {
    var random = RandomSource(seed: seed)
    return (0..<count).map { _ in random.normal() }
  }

  private static func differences(
    at x: [Double], _ surrogates: Surrogates, _ value: ([Double], inout Surrogates) -> Double
  ) -> [Double] {
    x.indices.map { i in
      let ends = [1e-5, -1e-5].map { step in
        var (moved, functions) = (x, surrogates)
        moved[i] += step
        functions.rewind()
        return value(moved, &functions)
      }
      return (ends[0] - ends[1]) / 2e-5
    }
  }

  private static func expectNear(_ found: [Double], _ expected: [Double], _ what: String) {
    #expect(found.count == expected.count)
    for i in found.indices {
      #expect((found[i] - expected[i]).magnitude < 1e-8, "\(what)[\(i)]")
    }
  }

  @Test(arguments: [(1, 1), (3, 2), (2, 5)])
  func lstmStepIsItsEquations(batch: Int, size: Int) {
    let (count, wide) = (batch * size, 4 * batch * size)
    let (input, recurrent) = (Self.numbers(wide, 1), Self.numbers(wide, 2))
    let memory = Self.numbers(count, 3)
    let (dh, ds) = (Self.numbers(count, 4), Self.numbers(count, 5))
    func cell(
      _ input: [Double], _ memory: [Double], _ f: inout Surrogates
    ) -> (h: [Double], s: [Double]) {
      var (h, s): ([Double], [Double]) = ([], [])
      for k in 0..<count {
        let (row, j) = (k / size, k % size)
        let z = (0..<4).map { gate in
          let at = (4 * row + gate) * size + j
          return input[at] + recurrent[at]
        }
        let (i, forget, o) = (f(.sigmoid, z[0]), f(.sigmoid, z[1]), f(.sigmoid, z[2]))
        s.append(forget * memory[k] + i * f(.tanh, z[3]))
        h.append(o * f(.tanh, s[k]))
      }
      return (h, s)
    }
    var surrogates = Surrogates()
    let expected = cell(input, memory, &surrogates)
    var (gates, next) = (input, memory)
    var gateSpan = gates.mutableSpan
    var nextSpan = next.mutableSpan
    let h = Tensor<Double>([count]) {
      Double.lstmStep(
        .kTanH, size: size, input: input.span, recurrent: recurrent.span, memory: memory.span,
        gates: &gateSpan, nextMemory: &nextSpan, output: &$0)
    }
    Self.expectNear(h.elements, expected.h, "h")
    Self.expectNear(next, expected.s, "s")
    var memoryGradient = ds
    var memorySpan = memoryGradient.mutableSpan
    let gateGradient = Tensor<Double>([wide]) {
      Double.lstmStepGradient(
        .kTanH, size: size, gates: gates.span, memory: memory.span, nextMemory: next.span,
        outputGradient: dh.span, memoryGradient: &memorySpan, gateGradient: &$0)
    }
    func value(_ input: [Double], _ memory: [Double], _ f: inout Surrogates) -> Double {
      let (h, s) = cell(input, memory, &f)
      return zip(h, dh).reduce(0) { $0 + $1.0 * $1.1 } + zip(s, ds).reduce(0) { $0 + $1.0 * $1.1 }
    }
    Self.expectNear(
      gateGradient.elements,
      Self.differences(at: input, surrogates) { value($0, memory, &$1) }, "input")
    Self.expectNear(
      memoryGradient, Self.differences(at: memory, surrogates) { value(input, $0, &$1) }, "memory")
  }

  @Test(arguments: [(1, 1), (3, 2), (2, 5)])
  func gruStepIsItsEquations(batch: Int, size: Int) {
    let (count, wide) = (batch * size, 3 * batch * size)
    let (input, recurrent) = (Self.numbers(wide, 6), Self.numbers(wide, 7))
    let (state, dh) = (Self.numbers(count, 8), Self.numbers(count, 9))
    func cell(
      _ input: [Double], _ recurrent: [Double], _ state: [Double], _ f: inout Surrogates
    ) -> [Double] {
      (0..<count).map { k in
        let (r, z, n) = (
          3 * (k / size) * size + k % size, (3 * (k / size) + 1) * size + k % size,
          (3 * (k / size) + 2) * size + k % size
        )
        let (reset, update) = (
          f(.sigmoid, input[r] + recurrent[r]), f(.sigmoid, input[z] + recurrent[z])
        )
        let candidate = f(.tanh, input[n] + reset * recurrent[n])
        return candidate + update * (state[k] - candidate)
      }
    }
    var surrogates = Surrogates()
    let expected = cell(input, recurrent, state, &surrogates)
    var gates = input
    var gateSpan = gates.mutableSpan
    let h = Tensor<Double>([count]) {
      Double.gruStep(
        .kTanH, size: size, input: input.span, recurrent: recurrent.span, state: state.span,
        gates: &gateSpan, output: &$0)
    }
    Self.expectNear(h.elements, expected, "h")
    var (stateGradient, recurrentGradient) = (state, recurrent)
    var stateSpan = stateGradient.mutableSpan
    var recurrentSpan = recurrentGradient.mutableSpan
    let inputGradient = Tensor<Double>([wide]) {
      Double.gruStepGradient(
        size: size, gates: gates.span, recurrent: recurrent.span, state: state.span,
        outputGradient: dh.span, stateGradient: &stateSpan, inputGradient: &$0,
        recurrentGradient: &recurrentSpan)
    }
    func value(_ h: [Double]) -> Double { zip(h, dh).reduce(0) { $0 + $1.0 * $1.1 } }
    Self.expectNear(
      inputGradient.elements,
      Self.differences(at: input, surrogates) { value(cell($0, recurrent, state, &$1)) }, "input")
    Self.expectNear(
      recurrentGradient,
      Self.differences(at: recurrent, surrogates) { value(cell(input, $0, state, &$1)) },
      "recurrent")
    Self.expectNear(
      stateGradient,
      Self.differences(at: state, surrogates) { value(cell(input, recurrent, $0, &$1)) }, "state")
  }

  @Test func elmanStepIsItsEquation() {
    let (input, recurrent) = (Self.numbers(7, 10), Self.numbers(7, 11))
    let h = Tensor<Double>([7]) {
      Double.elmanStep(.kTanH, input: input.span, recurrent: recurrent.span, output: &$0)
    }
    #expect(
      h.elements == zip(input, recurrent).map { Double.value(of: .kTanH(.tanh), at: $0 + $1) })
  }

  /// float32's kernels against the same equations in float32, one number at a time: `x + y` and
  /// products round alike, so that every argument of `T` does.
  @Test(arguments: [(1, 1), (3, 5), (2, 300)])
  func floatStepsAreTheEquations(batch: Int, size: Int) {
    let count = batch * size
    let (input, recurrent) = (
      Self.numbers(4 * count, 12).map { Float($0) }, Self.numbers(4 * count, 13).map { Float($0) }
    )
    let state = Self.numbers(count, 14).map { Float($0) }
    let dh = Self.numbers(count, 15).map { Float($0) }
    func t(_ z: Float) -> Float { Float.value(of: .kTanH(.tanh), at: z) }
    func s(_ z: Float) -> Float { Float.value(of: .kTanH(.sigmoid), at: z) }
    var (gates, next) = (input, state)
    var gateSpan = gates.mutableSpan
    var nextSpan = next.mutableSpan
    let h = Tensor<Float>([count]) {
      Float.lstmStep(
        .kTanH, size: size, input: input.span, recurrent: recurrent.span, memory: state.span,
        gates: &gateSpan, nextMemory: &nextSpan, output: &$0)
    }.elements
    var ds = dh
    var memorySpan = ds.mutableSpan
    let inner = Tensor<Float>([4 * count]) {
      Float.lstmStepGradient(
        .kTanH, size: size, gates: gates.span, memory: state.span, nextMemory: next.span,
        outputGradient: dh.span, memoryGradient: &memorySpan, gateGradient: &$0)
    }.elements
    for k in 0..<count {
      let at = (0..<4).map { (4 * (k / size) + $0) * size + k % size }
      let z = at.map { input[$0] + recurrent[$0] }
      let (i, f, o, c) = (s(z[0]), s(z[1]), s(z[2]), t(z[3]))
      let memory = f * state[k] + i * c
      #expect(next[k] == memory && h[k] == o * t(memory))
      let after = dh[k] + dh[k] * o * (1 - t(memory) * t(memory))
      #expect(ds[k] == after * f)
      #expect(inner[at[0]] == after * c * i * (1 - i))
      #expect(inner[at[1]] == after * state[k] * f * (1 - f))
      #expect(inner[at[2]] == dh[k] * t(memory) * o * (1 - o))
      #expect(inner[at[3]] == after * i * (1 - c * c))
    }
    let (short, shortRecurrent) = (Array(input[..<(3 * count)]), Array(recurrent[..<(3 * count)]))
    var narrow = short
    var narrowSpan = narrow.mutableSpan
    let y = Tensor<Float>([count]) {
      Float.gruStep(
        .kTanH, size: size, input: short.span, recurrent: shortRecurrent.span, state: state.span,
        gates: &narrowSpan, output: &$0)
    }.elements
    let plain = Tensor<Float>([count]) {
      Float.elmanStep(.kTanH, input: state.span, recurrent: dh.span, output: &$0)
    }.elements
    for k in 0..<count {
      let at = (0..<3).map { (3 * (k / size) + $0) * size + k % size }
      let (r, z) = (
        s(short[at[0]] + shortRecurrent[at[0]]), s(short[at[1]] + shortRecurrent[at[1]])
      )
      let candidate = t(short[at[2]] + r * shortRecurrent[at[2]])
      #expect([narrow[at[0]], narrow[at[1]], narrow[at[2]]] == [r, z, candidate])
      #expect(y[k] == candidate + z * (state[k] - candidate))
      #expect(plain[k] == t(state[k] + dh[k]))
    }
  }
}
