extension String {
  /// This text for HTML, safe inside elements and inside quoted attributes.
  var escapedForHTML: String {
    var escaped = ""
    for scalar in unicodeScalars {
      switch scalar {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "\"": escaped += "&quot;"
      case "'": escaped += "&#39;"
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }

  /// This text for HTML, with places to break a long specification at: after `:` and `,`.
  var breakableHTML: String {
    escapedForHTML.map { $0 == ":" || $0 == "," ? "\($0)<wbr>" : "\($0)" }.joined()
  }
}
