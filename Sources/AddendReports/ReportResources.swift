internal import CAddendResources

/// The parts of a page that are the same in every report.
enum ReportResources {
  static var chartLibrary: String { unsafe text(addend_report_chart_library) }
  static var script: String { unsafe text(addend_report_script) }
  static var style: String { unsafe text(addend_report_style) }

  private static func text(
    _ resource: (UnsafeMutablePointer<Int>) -> UnsafePointer<UInt8>?
  ) -> String {
    var count = 0
    let start = unsafe resource(&count)
    // Safe: the resource is `count` constant bytes that live as long as the process.
    return unsafe String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
  }
}
