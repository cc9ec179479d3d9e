// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableExperimentalFeature("Lifetimes"),
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
]

/// A library target of this package with the settings that all of them share.
func room(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

/// The tests of one target; each may lean on the shared checks in `AddendTestSupport`.
func tests(
  _ target: String, _ dependencies: [Target.Dependency] = [], excluding files: [String] = []
) -> Target {
  .testTarget(
    name: "\(target)Tests",
    dependencies: [.target(name: target), "AddendTestSupport"] + dependencies,
    exclude: files, swiftSettings: strict)
}

#if os(Linux) && arch(x86_64)
  let libraries: Set = ["OneDNN", "LIBXSMM"]
#else
  // LIBXSMM has no kernels for other processors.
  let libraries: Set = ["OneDNN"]
#endif

let package = Package(
  name: "addend",
  platforms: [.macOS("26.0")],
  products: [
    .library(name: "Addend", targets: ["Addend"]),
    .executable(name: "addend", targets: ["AddendCommand"]),
  ],
  traits: [
    .default(enabledTraits: libraries),
    .trait(
      name: "OneDNN",
      description: "Convolutions of compiled models through oneDNN, where it is the fastest."),
    .trait(name: "LIBXSMM", description: "Float32 products of models' layers through LIBXSMM."),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
  ],
  targets: [
    .target(
      name: "CAddendKernels",
      cSettings: [
        .define("ADDEND_ONEDNN", .when(traits: ["OneDNN"])),
        .define("ADDEND_LIBXSMM", .when(traits: ["LIBXSMM"])),
      ],
      linkerSettings: [
        .linkedLibrary("dnnl", .when(traits: ["OneDNN"])),
        // Archives, each wanting what follows it.
        .linkedLibrary("xsmm", .when(traits: ["LIBXSMM"])),
        .linkedLibrary("xsmmnoblas", .when(traits: ["LIBXSMM"])),
        .linkedLibrary("dl", .when(traits: ["LIBXSMM"])),
        .linkedLibrary("m", .when(platforms: [.linux])),
        .linkedLibrary("pthread", .when(platforms: [.linux])),
        .linkedLibrary("z"),
      ]),
    .target(name: "CAddendResources", exclude: ["NOTICE.md", "Resources"]),
    .target(
      name: "CAddendDecoders",
      linkerSettings: [.linkedLibrary("png"), .linkedLibrary("jpeg"), .linkedLibrary("z")]),
    room("AddendFiles", []),
    room("AddendCatalogue", []),
    room("AddendKernels", ["CAddendKernels"]),
    room("AddendTensors", ["AddendKernels"]),
    room("AddendCodebooks", ["AddendCatalogue", "AddendKernels", "AddendTensors"]),
    room("AddendLinear", ["AddendCatalogue", "AddendTensors", "AddendCodebooks"]),
    room(
      "AddendTables",
      ["AddendFiles", "AddendCatalogue", "AddendKernels", "AddendTensors", "AddendCodebooks"]),
    room(
      "AddendSearch", ["AddendFiles", "AddendCatalogue", "AddendKernels", "AddendTensors"]),
    room("AddendHardware", ["AddendLinear"]),
    room("AddendNetworks", ["AddendCatalogue", "AddendTensors", "AddendLinear"]),
    room(
      "AddendArchives",
      ["AddendFiles", "AddendCatalogue", "AddendTensors", "AddendLinear", "AddendNetworks"]),
    room(
      "AddendData",
      [
        "AddendFiles", "AddendCatalogue", "AddendKernels", "AddendTensors", "CAddendResources",
        "CAddendDecoders",
      ]),
    room(
      "AddendExecution",
      [
        "AddendFiles", "AddendCatalogue", "AddendKernels", "AddendTensors", "AddendLinear",
        "AddendNetworks",
      ]),
    room(
      "AddendBenchmark",
      [
        "AddendFiles", "AddendCatalogue", "AddendKernels", "AddendTensors", "AddendLinear",
        "AddendNetworks", "AddendData", "AddendExecution", "AddendTraining",
      ]),
    room("AddendDistributed", ["AddendTensors"]),
    room(
      "AddendTraining",
      [
        "AddendFiles", "AddendCatalogue", "AddendTensors", "AddendLinear", "AddendNetworks",
        "AddendArchives",
        "AddendData", "AddendDistributed",
      ]),
    room(
      "AddendCompression",
      [
        "AddendFiles", "AddendCatalogue", "AddendKernels", "AddendTensors", "AddendSearch",
        "AddendCodebooks", "AddendTables", "AddendLinear", "AddendHardware", "AddendNetworks",
        "AddendArchives", "AddendData", "AddendTraining",
      ]),
    room("AddendReports", ["AddendFiles", "AddendCatalogue", "AddendTensors", "CAddendResources"]),
    room(
      "Addend",
      [
        "AddendFiles", "AddendCatalogue", "AddendTensors", "AddendSearch", "AddendCodebooks",
        "AddendLinear", "AddendTables", "AddendHardware", "AddendNetworks", "AddendArchives",
        "AddendData", "AddendExecution", "AddendBenchmark", "AddendDistributed", "AddendTraining",
        "AddendCompression", "AddendReports",
      ]),
    .executableTarget(
      name: "AddendCommand",
      dependencies: [
        "Addend", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: strict),
    .target(
      name: "AddendTestSupport",
      dependencies: ["AddendCatalogue", "AddendTensors", "AddendLinear", "AddendNetworks"],
      path: "Tests/AddendTestSupport", swiftSettings: strict),
    tests("AddendFiles"),
    tests("AddendCatalogue", ["AddendTensors"]),
    tests("AddendKernels"),
    tests("AddendTensors"),
    tests("AddendCodebooks", ["AddendCatalogue", "AddendData", "AddendKernels", "AddendTensors"]),
    tests("AddendSearch", ["AddendFiles", "AddendCatalogue", "AddendKernels", "AddendTensors"]),
    tests("AddendLinear"),
    tests(
      "AddendTables",
      [
        "AddendCatalogue", "AddendCodebooks", "AddendFiles", "AddendKernels",
        "AddendTensors",
      ]),
    tests("AddendHardware"),
    tests("AddendNetworks", ["AddendArchives"], excluding: ["Golden"]),
    tests(
      "AddendArchives",
      [
        "AddendFiles", "AddendCatalogue", "AddendKernels", "AddendTensors", "AddendLinear",
        "AddendNetworks",
      ], excluding: ["Golden"]),
    tests("AddendData", ["AddendFiles", "AddendCatalogue", "AddendTensors"]),
    tests(
      "AddendBenchmark",
      [
        "AddendCatalogue", "AddendKernels", "AddendTensors", "AddendNetworks", "AddendExecution",
      ]),
    tests("AddendDistributed"),
    tests(
      "AddendExecution",
      [
        "AddendCatalogue", "AddendFiles", "AddendKernels", "AddendLinear", "AddendTensors",
        "AddendNetworks",
      ]),
    tests("AddendTraining", ["AddendHardware"], excluding: ["Golden"]),
    tests(
      "AddendCompression",
      [
        "AddendCatalogue", "AddendCodebooks", "AddendTables", "AddendTensors", "AddendSearch",
        "AddendLinear", "AddendNetworks", "AddendArchives", "AddendData", "AddendTraining",
        "AddendExecution",
      ]),
    tests("AddendReports", ["AddendCatalogue", "AddendFiles", "AddendTensors"]),
    tests("Addend"),
    .testTarget(
      name: "AddendCommandTests", dependencies: ["AddendCommand", "AddendTestSupport"],
      swiftSettings: strict),
  ]
)
