internal import CAddendKernels

// How a pass is shared out among threads, and what is done before and after its steps. Safe: the extents
// were checked by the callers, who keep what the pointers lead to; C keeps none of them.

extension RecurrentKernels {
  /// The rows of a part, of which there are as many as threads have use for: no number depends on
  /// which rows share a part. Sequences of different lengths are dealt out in turn.
  @unsafe func forEachPart(
    _ s: RecurrentSequence, _ body: (addend_recurrent_rows) -> Void
  ) {
    let pool = ThreadPool.current
    let parts = max(1, min(pool.threadCount, s.batch / 3))
    let share = (s.batch + parts - 1) / parts
    pool.run(parts) { part in
      body(
        s.order == nil
          ? addend_recurrent_rows(
            first: part * share, stride: 1, end: min(s.batch, (part + 1) * share))
          : addend_recurrent_rows(first: part, stride: parts, end: s.batch))
    }
  }

  @unsafe func run(_ s: RecurrentSequence, _ pass: addend_recurrent_pass) {
    let (table, pool, groups) = unsafe (table, ThreadPool.current, groups(s))
    let everyRow = addend_recurrent_rows(first: 0, stride: 1, end: s.batch)
    let sumsFirst = unsafe pass.has_input_sums
    let areSummed = sumsFirst && s.hasFewRows
    if areSummed { unsafe sumInputsOfAllSteps(s, pass) }
    // Few rows do not occupy the threads: then these share the units, and wait after each step. A
    // step below some 10⁵ products (two microseconds) is not worth that.
    let isNarrow = s.batch < 3 * pool.threadCount
    if pool.threadCount > 1, isNarrow, s.size * s.size * s.unit.gateCount * s.batch >= 1 << 17 {
      if sumsFirst, !areSummed {
        ThreadPool.forEachPart(of: s.time, size: 1) { step, _ in
          var pass = unsafe pass
          unsafe table.pointee.input_sums(&pass, everyRow, step, step + 1)
        }
      }
      let share = share(of: groups, s.unit, parts: min(pool.threadCount, ThreadPool.mostStepParts))
      pool.runSteps(s.time, parts: (groups + share - 1) / share) { step, part in
        let t = s.isReversed ? s.time - 1 - step : step
        var pass = unsafe pass
        unsafe table.pointee.forward(
          &pass, everyRow, t, t + 1, part * share, min(groups, (part + 1) * share))
      }
      return
    }
    unsafe forEachPart(s) { rows in
      var pass = unsafe pass
      if sumsFirst, !areSummed { unsafe table.pointee.input_sums(&pass, rows, 0, s.time) }
      unsafe table.pointee.forward(&pass, rows, 0, s.time, 0, groups)
    }
  }

  /// Groups of a part; simple layers' panels hold four.
  private func share(of groups: Int, _ unit: RecurrentUnit, parts: Int) -> Int {
    let share = (groups + parts - 1) / parts
    return unit == .elman ? (share + 3) & ~3 : share
  }

  /// `b + x W` of the rows of all steps as if they were one step's: a few rows a step would leave tiles
  /// empty, and take the weights through the caches in each.
  @unsafe private func sumInputsOfAllSteps(_ s: RecurrentSequence, _ pass: addend_recurrent_pass) {
    var pass = unsafe pass
    unsafe (pass.batch, pass.time) = (s.rowCount, 1)
    unsafe pass.order = s.places?.span.address
    unsafe pass.starts = s.ends.span.address
    unsafe (pass.x_row, pass.x_step) = (s.inputSize, 0)
    let table = unsafe table
    let parts = max(1, min(ThreadPool.current.threadCount, s.rowCount / 6))
    ThreadPool.forEachPart(of: s.rowCount, size: (s.rowCount + parts - 1) / parts) { first, count in
      var pass = unsafe pass
      unsafe table.pointee.input_sums(
        &pass, addend_recurrent_rows(first: first, stride: 1, end: first + count), 0, 1)
    }
  }

  func clearPadding(_ s: RecurrentSequence, _ output: inout MutableSpan<Float>) {
    for (row, length) in (s.lengths ?? []).enumerated() where length < s.time {
      for i in (row * s.time + length) * s.size..<(row + 1) * s.time * s.size { output[i] = 0 }
    }
  }

  /// The state after each row's last step.
  func takeEnd(
    _ s: RecurrentSequence, keeps: Bool, start: Span<Float>, output: Span<Float>,
    memory: Span<Float>, _ end: inout MutableSpan<Float>
  ) {
    let padded = groups(s) * lanes
    for row in 0..<s.batch {
      let first = row * s.stateSize
      guard let t = s.lastStep(ofRow: row) else {
        for i in first..<first + s.stateSize { end[i] = start[i] }
        continue
      }
      for j in 0..<s.size { end[first + j] = output[(row * s.time + t) * s.size + j] }
      guard s.unit.hasMemory else { continue }
      let kept = ((keeps ? t : 0) * s.batch + row) * padded
      for j in 0..<s.size { end[first + s.size + j] = memory[kept + j] }
    }
  }
}
