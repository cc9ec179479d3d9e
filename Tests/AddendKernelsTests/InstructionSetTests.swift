import AddendKernels
import Testing

struct InstructionSetTests {
  @Test func eachSetComesWithThoseBelow() {
    #expect(InstructionSet.available.first == .scalar)
    #if arch(arm64)
      let ours: [InstructionSet] = [.scalar, .neon]
    #else
      let ours = InstructionSet.allCases.filter { $0 != .neon }
    #endif
    #expect(InstructionSet.available == ours.filter { $0 <= .best })
  }
}
