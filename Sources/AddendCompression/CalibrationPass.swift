internal import AddendData
internal import AddendNetworks
internal import AddendTensors

/// Examples that pass through a network as in inference, in an order that is always the same.
struct CalibrationPass {
  private let dataset: any Dataset
  /// At least so many, or all there are.
  private let examples: Int
  private let seed: UInt64

  init(_ dataset: any Dataset, examples: Int, seed: UInt64) {
    self.dataset = dataset
    self.examples = examples
    self.seed = seed
  }

  func run<Scalar>(through model: Model<Scalar>) throws(CompressionError) {
    let loader: BatchLoader
    do throws(DataError) {
      loader = try BatchLoader(
        dataset, batchSize: min(Self.batchSize, max(1, dataset.count)), seed: seed, remainder: .kept
      )
    } catch {
      throw .data(error)
    }
    var (seen, states): (Int, [Tensor<Scalar>]) = (0, [])
    for batch in loader.batches(inEpoch: 0) {
      guard seen < examples else { break }
      var context = PassContext<Scalar>(
        lengths: batch.lengths, initialStates: batch.continuesPrevious ? states : [])
      do throws(NetworkError) {
        _ = try model.forward(Tensor<Scalar>(batch.input), &context)
      } catch {
        throw .network(error)
      }
      states = context.finalStates
      seen += batch.input.shape.first ?? 1
    }
  }

  private static let batchSize = 128
}
