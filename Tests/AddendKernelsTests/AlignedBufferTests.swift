import AddendKernels
import Testing

struct AlignedBufferTests {
  @Test(arguments: [0, 1, 15, 16, 17, 1000])
  func holdsWhatIsWritten(count: Int) {
    let buffer = AlignedBuffer<Int32>(uninitializedCount: count)
    var span = buffer.uniqueSpan
    for i in span.indices { span[i] = Int32(i * i) }
    let copy = buffer.copy()
    span.update(repeating: -1)
    #expect(copy.count == count)
    for i in copy.span.indices { #expect(copy.span[i] == Int32(i * i)) }
  }

  @Test func recycledMemoryIsNeverSharedByTwo() async {
    await withTaskGroup(of: Bool.self) { group in
      for owner in 0..<4 {
        group.addTask {
          var isIntact = true
          for round in 0..<500 {
            let buffer = AlignedBuffer<Int>(uninitializedCount: 64 + round % 3)
            var span = buffer.uniqueSpan
            span.update(repeating: owner)
            for i in buffer.span.indices where buffer.span[i] != owner { isIntact = false }
          }
          return isIntact
        }
      }
      for await isIntact in group { #expect(isIntact) }
    }
  }
}
