internal import ArgumentParser

/// `addend bench`: kernels beside the best libraries found and beside the machine's own limits.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measure kernels beside other libraries and the machine's limits.",
    subcommands: [
      BenchMachineCommand.self, BenchGEMMCommand.self, BenchConvolutionCommand.self,
      BenchRecurrentCommand.self, BenchTanhCommand.self, BenchLogarithmicCommand.self,
      BenchNetworkCommand.self,
      BenchTablesCommand.self,
    ])
}
