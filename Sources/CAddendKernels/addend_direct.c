#include "addend_direct.h"

#include "addend_direct_parts.h"

// A source of more floats than this lies beyond the second level of the cache.
enum { far_floats = 1 << 20 };

/// One tile of a block: where its results lie, and which rectangle it is of.
typedef struct {
  size_t offset, step, rows;
  /// The distance of its rows in the source, or 0 where they have pointers of their own.
  size_t source_step;
  const addend_direct_rectangle *rectangle;
} block_tile;

static size_t block_positions(const addend_direct_plan *plan) {
  return plan->block * plan->tile_rows;
}

/// How many positions of a block may need copies of merged taps: those at the left and right of the
/// image that reach beyond it, in the lines that a block touches.
static size_t copied_positions(const addend_direct_plan *plan) {
  if (!plan->merges) return 0;
  const addend_direct_axis *across = &plan->piece.across;
  size_t edge = 0;
  for (size_t q = 0; q < across->results; ++q) {
    const ptrdiff_t start = (ptrdiff_t)(q * across->step) + across->first;
    edge += start < 0 || start + (ptrdiff_t)across->taps > (ptrdiff_t)across->extent;
  }
  const size_t positions = block_positions(plan);
  if (!edge) return 0;
  for (size_t i = 0; i < plan->rectangle_count; ++i) {
    const addend_direct_direction direction = plan->rectangles[i].direction;
    // Such lines may lie at the edge throughout.
    if (direction == ADDEND_ALONG_ROWS || direction == ADDEND_ALONG_IMAGES) return positions;
  }
  return smaller(positions, edge * (positions / across->results + 2));
}

size_t addend_direct_part_scratch(const addend_direct_plan *plan) {
  const size_t positions = block_positions(plan);
  const size_t pointers = plan->taps * positions * sizeof(float *);
  const size_t copies = plan->taps * copied_positions(plan) * plan->depth * sizeof(float);
  const size_t offsets = plan->taps * (sizeof(ptrdiff_t) + plan->rectangle_count * sizeof(size_t));
  const size_t bytes = pointers + offsets + plan->block * sizeof(block_tile) + copies;
  return parts_of(bytes, 64) * (64 / sizeof(float));
}

/// What a part works with.
typedef struct {
  const addend_direct_plan *plan;
  const addend_direct_operands *operands;
  const float *source;  // of the group
  /// Where taps lie in the source, from the first one's pixel on.
  ptrdiff_t *tap_offsets;
  /// [rectangle][tap]: the taps that a rectangle reaches.
  size_t *tap_numbers;
  /// For each tile of the block, rows of the source [tap][row].
  const float **rows;
  block_tile *tiles;
  size_t tile_count;
  float *copies, *next_copy;
} worker;

static worker make_worker(const addend_direct_plan *plan, const addend_direct_operands *operands,
                          size_t group, float *scratch) {
  const addend_direct_piece *piece = &plan->piece;
  worker w = {.plan = plan,
              .operands = operands,
              .source = operands->source + group * piece->depth,
              .rows = (const float **)(void *)scratch};
  w.tap_offsets = (ptrdiff_t *)(void *)(w.rows + plan->taps * block_positions(plan));
  w.tap_numbers = (size_t *)(void *)(w.tap_offsets + plan->taps);
  w.tiles = (block_tile *)(void *)(w.tap_numbers + plan->taps * plan->rectangle_count);
  w.copies = (float *)(void *)(w.tiles + plan->block);
  const ptrdiff_t pixel = (ptrdiff_t)(piece->depth * piece->groups);
  const ptrdiff_t line = (ptrdiff_t)piece->across.extent * pixel;
  for (size_t r = 0; r < piece->down.taps; ++r)
    for (size_t s = 0; s < plan->taps_across; ++s)
      w.tap_offsets[r * plan->taps_across + s] =
          (ptrdiff_t)r * piece->down.increment * line +
          (ptrdiff_t)s * piece->across.increment * pixel;
  for (size_t i = 0; i < plan->rectangle_count; ++i) {
    const addend_direct_rectangle *rectangle = plan->rectangles + i;
    size_t *numbers = w.tap_numbers + i * plan->taps;
    for (size_t r = 0; r < rectangle->taps_down; ++r)
      for (size_t s = 0; s < rectangle->taps_across; ++s)
        *numbers++ = (rectangle->tap_top + r) * plan->taps_across + rectangle->tap_left + s;
  }
  return w;
}

/// A result position.
typedef struct {
  size_t image, p, q;
} position;

/// Where taps r and s of a position lie in the source, which may be outside.
typedef struct {
  ptrdiff_t top, left;
} corner;

static corner corner_of(const addend_direct_piece *piece, const position *at) {
  return (corner){(ptrdiff_t)(at->p * piece->down.step) + piece->down.first,
                  (ptrdiff_t)(at->q * piece->across.step) + piece->across.first};
}

/// The copy of a merged tap that reaches beyond the image, but not only beyond.
static const float *copy_tap(worker *w, const float *line, ptrdiff_t left) {
  const addend_direct_axis *across = &w->plan->piece.across;
  const size_t pixel = w->plan->piece.depth, size = across->taps * pixel;
  const size_t before = left < 0 ? (size_t)-left * pixel : 0;
  const size_t first = left < 0 ? 0 : (size_t)left * pixel;
  const size_t count = smaller(across->extent * pixel - first, size - before);
  float *copy = w->next_copy;
  for (size_t i = 0; i < before; ++i) copy[i] = 0;
  for (size_t i = 0; i < count; ++i) copy[before + i] = line[first + i];
  for (size_t i = before + count; i < size; ++i) copy[i] = 0;
  w->next_copy += size;
  return copy;
}

/// The rows of a position that meets the padding, `stride` apart.
static void find_padded_rows(worker *w, const addend_direct_rectangle *rectangle,
                             const position *at, const float **rows, size_t stride) {
  const addend_direct_piece *piece = &w->plan->piece;
  const addend_direct_axis *down = &piece->down, *across = &piece->across;
  const size_t pixel = piece->depth * piece->groups;
  const corner corner = corner_of(piece, at);
  for (size_t r = rectangle->tap_top; r < rectangle->tap_top + rectangle->taps_down; ++r) {
    const ptrdiff_t y = corner.top + (ptrdiff_t)r * down->increment;
    const bool is_inside = y >= 0 && y < (ptrdiff_t)down->extent;
    const float *line =
        w->source +
        (is_inside ? (at->image * down->extent + (size_t)y) * across->extent * pixel : 0);
    for (size_t s = 0; s < w->plan->taps_across; ++s, rows += stride) {
      const ptrdiff_t x = corner.left + (ptrdiff_t)s * across->increment;
      const ptrdiff_t end = x + (w->plan->merges ? (ptrdiff_t)across->taps : 1);
      if (!is_inside || end <= 0 || x >= (ptrdiff_t)across->extent)
        *rows = w->operands->zeros;
      else if (x >= 0 && end <= (ptrdiff_t)across->extent)
        *rows = line + (size_t)x * pixel;
      else
        *rows = copy_tap(w, line, x);
    }
  }
}

static bool reaches_beyond(const addend_direct_axis *axis, ptrdiff_t start) {
  const ptrdiff_t last = start + (ptrdiff_t)(axis->taps - 1) * axis->increment;
  return start < 0 || last >= (ptrdiff_t)axis->extent;
}

static bool meets_padding(const addend_direct_piece *piece, const position *at) {
  const corner corner = corner_of(piece, at);
  return reaches_beyond(&piece->down, corner.top) || reaches_beyond(&piece->across, corner.left);
}

/// The rows of a position under the rectangle's taps, `stride` apart.
static void find_rows(const worker *w, const addend_direct_rectangle *rectangle, const position *at,
                      const float **rows, size_t stride) {
  const addend_direct_plan *plan = w->plan;
  const addend_direct_piece *piece = &plan->piece;
  const corner corner = corner_of(piece, at);
  const size_t taps = rectangle->taps_down * rectangle->taps_across;
  const ptrdiff_t row = (ptrdiff_t)(at->image * piece->down.extent) + corner.top;
  const ptrdiff_t start = (row * (ptrdiff_t)piece->across.extent + corner.left) *
                          (ptrdiff_t)(piece->depth * piece->groups);
  const float *source = w->source;
  const ptrdiff_t *offsets = w->tap_offsets;
  if (taps == plan->taps) {
    for (size_t t = 0; t < taps; ++t) rows[t * stride] = source + (start + offsets[t]);
    return;
  }
  const size_t *numbers = w->tap_numbers + (size_t)(rectangle - plan->rectangles) * plan->taps;
  for (size_t t = 0; t < taps; ++t) rows[t * stride] = source + (start + offsets[numbers[t]]);
}

/// The first position of a line.
static position start_of_line(const addend_direct_rectangle *r, size_t line) {
  switch (r->direction) {
    case ADDEND_ALONG_ALL: return (position){0, 0, 0};
    case ADDEND_ALONG_COLUMNS:
      return (position){line / r->height, r->top + line % r->height, r->left};
    case ADDEND_ALONG_ROWS: return (position){line / r->width, r->top, r->left + line % r->width};
    case ADDEND_ALONG_IMAGES:
      return (position){0, r->top + line / r->width, r->left + line % r->width};
  }
}

/// The position `count` further in its line.
static position advanced(const addend_direct_rectangle *r, position at, size_t count) {
  switch (r->direction) {
    case ADDEND_ALONG_COLUMNS: at.q += count; break;
    case ADDEND_ALONG_ROWS: at.p += count; break;
    case ADDEND_ALONG_IMAGES: at.image += count; break;
    case ADDEND_ALONG_ALL:
      at.q += count;
      if (at.q < r->width) break;
      at.p += at.q / r->width;
      at.q %= r->width;
      if (at.p < r->height) break;
      at.image += at.p / r->height;
      at.p %= r->height;
  }
  return at;
}

static size_t result_step(const addend_direct_piece *piece, addend_direct_direction direction) {
  switch (direction) {
    case ADDEND_ALONG_ALL:
    case ADDEND_ALONG_COLUMNS: return piece->result_pixel;
    case ADDEND_ALONG_ROWS: return piece->result_row;
    case ADDEND_ALONG_IMAGES: return piece->result_image;
  }
}

/// Finds the source of a tile from position `at` on; returns how many pointers that took.
static size_t fill_tile(worker *w, block_tile *tile, position at, const float **rows) {
  const addend_direct_plan *plan = w->plan;
  const addend_direct_piece *piece = &plan->piece;
  const addend_direct_rectangle *rectangle = tile->rectangle;
  const size_t taps = rectangle->taps_down * rectangle->taps_across;
  tile->offset = piece->result_first + at.image * piece->result_image + at.p * piece->result_row +
                 at.q * piece->result_pixel;
  tile->step = result_step(piece, rectangle->direction);
  tile->source_step = rectangle->source_step;
  if (rectangle->is_padded && tile->source_step) {
    const position last = advanced(rectangle, at, tile->rows - 1);
    const bool is_one_line = rectangle->direction != ADDEND_ALONG_ALL ||
                             (last.p == at.p && last.image == at.image);
    if (!is_one_line || meets_padding(piece, &at) || meets_padding(piece, &last))
      tile->source_step = 0;
  }
  if (tile->source_step) {
    find_rows(w, rectangle, &at, rows, 1);
    return taps;
  }
  for (size_t row = 0; row < tile->rows; ++row, at = advanced(rectangle, at, 1)) {
    if (rectangle->is_padded && meets_padding(piece, &at))
      find_padded_rows(w, rectangle, &at, rows + row, tile->rows);
    else
      find_rows(w, rectangle, &at, rows + row, tile->rows);
  }
  return taps * tile->rows;
}

/// Finds the sources of tiles first ≤ i < end.
static void fill_block(worker *w, size_t first, size_t end) {
  const addend_direct_rectangle *r = w->plan->rectangles;
  size_t index = first;  // within the rectangle
  while (index >= r->lines * r->line_tiles) index -= r->lines * r->line_tiles, ++r;
  size_t line = index / r->line_tiles;
  index %= r->line_tiles;
  // Tiles of as equal heights as can be: the first ones are one longer.
  size_t rows = r->length / r->line_tiles, longer = r->length % r->line_tiles;
  position at = start_of_line(r, line);
  at = advanced(r, at, index * rows + smaller(index, longer));
  const float **pointers = w->rows;
  w->next_copy = w->copies;
  w->tile_count = end - first;
  for (size_t i = 0; i < end - first; ++i) {
    block_tile *tile = w->tiles + i;
    tile->rectangle = r;
    tile->rows = rows + (index < longer);
    pointers += fill_tile(w, tile, at, pointers);
    if (++index < r->line_tiles) {
      at = advanced(r, at, tile->rows);
      continue;
    }
    index = 0;
    if (++line == r->lines) {
      line = 0;
      if (++r == w->plan->rectangles + w->plan->rectangle_count) return;
      rows = r->length / r->line_tiles;
      longer = r->length % r->line_tiles;
    }
    at = start_of_line(r, line);
  }
}

/// Brings the source of a tile nearer, of channels first ≤ c < end.
static void prefetch(const block_tile *tile, const float *const *rows, size_t first, size_t end) {
  for (size_t row = 0; row < tile->rows; ++row) {
    const float *source = tile->source_step ? rows[0] + row * tile->source_step : rows[row];
    for (size_t c = first; c < end; c += 16) __builtin_prefetch(source + c);
  }
}

/// All tiles of the block with one panel, over channels first ≤ c < end.
static void multiply(const worker *w, size_t group, size_t panel, size_t first, size_t end,
                     bool prefetches) {
  const addend_direct_plan *plan = w->plan;
  const addend_direct_operands *o = w->operands;
  const size_t results = plan->piece.results;
  const size_t start = addend_brgemm_panel_start(plan->kernels, results, panel);
  const size_t width = addend_brgemm_panel_start(plan->kernels, results, panel + 1) - start;
  const size_t sum = plan->taps * plan->depth;
  const size_t padded = addend_brgemm_padded(plan->kernels, results);
  const bool is_last = end == plan->depth;
  const size_t column = group * results + start;
  addend_brgemm_tile tile = {
      .columns = smaller(width, results - start),
      .depth = end - first,
      .a_offset = first,
      .b = o->packed + group * sum * padded + start * sum + first * width,
      .ldb = width,
      .b_step = plan->depth * width,
      .is_padded = true,
      .bias = is_last && o->bias ? o->bias + column : NULL,
      .scale = o->scale,
      .accumulates = first > 0,
      .rectifies = is_last && o->rectifies,
  };
  const addend_brgemm_fn *kernels = plan->kernels->straight[width / plan->kernels->lanes - 1];
  const float **rows = w->rows;
  for (size_t i = 0; i < w->tile_count; ++i) {
    const block_tile *of = w->tiles + i;
    const size_t offset = of->offset + column;
    tile.taps = of->rectangle->taps_down * of->rectangle->taps_across;
    tile.b_numbers = tile.taps == plan->taps
                         ? NULL
                         : w->tap_numbers + (size_t)(of->rectangle - plan->rectangles) * plan->taps;
    tile.rows = of->rows;
    tile.a = rows;
    tile.a_row = of->source_step;
    tile.a_step = of->source_step ? 1 : of->rows;
    tile.c = o->result + offset;
    tile.ldc = of->step;
    tile.residual = is_last && o->residual ? o->residual + offset : NULL;
    const float **next = rows + tile.taps * tile.a_step;
    if (prefetches && i + 1 < w->tile_count) prefetch(of + 1, next, first, end);
    kernels[tile.rows - 1](&tile);
    rows = next;
  }
}

void addend_direct_run(const addend_direct_plan *plan, const addend_direct_operands *operands,
                       size_t part, float *restrict scratch) {
  const size_t across = part % plan->panel_parts, rest = part / plan->panel_parts;
  const size_t down = rest % plan->tile_parts, group = rest / plan->tile_parts;
  const size_t first_panel = part_start(plan->panels, plan->panel_parts, across);
  const size_t end_panel = part_start(plan->panels, plan->panel_parts, across + 1);
  const size_t first = part_start(plan->tiles, plan->tile_parts, down);
  const size_t end = part_start(plan->tiles, plan->tile_parts, down + 1);
  worker w = make_worker(plan, operands, group, scratch);
  // Rows of a few lines from beyond the cache are not foreseen by the processor.
  const addend_direct_piece *piece = &plan->piece;
  const size_t source =
      smaller(piece->down.extent * piece->across.extent,
              piece->down.results * piece->across.results) *
      piece->batch * piece->depth * piece->groups;
  const bool prefetches = plan->taps == 1 && source > far_floats &&
                          plan->depth <= 256 && (plan->panels > 1 || plan->depth > 128);
  for (size_t i = first; i < end;) {
    const size_t stop = i + parts_of(end - i, parts_of(end - i, plan->block));
    fill_block(&w, i, stop);
    size_t c = 0;
    do {
      const size_t chunk_end = smaller(c + plan->chunk, plan->depth);
      for (size_t panel = first_panel; panel < end_panel; ++panel)
        multiply(&w, group, panel, c, chunk_end, prefetches && panel == first_panel);
      c = chunk_end;
    } while (c < plan->depth);
    i = stop;
  }
}
