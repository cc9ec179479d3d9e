internal import CAddendKernels

/// The memory of tensors and of the kernels' scratch, in all of the program.
///
/// Buffers that were freed are handed out again for others of the same size: a loop that asks for the
/// same sizes in every round, as training does, asks the system in its first rounds only.
public struct MemoryUsage: Hashable, Sendable {
  /// Bytes in use.
  public internal(set) var inUse = 0
  /// The most that were in use at once since the program started, or since `restartPeak`.
  public internal(set) var peak = 0
  /// Bytes that were freed and are kept for the next buffers of their size.
  public internal(set) var kept = 0
  /// How often the system was asked for memory.
  public internal(set) var systemRequests = 0

  public static var current: MemoryUsage { MemoryPool.shared.usage }

  /// From here on, `peak` is what is in use now and whatever exceeds it.
  public static func restartPeak() { MemoryPool.shared.restartPeak() }

  /// By how many bytes buffers that this thread takes and frees have come to exceed, at the moment,
  /// those that it took and freed before: what lies between two readings is what stays of the work
  /// between them, whatever other threads do. What one thread takes and another frees is in both
  /// accounts.
  public static var ofThisThread: Int { addend_account(0) }
}
