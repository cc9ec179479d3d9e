import AddendKernels
import Testing

struct InstructionSetTests {
  @Test func eachSetComesWithThoseBelow() {
    #expect(InstructionSet.available.first == .scalar)
    #expect(
      InstructionSet.available == Array(InstructionSet.allCases.prefix { $0 <= .best }))
  }
}
