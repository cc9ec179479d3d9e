#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// Another program, run to its end without a shell.
package enum ChildProcess {
  package struct Outcome: Sendable {
    /// The exit status; 128 and more where a signal ended it.
    package let status: Int
    /// What it wrote to standard output and standard error.
    package let output: String
  }

  /// Runs `command[0]`, found on the search path, with the other words as its arguments.
  /// - Throws: `DataError.command` where there is no such program.
  package static func run(_ command: [String]) throws(DataError) -> Outcome {
    precondition(!command.isEmpty, "a command has a name")
    var ends: [CInt] = [0, 0]
    guard unsafe pipe(&ends) == 0 else { throw refusal(command, errno) }
    defer { close(ends[0]) }
    #if canImport(Darwin)
      var actions: posix_spawn_file_actions_t?
    #else
      var actions = unsafe posix_spawn_file_actions_t()
    #endif
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    unsafe posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
    unsafe posix_spawn_file_actions_adddup2(&actions, ends[1], 2)
    unsafe posix_spawn_file_actions_addclose(&actions, ends[0])
    unsafe posix_spawn_file_actions_addclose(&actions, ends[1])

    // Safe: the words are copied, end with a null pointer, and outlive the call.
    var words = unsafe command.map { unsafe strdup($0) } + [nil]
    defer { unsafe words.forEach { unsafe free($0) } }
    var process: pid_t = 0
    let failure = unsafe posix_spawnp(&process, command[0], &actions, nil, &words, environ)
    close(ends[1])
    guard failure == 0 else { throw refusal(command, failure) }
    let output = readToEnd(ends[0])
    var status: CInt = 0
    while unsafe waitpid(process, &status, 0) < 0 && errno == EINTR {}
    let signal = Int(status & 0x7F)
    return Outcome(
      status: signal == 0 ? Int(status >> 8) & 0xFF : 128 + signal,
      output: String(decoding: output, as: UTF8.self))
  }

  private static func refusal(_ command: [String], _ code: CInt) -> DataError {
    .command(command[0], reason: unsafe String(cString: strerror(code)))
  }

  private static func readToEnd(_ descriptor: CInt) -> [UInt8] {
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = unsafe read(descriptor, &piece, piece.count)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return bytes }
      bytes += piece[..<count]
    }
  }
}
