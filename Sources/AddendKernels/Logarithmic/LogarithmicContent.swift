internal import CAddendKernels
internal import Synchronization

/// What operations on logarithms of one format read, made when it is first asked for and kept for good:
/// an operation on single numbers that counted references to tables would do little else.
@safe final class LogarithmicContent: Sendable {
  let tables: LogarithmicTables
  let sums: AlignedBuffer<Int32>
  // Safe: written here, read ever after; what it points to lives as long as `tables`.
  nonisolated(unsafe) let table: UnsafePointer<addend_lns_table>

  private init(integer: Int, fraction: Int, steps: Int) {
    tables = LogarithmicTables.of(fraction: fraction)
    let (sums, curves) = tables.sums(steps: steps)
    self.sums = sums
    let (span, curveSpan) = (sums.span, curves?.span)
    let made = UnsafeMutablePointer<addend_lns_table>.allocate(capacity: 1)
    unsafe made.initialize(
      to: addend_lns_table(integer: integer, fraction: fraction, steps: steps))
    unsafe made.pointee.sums = span.address
    unsafe made.pointee.curves = curveSpan?.address
    unsafe table = UnsafePointer(made)
  }

  deinit { unsafe table.deallocate() }

  private static let integers = 2...9
  private static let fractions = 6...12
  private static let slots = InlineArray<224, Atomic<UInt>> { _ in Atomic(0) }

  static func of(integer: Int, fraction: Int, steps: Int) -> Unmanaged<LogarithmicContent> {
    precondition(
      integers ~= integer && fractions ~= fraction && integer + fraction <= 15,
      "a logarithm has at most 15 bits")
    let step =
      switch steps {
      case 0: 0
      case 2: 1
      case 8: 2
      case 64: 3
      default: preconditionFailure("a table of sums has 2, 8 or 64 steps to a unit, or all")
      }
    let slot =
      ((integer - integers.lowerBound) * fractions.count + fraction - fractions.lowerBound) * 4
      + step
    let found = slots[slot].load(ordering: .acquiring)
    if let pointer = unsafe UnsafeRawPointer(bitPattern: found) {
      return unsafe .fromOpaque(pointer)
    }
    return unsafe kept(
      LogarithmicContent(integer: integer, fraction: fraction, steps: steps), in: slot)
  }

  /// `new`, or what another thread has put there meanwhile.
  private static func kept(_ new: LogarithmicContent, in slot: Int) -> Unmanaged<LogarithmicContent>
  {
    let own = unsafe Unmanaged.passRetained(new)
    let (_, before) = unsafe slots[slot].compareExchange(
      expected: 0, desired: UInt(bitPattern: own.toOpaque()), ordering: .acquiringAndReleasing)
    guard let first = unsafe UnsafeRawPointer(bitPattern: before) else { return unsafe own }
    unsafe own.release()
    return unsafe .fromOpaque(first)
  }
}
