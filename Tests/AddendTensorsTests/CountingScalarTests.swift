import AddendKernels
import AddendTensors
import Testing

struct CountingScalarTests {
  @Test func eachOperationCountsAsItsKind() {
    let (x, y) = (CountingScalar(3), CountingScalar(4))
    let counts = OperationTally.counting {
      let sum = x + y - x
      let quotient = x * y / sum
      _ = CountingScalar.lookUp(quotient) < -x
    }
    #expect(counts.multiplications == 2)
    #expect(counts.additions == 2)
    #expect(counts.lookups == 1)
    #expect(counts.comparisons == 1)
  }

  @Test func aProductCountsWhatItsDefinitionDoes() {
    let (a, b) = (
      [CountingScalar](repeating: .init(1), count: 6), [CountingScalar(1), CountingScalar(2)]
    )
    var c = [CountingScalar](repeating: .zero, count: 3)
    let counts = OperationTally.counting {
      var span = c.mutableSpan
      CountingScalar.gemm(GEMMShape(m: 3, n: 1, k: 2), a.span, b.span, &span)
    }
    #expect(counts.multiplications == 6)
    #expect(counts.additions == 3)
    #expect(c.map(\.value) == [3, 3, 3])
  }

  @Test func nothingIsCountedOutsideOfATally() {
    let outer = OperationTally.counting {
      let inner = OperationTally.counting { _ = CountingScalar(1) + CountingScalar(1) }
      #expect(inner.additions == 1)
    }
    #expect(outer.additions == 0)
  }
}
