public import AddendCatalogue
public import AddendNetworks
public import AddendTensors

/// Networks for tests of what changes a graph and must keep what it computes.
public enum RandomNetwork {
  /// A network of random layers around normalisations that fold and such that do not.
  public static func network(seed: UInt64) -> Network {
    var random = RandomSource(seed: seed)
    func chance() -> Bool { Bool.random(using: &random) }
    let channels = 2 * Int.random(in: 1...3, using: &random)
    return Network("random", input: [6, 6, 2]) {
      if chance() { BatchNorm() }
      Convolution(channels, size: 3, groups: chance() ? 2 : 1, bias: chance())
      BatchNorm()
      if chance() { ReLU() }
      Residual(shortcut: .projected) {
        Convolution(channels + 2, size: 3, padding: 1, bias: chance())
        BatchNorm(epsilon: 1e-3)
        ReLU()
        if chance() { BatchNorm() }
      }
      Branch(chance() ? .sum : .concatenation) {
        Sequential {
          Convolution(4, size: 1)
          BatchNorm()
        }
        Sequential {
          Convolution(4, size: 3, padding: .same)
          BatchNorm()
          if chance() { BatchNorm() }
        }
      }
      Flatten()
      Dense(7, bias: chance())
      BatchNorm()
      Highway {
        Dense(7)
        BatchNorm()
      }
      Tanh()
      Dense(3)
    }
  }

  /// A model of the network whose whole state is random, running moments included.
  public static func model<Scalar: TensorScalar>(
    _ network: Network, map: Specification = Specification("float32"), of scalar: Scalar.Type,
    seed: UInt64
  ) throws -> Model<Scalar> {
    var model = try Model<Scalar>(network, map: map, seed: seed)
    var random = RandomSource(seed: seed, stream: 9)
    var tour = StateTour<Scalar> { path, tensor in
      guard !path.hasSuffix("weight") else { return }
      let isVariance = path.hasSuffix("variance")
      tensor = Tensor(tensor.shape) { span in
        for i in span.indices {
          let number = 0.5 * random.normal()
          span[i] = Scalar(isVariance ? 0.5 + number * number : number)
        }
      }
    }
    model.visit(&tour)
    return model
  }
}
