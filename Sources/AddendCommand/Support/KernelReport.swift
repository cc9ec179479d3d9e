internal import Addend

/// What a compiled network runs on: the kernel of each product, and the memory of its results.
struct KernelReport {
  private let executable: Executable
  private let threads: Int

  /// Compiles `model`. What was measured before on such a machine is not measured again.
  init(of model: Model<Float>, batch: Int, isExact: Bool, threads: Int?) {
    self.threads = threads ?? ThreadPool.availableProcessors
    let choices = KernelChoices(
      path: "\(DataStore.userCache)/kernels.json",
      machine: "\(Machine.current.summary(threads: self.threads)), addend \(addendVersion)")
    executable = model.compiled(batch: batch, isExact: isExact, choices: choices)
    choices.save()
  }

  var text: String {
    var table = TextTable(columns: [
      .init("layer", alignment: .leading), .init("product", alignment: .leading),
      .init("kernel", alignment: .leading), .init("measured now", alignment: .leading),
    ])
    for kernel in executable.kernels {
      let seconds = kernel.seconds.sorted { $0.value < $1.value }.map {
        "\($0.key) \(QuantityUnit.seconds.text($0.value))"
      }
      table.append([
        kernel.name, kernel.operation, kernel.kernel,
        seconds.isEmpty ? "–" : seconds.joined(separator: ", "),
      ])
    }
    let (planned, unshared) = executable.memory
    return """
      kernels for batches of \(executable.batch) on \(threads) \(threads == 1 ? "thread" : "threads")
      \(table)
      results take \(QuantityUnit.bytes.text(Double(planned))), without sharing \
      \(QuantityUnit.bytes.text(Double(unshared)))
      """
  }

  var json: JSONValue {
    let products: [JSONValue] = executable.kernels.map { kernel in
      var seconds = JSONObject()
      for (name, value) in kernel.seconds.sorted(by: { $0.key < $1.key }) {
        seconds[name] = .number(value)
      }
      return [
        "layer": .text(kernel.name), "product": .text(kernel.operation),
        "kernel": .text(kernel.kernel), "seconds": .object(seconds),
      ]
    }
    return [
      "batch": .integer(executable.batch), "resultBytes": .integer(executable.memory.planned),
      "unsharedResultBytes": .integer(executable.memory.unshared), "products": .array(products),
    ]
  }
}
