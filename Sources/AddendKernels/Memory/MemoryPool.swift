internal import CAddendKernels
internal import Synchronization

/// Freed blocks by size, and the account of all that are in use.
final class MemoryPool: Sendable {
  static let shared = MemoryPool()

  /// Blocks are kept up to this many bytes in all. Beyond, all of them go back to the system: their
  /// sizes are those of a model or a batch that is no longer in use.
  private static let keptByteLimit = 1 << 30

  // Invariant: a block in the pool is referenced from nowhere else.
  @safe private struct Block: @unchecked Sendable { let pointer: UnsafeMutableRawPointer }
  private struct State {
    var blocks: [Int: [Block]] = [:]
    var usage = MemoryUsage()
  }
  private let state = Mutex(State())

  var usage: MemoryUsage { state.withLock { $0.usage } }

  /// From here on, the peak is what is in use now and whatever exceeds it.
  func restartPeak() { state.withLock { $0.usage.peak = $0.usage.inUse } }

  func take(byteCount: Int) -> UnsafeMutableRawPointer {
    _ = addend_account(byteCount)
    let kept: Block? = state.withLock { state in
      state.usage.inUse += byteCount
      state.usage.peak = max(state.usage.peak, state.usage.inUse)
      guard let block = state.blocks[byteCount]?.popLast() else {
        state.usage.systemRequests += 1
        return nil
      }
      state.usage.kept -= byteCount
      return block
    }
    if let kept { return unsafe kept.pointer }
    guard let fresh = unsafe addend_allocate(byteCount) else {
      preconditionFailure("out of memory: \(byteCount) bytes were refused")
    }
    return unsafe fresh
  }

  func give(_ pointer: UnsafeMutableRawPointer, _ byteCount: Int) {
    _ = addend_account(-byteCount)
    let block = unsafe Block(pointer: pointer)
    let stale: [Int: [Block]] = state.withLock { state in
      var stale: [Int: [Block]] = [:]
      if state.usage.kept + byteCount > Self.keptByteLimit {
        swap(&stale, &state.blocks)
        state.usage.kept = 0
      }
      state.usage.inUse -= byteCount
      state.usage.kept += byteCount
      state.blocks[byteCount, default: []].append(block)
      return stale
    }
    for blocks in stale.values { for block in blocks { unsafe addend_free(block.pointer) } }
  }
}
