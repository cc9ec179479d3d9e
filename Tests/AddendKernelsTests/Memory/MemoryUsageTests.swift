import AddendKernels
import Testing

struct MemoryUsageTests {
  /// A thread's account grows by what it takes and shrinks by what it frees.
  @Test func threadsHaveAccounts() {
    let before = MemoryUsage.ofThisThread
    var buffers = [1, 16, 17, 1000].map { AlignedBuffer<Float>(uninitializedCount: $0) }
    #expect(MemoryUsage.ofThisThread - before == 64 + 64 + 128 + 4032)
    withExtendedLifetime(buffers) {}
    buffers.removeAll()
    #expect(MemoryUsage.ofThisThread == before)
  }

  /// In a program where nobody else takes any.
  @Test func theProgramHasOneAccount() async {
    await #expect(processExitsWith: .success) {
      let start = MemoryUsage.current
      var first: AlignedBuffer<Float>? = AlignedBuffer(uninitializedCount: 1000)
      let second = AlignedBuffer<Float>(uninitializedCount: 500)
      precondition(MemoryUsage.current.inUse - start.inUse == 4032 + 2048)
      precondition(MemoryUsage.current.systemRequests - start.systemRequests == 2)
      withExtendedLifetime(first) {}
      first = nil
      precondition(MemoryUsage.current.inUse - start.inUse == 2048)
      precondition(MemoryUsage.current.kept - start.kept == 4032)
      precondition(MemoryUsage.current.peak - start.inUse == 4032 + 2048)
      MemoryUsage.restartPeak()
      precondition(MemoryUsage.current.peak - start.inUse == 2048)
      let third = AlignedBuffer<UInt8>(uninitializedCount: 4032)
      precondition(MemoryUsage.current.systemRequests - start.systemRequests == 2)
      precondition(MemoryUsage.current.kept == start.kept)
      withExtendedLifetime((second, third)) {}
    }
  }
}
