// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "addend-benchmarks",
  platforms: [.macOS("26.0")],
  dependencies: [
    .package(name: "addend", path: ".."),
    .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.1", traits: []),
  ],
  targets: [
    .executableTarget(
      name: "addend-training-speed", dependencies: [.product(name: "Addend", package: "addend")],
      path: "Sources/TrainingSpeed"),
    .executableTarget(
      name: "Kernels",
      dependencies: [
        .product(name: "Addend", package: "addend"),
        .product(name: "Benchmark", package: "benchmark"),
      ],
      path: "Benchmarks/Kernels",
      plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]),
  ]
)
