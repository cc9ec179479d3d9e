extension TensorScalar {
  public static func dropoutMask(
    rate: Double, using random: inout RandomSource, into mask: inout MutableSpan<Self>
  ) {
    let kept = rate < 1 ? Self(constant: 1 / (1 - rate)) : .zero
    for i in mask.indices { mask[i] = random.uniform() < rate ? .zero : kept }
  }

  // y = (1 − t) x + t h, written as x + t (h − x): one multiplication.
  @specialized(where Self == Float)
  public static func blend(
    _ x: Span<Self>, _ h: Span<Self>, share t: Span<Self>, into y: inout MutableSpan<Self>
  ) {
    precondition(
      x.count == h.count && t.count == x.count && y.count == x.count, "blend: extents")
    for i in x.indices { y[i] = x[i] + t[i] * (h[i] - x[i]) }
  }

  public static func blendGradient(
    _ x: Span<Self>, _ h: Span<Self>, share t: Span<Self>, dy: Span<Self>,
    into dx: inout MutableSpan<Self>, _ dh: inout MutableSpan<Self>, _ dt: inout MutableSpan<Self>
  ) {
    precondition(
      x.count == h.count && t.count == x.count && dy.count == x.count && dx.count == x.count
        && dh.count == x.count && dt.count == x.count, "blendGradient: extents")
    for i in x.indices {
      dh[i] = dy[i] * t[i]
      dx[i] = dy[i] - dh[i]
      dt[i] = dy[i] * (h[i] - x[i])
    }
  }
}
