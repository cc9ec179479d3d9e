import AddendReports
import AddendTensors

/// A report of invented figures, for tests and for looking at the page.
enum SampleReport {
  /// Map, accuracy, multiplications, additions, look-ups, bytes, picojoules, seconds of training and
  /// of inference, parameters.
  private static let rows: [(String, [Double])] = [
    ("float32", [0.9831, 266_200, 266_610, 0, 1_066_440, 1_225_840, 41.2, 8.1e-6, 266_610]),
    ("bf16", [0.9829, 266_200, 266_610, 0, 533_220, 798_000, 47.9, 6.6e-6, 266_610]),
    ("int8", [0.9827, 266_610, 266_610, 0, 268_260, 61_400, 52.3, 3.9e-6, 266_610]),
    ("ternary", [0.9788, 410, 180_300, 0, 68_000, 163_000, 88.4, 5.2e-6, 266_610]),
    ("binary", [0.9641, 0, 12_300, 0, 34_900, 9_870, 80.1, 1.4e-6, 266_610]),
    (
      "lookup:block=8,codewords=16",
      [0.9769, 4_480, 33_690, 33_280, 186_000, 61_300, 143, 2.2e-6, 266_610]
    ),
    (
      "shared:clusters=32",
      [0.9822, 266_200, 266_610, 266_200, 48_100, 905_000, 61, 2.1e-5, 266_610]
    ),
  ]

  static func make(title: String = "LeNet-300-100 on Fashion-MNIST: seven maps") -> ComparisonReport
  {
    var random = RandomSource(seed: 3)
    let measures: [Measure] = [
      .accuracy, .multiplications, .additions, .lookups, .bytesStored, .energyPicojoules,
      .trainSeconds, .inferenceSecondsPerExample, .parameters,
    ]
    let networks = rows.enumerated().map { index, row in
      let curve = (1...12).map { epoch in
        let progress = 1 - 1 / (Double(epoch) * 0.9 + 0.6 + Double(index) * 0.05)
        return LearningPoint(
          epoch: epoch, trainLoss: 0.9 * (1 - progress) + 0.02 * random.uniform(),
          testAccuracy: row.1[0] - 0.09 * (1 - progress) + 0.002 * random.uniform())
      }
      return NetworkResult(
        network: "LeNet-300-100", map: row.0,
        precision: "float32",
        figures: Dictionary(uniqueKeysWithValues: zip(measures, row.1)), curve: curve)
    }
    return ComparisonReport(
      title: title, dataset: "digits (invented figures, for the tests of the page)",
      machine: "a CPU with AVX2, 2 threads", date: "2026-01-31",
      command: "addend compare --data digits --maps float32,bf16,int8,ternary,binary --seed 7",
      networks: networks, samples: samples(networks.map(\.map), &random),
      notes: ["Times were taken on a machine with other work; only large differences mean anything"]
    )
  }

  private static func samples(
    _ networks: [String], _ random: inout RandomSource
  ) -> [SamplePrediction] {
    (0..<9).map { index in
      let channels = index == 8 ? 3 : 1
      let answers = networks.map { network in
        let isWrong = random.uniform() < 0.15
        return SamplePrediction.Answer(
          network: network, className: isWrong ? "ankle boot" : "class \(index)",
          probability: isWrong ? 0.4 + 0.2 * random.uniform() : 0.8 + 0.2 * random.uniform())
      }
      return SamplePrediction(
        image: ring(size: 28, radius: 5 + Double(index), channels: channels),
        className: "class \(index)", answers: answers)
    }
  }

  /// A bright ring on black.
  private static func ring(size: Int, radius: Double, channels: Int) -> RasterImage {
    var pixels: [UInt8] = []
    for row in 0..<size {
      for column in 0..<size {
        let (y, x) = (Double(row) - 13.5, Double(column) - 13.5)
        let distance = ((x * x + y * y).squareRoot() - radius).magnitude
        let light = max(0, 1 - distance / 2.5)
        for channel in 0..<channels { pixels.append(UInt8(255 * light) >> UInt8(channel)) }
      }
    }
    return RasterImage(height: size, width: size, channels: channels, pixels: pixels)
  }
}
