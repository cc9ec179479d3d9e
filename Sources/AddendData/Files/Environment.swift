#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// What the user's environment says.
enum Environment {
  static subscript(name: String) -> String? {
    // Safe: the string is copied, and nothing in this process changes its environment.
    unsafe getenv(name).map { unsafe String(cString: $0) }
  }
}
