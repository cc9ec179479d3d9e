internal import AddendKernels
internal import AddendTensors

/// The three tables of a product, filled when words change: the only place that multiplies words.
///
/// Cost of filling: `rows · dimension` multiplications for each pair of words.
///
/// With `products` the results are mapped to the nearest of so many words of their own, signed and
/// made by k-means from the results: a table of indices, and one of words. The tables here are the
/// two of them joined, which gives the same sums.
enum SpaceTables {
  /// `table[v][a][m] = Σ_b matrix_m[a, b] · vector_v[b]`.
  static func forward<Scalar: TensorScalar>(
    vectors: Tensor<Scalar>, matrices: Tensor<Scalar>, _ geometry: SpaceGeometry, products: Int
  ) -> SpaceTable {
    let (vectorWords, matrixWords) = (Tensor<Double>(vectors), Tensor<Double>(matrices))
    let (v, m) = (vectorWords.span, matrixWords.span)
    let (d, r, words) = (geometry.dimension, geometry.rows, matrices.shape[0])
    return table(vectors.shape[0], r, words, products) { vector, a, first, span in
      for matrix in 0..<words {
        var sum = 0.0
        for b in 0..<d { sum += m[(matrix * r + a) * d + b] * v[vector * d + b] }
        span[first + matrix] = sum
      }
    }
  }

  /// `table[g][b][m] = Σ_a matrix_m[a, b] · gradient_g[a]`.
  static func transposed<Scalar: TensorScalar>(
    gradients: Tensor<Scalar>, matrices: Tensor<Scalar>, _ geometry: SpaceGeometry, products: Int
  ) -> SpaceTable {
    let (gradientWords, matrixWords) = (Tensor<Double>(gradients), Tensor<Double>(matrices))
    let (g, m) = (gradientWords.span, matrixWords.span)
    let (d, r, words) = (geometry.dimension, geometry.rows, matrices.shape[0])
    return table(gradients.shape[0], d, words, products) { gradient, b, first, span in
      for matrix in 0..<words {
        var sum = 0.0
        for a in 0..<r { sum += m[(matrix * r + a) * d + b] * g[gradient * r + a] }
        span[first + matrix] = sum
      }
    }
  }

  /// `table[v][a, b][g] = gradient_g[a] · vector_v[b]`.
  static func outer<Scalar: TensorScalar>(
    vectors: Tensor<Scalar>, gradients: Tensor<Scalar>, _ geometry: SpaceGeometry, products: Int
  ) -> SpaceTable {
    let (vectorWords, gradientWords) = (Tensor<Double>(vectors), Tensor<Double>(gradients))
    let (v, g) = (vectorWords.span, gradientWords.span)
    let (d, r, words) = (geometry.dimension, geometry.rows, gradients.shape[0])
    return table(vectors.shape[0], r * d, words, products) { vector, component, first, span in
      let (a, number) = (component / d, v[vector * d + component % d])
      for gradient in 0..<words { span[first + gradient] = g[gradient * r + a] * number }
    }
  }

  private static func table(
    _ selectors: Int, _ components: Int, _ words: Int, _ products: Int,
    fill: (
      _ selector: Int, _ component: Int, _ first: Int, _ entries: inout MutableSpan<Double>
    ) -> Void
  ) -> SpaceTable {
    var values = Tensor<Double>([selectors, components, words])
    var span = values.mutableSpan
    for selector in 0..<selectors {
      for component in 0..<components {
        fill(selector, component, (selector * components + component) * words, &span)
      }
    }
    if products > 0 { snap(&values, to: products) }
    return SpaceTable(
      selectors: selectors, components: components, words: words, values: values.span)
  }

  /// Replaces each result, `[components]` numbers, by the nearest of `count` words.
  private static func snap(_ values: inout Tensor<Double>, to count: Int) {
    let (selectors, components, words) = (values.shape[0], values.shape[1], values.shape[2])
    let original = values
    let source = original.span
    let results = SpacePoints(
      Tensor<Float>([selectors * words, components]) { span in
        for i in span.indices {
          let (result, c) = (i / components, i % components)
          let (selector, word) = (result / words, result % words)
          span[i] = Float(source[(selector * components + c) * words + word])
        }
      })
    // Always the same draws: a table follows from its words, and is not stored.
    var random = RandomSource(seed: 0)
    let book = SpaceWordMaking.lloyd(
      results.thinned(to: 4096, using: &random), words: count, rounds: 10, using: &random)
    let codes = results.nearest(in: book)
    var span = values.mutableSpan
    for i in span.indices {
      let (list, word) = (i / words, i % words)
      let (selector, c) = (list / components, list % components)
      let code = Int(codes.span[selector * words + word])
      span[i] = Double(book.span[code * components + c])
    }
  }
}
