internal import Addend
internal import ArgumentParser

/// Which network.
struct NetworkOptions: ParsableArguments {
  @Option(
    help: "A network as in mlp:hidden=256,layers=2; 'addend catalogue models' lists them.",
    transform: Specification.parse)
  var model: Specification?

  @Option(help: "A JSON file that describes the network (see docs/networks.md).")
  var network: String?

  mutating func validate() throws {
    if model != nil && network != nil {
      throw ValidationError("--model and --network name two networks; give one.")
    }
  }

  /// The network for `dataset`: the file's, the zoo's, or `standard`.
  func network(
    for dataset: any Dataset, standard: @autoclosure () -> Specification?
  ) throws -> Network {
    if let path = network {
      let bytes = try readFile(at: path, byteLimit: 1 << 24)
      do {
        let network = try Network(json: JSONValue(parsing: bytes))
        guard network.input == dataset.inputShape else {
          throw Failure(
            .data,
            "'\(path)' takes \(network.input), but examples of \(dataset.name) are \(dataset.inputShape)"
          )
        }
        return network
      } catch let failure as Failure {
        throw failure
      } catch {
        throw Failure(.data, "'\(path)': \(error)")
      }
    }
    guard let model = model ?? standard() else {
      throw Failure(
        .usage,
        "no network is named; give --model (\(Zoo.catalogue.names.joined(separator: ", "))) or --network"
      )
    }
    return try Zoo.network(model, input: dataset.inputShape, classes: dataset.outputCount)
  }
}

extension Precision {
  static var choices: String {
    standard.map(\.name).filter { $0 != "own" }.joined(separator: ", ")
  }

  /// Reads a command line's `--precision`.
  static func parse(_ text: String) throws -> Precision {
    do throws(PrecisionError) {
      let precision = try Precision(parsing: text)
      return precision == .own ? .float32 : precision
    } catch {
      throw ValidationError("\(error).")
    }
  }
}

extension Dataset {
  /// How many outputs a network for this data set has.
  var outputCount: Int {
    guard classNames.isEmpty else { return classNames.count }
    guard count > 0, case .values(let values) = batch([0]).targets else { return 1 }
    return values.shape.element.count
  }
}
