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

  /// A network of random recurrent layers on symbols below 11, in both directions, around rows that are
  /// normalised or gated.
  public static func recurrentNetwork(seed: UInt64) -> Network {
    var random = RandomSource(seed: seed, stream: 1)
    func chance() -> Bool { Bool.random(using: &random) }
    func layer(_ size: Int, returns: RecurrentResult = .sequence) -> any LayerConfiguration {
      let reversed = chance()
      return switch Int.random(in: 0..<3, using: &random) {
      case 0: RNN(size, reversed: reversed, returns: returns)
      case 1: GRU(size, reversed: reversed, returns: returns)
      default:
        LSTM(size, layers: chance() ? 2 : 1, dropout: 0.5, reversed: reversed, returns: returns)
      }
    }
    let last = chance()
    return Network("recurrent", input: [Int.random(in: 1...6, using: &random)]) {
      Embedding(5, vocabulary: 11)
      layer(Int.random(in: 1...20, using: &random))
      if chance() { LayerNorm() }
      Branch(.concatenation) {
        LSTM(3)
        LSTM(3, reversed: true)
      }
      Highway {
        Dense(6)
        if chance() { LayerNorm() }
        Tanh()
      }
      layer(7, returns: last ? .last : .sequence)
      if chance() { ReLU() }
      Dense(4)
    }
  }

  /// Symbols for `recurrentNetwork`.
  public static func symbols<Scalar>(
    _ network: Network, batch: Int, seed: UInt64, of scalar: Scalar.Type
  ) -> Tensor<Scalar> {
    var random = RandomSource(seed: seed, stream: 5)
    return Tensor(network.input.batched(batch)) { span in
      for i in span.indices { span[i] = Scalar(Double(Int.random(in: 0..<11, using: &random))) }
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
