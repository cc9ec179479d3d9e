import AddendKernels

/// A convolution's passes in double precision, straight from the definition, with the sums of their
/// terms' magnitudes: an error bound is a multiple of those.
struct ConvolutionDefinition {
  let geometry: ConvolutionGeometry
  let outputs: Int
  let groups: Int

  struct Result {
    var values: [Double]
    var magnitudes: [Double]

    init(_ count: Int) {
      values = Array(repeating: 0, count: count)
      magnitudes = values
    }

    mutating func add(_ a: Float, _ b: Float, at index: Int) {
      let product = Double(a) * Double(b)
      values[index] += product
      magnitudes[index] += product.magnitude
    }
  }

  var imageCount: Int { geometry.imageCount * groups }
  var resultCount: Int { geometry.patchCount * outputs * groups }
  var filterCount: Int { geometry.patchSize * outputs * groups }

  func convolve(_ x: [Float], _ filter: [Float]) -> Result {
    var y = Result(resultCount)
    forEachProduct { image, weight, result in y.add(x[image], filter[weight], at: result) }
    return y
  }

  func inputGradient(_ dy: [Float], _ filter: [Float]) -> Result {
    var dx = Result(imageCount)
    forEachProduct { image, weight, result in dx.add(dy[result], filter[weight], at: image) }
    return dx
  }

  func filterGradient(_ x: [Float], _ dy: [Float]) -> Result {
    var gradient = Result(filterCount)
    forEachProduct { image, weight, result in gradient.add(x[image], dy[result], at: weight) }
    return gradient
  }

  /// Calls `body` with the places in x, filter and y of each product's three numbers.
  private func forEachProduct(_ body: (_ image: Int, _ weight: Int, _ result: Int) -> Void) {
    let g = geometry
    for n in 0..<g.batch {
      for p in 0..<g.outputHeight {
        for q in 0..<g.outputWidth {
          for r in 0..<g.filterHeight {
            for s in 0..<g.filterWidth {
              let (i, j) = (g.source(output: p, tap: r), g.source(output: q, tap: s))
              guard 0..<g.height ~= i, 0..<g.width ~= j else { continue }
              let pixel = (n * g.height + i) * g.width + j
              let position = (n * g.outputHeight + p) * g.outputWidth + q
              for group in 0..<groups {
                for c in 0..<g.channels {
                  let tap = ((group * g.filterHeight + r) * g.filterWidth + s) * g.channels + c
                  for k in 0..<outputs {
                    body(
                      (pixel * groups + group) * g.channels + c, tap * outputs + k,
                      (position * groups + group) * outputs + k)
                  }
                }
              }
            }
          }
        }
      }
    }
  }
}
