import AddendTensors
import Testing

struct PrecisionTextTests {
  @Test func standardOnesHaveNames() throws {
    for (name, precision) in Precision.standard {
      #expect(try Precision(parsing: name) == precision)
      #expect(precision.description == name)
    }
    // Archives of the first versions name them so.
    #expect(try Precision(parsing: "bfloat16") == .bfloat16)
    #expect(try Precision(parsing: "bfloat16-compensated") == .bfloat16Compensated)
  }

  @Test(
    arguments: [
      "products=dfp16,accumulate=float16:64>float32", "activations=bfloat16,weights=e4m3",
      "products=lns5.7,update=bfloat16+kahan,scale=dynamic", "products=dfp12/64,update=bfloat16~",
      "gradients=e5m2,scale=1024.0", "accumulate=e5m2:8>float16:64>float32",
    ])
  func rolesCompose(text: String) throws {
    #expect(try Precision(parsing: text).description == text)
  }

  @Test func valuesComeBack() throws {
    let levels = Accumulation(levels: [.init(.float16, length: 32), .init(nil, length: 9)])
    for precision in [
      Precision(products: .e4m3, accumulation: levels),
      Precision(products: .e4m3, accumulation: Precision.float8.accumulation),
      Precision(products: .dfp16), Precision(DynamicFixedPoint(bits: 12, blockLength: 8)),
    ] {
      #expect(try Precision(parsing: precision.description) == precision)
    }
    let roles = "products=fp8,accumulate=fp16>fp32,scale=dynamic"
    #expect(try Precision(parsing: roles).description == "fp8")
  }

  @Test func shortFormsMeanTheLong() throws {
    let short = try Precision(
      parsing: "products=dfp16,update=float32,accumulate=fp8>fp16>fp32")
    #expect(short.description == "products=dfp16,accumulate=e5m2:8>float16:64>float32")
    #expect(try Precision(parsing: "products=dfp16") == .dfp16)
    #expect(try Precision(parsing: "products=fp8").gradients == .e5m2)
    #expect(try Precision(parsing: "products=fp8,gradients=bf16").gradients == .bfloat16)
    #expect(
      try Precision(parsing: "activations=fp8,weights=fp8,gradients=fp8")
        == Precision(parsing: "products=fp8"))
  }

  @Test(
    arguments: [
      "float17", "products=float17", "products", "update=dfp16~", "accumulate=dfp16>fp32",
      "accumulate=fp16>fp16>fp16>fp16>fp32", "accumulate=fp16:0>fp32", "scale=-1", "scale=nan",
      "scale=1e-40", "accumulate=fp32>fp16",
      "weights=dfp17", "weights=dfp16/0", "weights=lns5", "weights=lns5.99", "colour=bf16", "",
      "products=bf16,", "update=bf16~~",
    ])
  func othersAreRefused(text: String) {
    #expect(throws: PrecisionError.self) { try Precision(parsing: text) }
  }

  @Test func refusalsSayWhatWasExpected() {
    #expect(throws: PrecisionError.unknownName("float17")) { try Precision(parsing: "float17") }
    let error = PrecisionError.invalidRole("scale", expected: "none", found: "x")
    #expect(error.description == "a precision's 'scale' is 'x', expected none")
  }
}
