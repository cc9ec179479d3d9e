import AddendCatalogue
import AddendExecution
import AddendKernels
import AddendNetworks
import AddendTensors
import AddendTestSupport
import Testing

struct KernelTunerTests {
  /// Dense layers and convolutions of single pixels: LIBXSMM's kernels are timed where they are there.
  @Test func productsAreTriedWithEveryLibrary() throws {
    let network = Network("products", input: [3, 3, 4]) {
      Convolution(5, size: 1)
      Flatten()
      Dense(2)
    }
    let model = try Model<Float>(network, seed: 1)
    let kernels = model.compiled(batch: 2, choices: KernelChoices()).kernels
    let tried = kernels.map { Set($0.seconds.keys) }
    let products: Set = LIBXSMMProduct.isAvailable ? ["batch-reduce", "LIBXSMM"] : ["batch-reduce"]
    // A single candidate is not timed.
    #expect(tried == [products.union(["direct"]), products.count > 1 ? products : []])
  }

  /// The fastest is taken, but oneDNN's, which allocate, have to be twice as fast as the others.
  @Test func kernelsThatAllocateNeedALead() throws {
    let network = try Zoo.network(
      Specification(parsing: "resnet:depth=8"), input: [32, 32, 3], classes: 10)
    let kernels = try Model<Float>(network, seed: 1).compiled(batch: 2).kernels
    for kernel in kernels where !kernel.seconds.isEmpty {
      let prices = kernel.seconds.map { ($0, $1 * ($0 == "oneDNN" ? 2 : 1)) }
      let least = prices.map(\.1).min()
      #expect(prices.contains { $0 == kernel.kernel && $1 == least }, "\(kernel)")
    }
  }
}
