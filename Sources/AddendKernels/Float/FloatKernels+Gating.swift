internal import CAddendKernels

// Safe throughout: extents are checked before addresses are taken, parts lie inside them, and C
// keeps no pointer.

extension FloatKernels {
  /// `y = x + t ⊙ (h − x)`.
  public func blend(
    _ x: Span<Float>, _ h: Span<Float>, share t: Span<Float>, into y: inout MutableSpan<Float>
  ) {
    precondition(x.count == h.count && t.count == x.count && y.count == x.count, "blend: extents")
    let count = x.count
    guard let x = unsafe x.address, let h = unsafe h.address, let t = unsafe t.address,
      let y = unsafe y.address
    else { return }
    ThreadPool.forEachPart(of: count, size: Self.partSize) { first, count in
      unsafe table.pointee.blend(count, x + first, h + first, t + first, y + first)
    }
  }

  /// `dh = dy ⊙ t`, `dx = dy − dh`, `dt = dy ⊙ (h − x)`.
  public func blendGradient(
    _ x: Span<Float>, _ h: Span<Float>, share t: Span<Float>, dy: Span<Float>,
    into dx: inout MutableSpan<Float>, _ dh: inout MutableSpan<Float>,
    _ dt: inout MutableSpan<Float>
  ) {
    precondition(
      x.count == h.count && t.count == x.count && dy.count == x.count && dx.count == x.count
        && dh.count == x.count && dt.count == x.count, "blendGradient: extents")
    let count = x.count
    guard let x = unsafe x.address, let h = unsafe h.address, let t = unsafe t.address,
      let dy = unsafe dy.address, let dx = unsafe dx.address, let dh = unsafe dh.address,
      let dt = unsafe dt.address
    else { return }
    ThreadPool.forEachPart(of: count, size: Self.partSize) { first, count in
      unsafe table.pointee.blend_gradient(
        count, x + first, h + first, t + first, dy + first, dx + first, dh + first, dt + first)
    }
  }
}
