#include <string.h>

#include "addend_winograd.h"

/// Parts of a step whose units may be divided at will: enough for eight threads.
enum { part_count = 8 };
/// What a part is worth at least, about a microsecond: transforms of 16 channels of tiles, and products.
enum { part_transforms = 32, part_products = 50000 };
/// Floats of U that stay in the second cache beside a block of tiles.
enum { small_filter = 1 << 16 };
/// Channels whose dU lies in the second cache at a time.
enum { sum_channels = 32 };

static size_t rounded(size_t count) { return (count + 15) & ~(size_t)15; }
static size_t quotient(size_t count, size_t size) { return (count + size - 1) / size; }
static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }
static size_t greater(size_t a, size_t b) { return a > b ? a : b; }
/// Where part `index` of `count` begins when `total` units are dealt out.
static size_t share(size_t total, size_t index, size_t count) { return total * index / count; }

/// A block with rows of `channels`. Neither points nor long rows lie a multiple of 512 bytes apart,
/// where they would compete for few lines of the first cache.
static addend_winograd_block block_at(float *values, size_t rows, size_t channels) {
  const size_t pitch = rounded(channels) | (channels > 64 ? 16 : 0);
  return (addend_winograd_block){values, rows * pitch + 16, pitch};
}

static size_t block_count(const addend_winograd_pass *pass, size_t rows, size_t channels) {
  return pass->plan.points * pass->plan.points * block_at(NULL, rows, channels).step;
}

static size_t zero_count(const addend_winograd_plan *plan) {
  return rounded(greater(plan->channels, plan->outputs));
}

/// Floats of V and of V and M (or W) together, of one block.
static size_t left_count(const addend_winograd_pass *pass) {
  return block_count(pass, pass->block, pass->plan.channels);
}
static size_t pair_count(const addend_winograd_pass *pass) {
  return left_count(pass) + block_count(pass, pass->block, pass->plan.outputs);
}

/// γ for r roundings.
static double relative_error(size_t roundings) {
  const double error = (double)roundings * 0x1p-24;
  return error / (1 - error);
}

addend_winograd_pass addend_winograd_convolution(addend_winograd_plan plan, addend_isa isa) {
  addend_winograd_derive(&plan);
  addend_winograd_pass pass = {.plan = plan,
                               .kernels = addend_winograd_select(isa),
                               .products = addend_brgemm_select(isa)};
  const size_t tiles = plan.starts[4];
  pass.packed_count = plan.points * plan.points * plan.channels *
                      addend_brgemm_padded(pass.products, plan.outputs);
  pass.error_factor = addend_winograd_norm(&plan) * relative_error(plan.channels + 28);
  pass.shares = tiles <= 64 && pass.packed_count > small_filter;
  if (pass.shares) {
    // So few tiles are worth reading U once only.
    pass.block = tiles;
    pass.blocks = 1;
    pass.scratch_count = zero_count(&plan) + pair_count(&pass);
  } else if (tiles <= 64) {
    // U is read from the second cache, and V and M stay with the thread that made them.
    pass.blocks = greater(quotient(tiles, 16), smaller(tiles, 2));
    pass.block = quotient(tiles, pass.blocks);
    pass.scratch_count = zero_count(&plan) + smaller(part_count, pass.blocks) * pair_count(&pass);
  } else {
    // V and M stay in the second cache, unless U would then be read for too few tiles.
    const size_t c = rounded(plan.channels), k = rounded(plan.outputs);
    const size_t kept = (768 << 10) / (sizeof(float) * plan.points * plan.points * (c + k));
    const size_t worth = greater(32, c * k / (c + k) / 4);
    pass.blocks = quotient(tiles, greater(worth, smaller(kept, 96)));
    pass.blocks = quotient(pass.blocks, part_count) * part_count;
    pass.block = quotient(tiles, pass.blocks);
    pass.scratch_count = zero_count(&plan) + part_count * pair_count(&pass);
  }
  return pass;
}

/// Panels of outputs: units of a filter gradient's second step.
static size_t panel_count(const addend_winograd_pass *pass) {
  return addend_brgemm_panel_count(pass->products, pass->plan.outputs);
}

/// Ranges of channels that each panel is cut into, in units of 16 channels.
static size_t range_count(const addend_winograd_pass *pass) {
  return smaller(quotient(part_count, panel_count(pass)), quotient(pass->plan.channels, 16));
}

static size_t sum_count(const addend_winograd_pass *pass) {
  const size_t width = pass->products->lanes * pass->products->vectors;
  return block_count(pass, sum_channels, width);
}

addend_winograd_pass addend_winograd_filter_gradient(addend_winograd_plan plan, addend_isa isa) {
  addend_winograd_derive(&plan);
  addend_winograd_pass pass = {.plan = plan,
                               .kernels = addend_winograd_select(isa),
                               .products = addend_brgemm_select(isa),
                               .is_gradient = true};
  const size_t tiles = plan.starts[4];
  pass.error_factor =
      (double)tiles * addend_winograd_filter_norm(&plan) * relative_error(tiles + 32);
  // Sums long enough to hide that dU goes through the second cache. (Keeping dU in registers, a
  // column of points at a time, lost: 0.64 to 0.48 ms for 256 channels of 14 × 14.)
  pass.blocks = quotient(tiles, 160);
  pass.block = quotient(tiles, pass.blocks);
  pass.scratch_count = zero_count(&plan) + pair_count(&pass) +
                       panel_count(&pass) * range_count(&pass) * sum_count(&pass);
  return pass;
}

void addend_winograd_pack(const addend_winograd_pass *pass, const float *filter, bool turned,
                          size_t first, size_t last, float *packed) {
  pass->kernels->pack(&pass->plan, filter, turned, first, last, packed);
}

void addend_winograd_begin(const addend_winograd_pass *pass, const addend_winograd_data *data) {
  memset(data->scratch, 0, zero_count(&pass->plan) * sizeof(float));
}

size_t addend_winograd_step_count(const addend_winograd_pass *pass) {
  if (pass->is_gradient) return 2 * pass->blocks;
  return pass->shares ? 3 : 1;
}

/// How the transforms of a shared block are cut: into ranges of channels, and of tiles where those are
/// few.
typedef struct {
  size_t channel_parts, tile_parts;
} cut;

static cut transform_cut(size_t channels, size_t tiles) {
  const size_t units = quotient(channels, 16);
  const size_t parts = greater(smaller(part_count, units * tiles / part_transforms), 1);
  const size_t across = smaller(parts, units);
  return (cut){across, smaller(tiles, parts / across)};
}

size_t addend_winograd_part_count(const addend_winograd_pass *pass, size_t step) {
  const addend_winograd_plan *plan = &pass->plan;
  if (pass->is_gradient)
    return step % 2 ? panel_count(pass) * range_count(pass) : smaller(part_count, pass->block);
  if (!pass->shares) return smaller(part_count, pass->blocks);
  if (step == 1) {
    const size_t points = plan->points * plan->points;
    const size_t products = points * pass->block * plan->channels * plan->outputs;
    return greater(smaller(points, products / part_products), 1);
  }
  const cut cut = transform_cut(step == 0 ? plan->channels : plan->outputs, pass->block);
  return cut.channel_parts * cut.tile_parts;
}

/// A part of a convolution whose parts have blocks of their own.
static void convolve_blocks(const addend_winograd_pass *pass, const addend_winograd_data *data,
                            size_t part) {
  const addend_winograd_plan *plan = &pass->plan;
  const size_t tiles = plan->starts[4];
  const float *zeros = data->scratch;
  float *own = data->scratch + zero_count(plan) + part * pair_count(pass);
  const addend_winograd_block v = block_at(own, pass->block, plan->channels);
  const addend_winograd_block m = block_at(own + left_count(pass), pass->block, plan->outputs);
  const size_t parts = smaller(part_count, pass->blocks);
  const size_t last = share(pass->blocks, part + 1, parts);
  for (size_t block = share(pass->blocks, part, parts); block < last; ++block) {
    const size_t tile = share(tiles, block, pass->blocks);
    const size_t count = share(tiles, block + 1, pass->blocks) - tile;
    pass->kernels->input(plan, data->x, zeros, tile, count, 0, plan->channels, v);
    addend_winograd_products(plan, pass->products, data->packed, v, tile, count, 0,
                             plan->points * plan->points, m);
    pass->kernels->output(plan, m, tile, count, 0, plan->outputs, data->bias, data->residual,
                          data->rectifies, data->result);
  }
}

/// A part of a step of a convolution that is one block.
static void convolve_shared(const addend_winograd_pass *pass, const addend_winograd_data *data,
                            size_t step, size_t part) {
  const addend_winograd_plan *plan = &pass->plan;
  const float *zeros = data->scratch;
  float *common = data->scratch + zero_count(plan);
  const size_t tiles = pass->block;
  addend_winograd_block v = block_at(common, tiles, plan->channels);
  addend_winograd_block m = block_at(common + left_count(pass), tiles, plan->outputs);
  if (step == 1) {
    const size_t points = plan->points * plan->points;
    const size_t parts = addend_winograd_part_count(pass, step);
    addend_winograd_products(plan, pass->products, data->packed, v, 0, tiles,
                             share(points, part, parts), share(points, part + 1, parts), m);
    return;
  }
  const size_t total = step == 0 ? plan->channels : plan->outputs, units = quotient(total, 16);
  const cut cut = transform_cut(total, tiles);
  const size_t across = part % cut.channel_parts, down = part / cut.channel_parts;
  const size_t first = 16 * share(units, across, cut.channel_parts);
  const size_t last = smaller(total, 16 * share(units, across + 1, cut.channel_parts));
  const size_t tile = share(tiles, down, cut.tile_parts);
  const size_t count = share(tiles, down + 1, cut.tile_parts) - tile;
  if (step == 0) {
    v.values += tile * v.pitch;
    pass->kernels->input(plan, data->x, zeros, tile, count, first, last, v);
  } else {
    m.values += first + tile * m.pitch;
    pass->kernels->output(plan, m, tile, count, first, last, data->bias, data->residual,
                          data->rectifies, data->result);
  }
}

/// Transforms some of a block's tiles.
static void transform_for_gradient(const addend_winograd_pass *pass,
                                   const addend_winograd_data *data, size_t tile, size_t count,
                                   addend_winograd_block v, addend_winograd_block w, size_t part,
                                   size_t parts) {
  const addend_winograd_plan *plan = &pass->plan;
  const size_t first = share(count, part, parts), own = share(count, part + 1, parts) - first;
  v.values += first * v.pitch;
  w.values += first * w.pitch;
  pass->kernels->input(plan, data->x, data->scratch, tile + first, own, 0, plan->channels, v);
  pass->kernels->adjoint(plan, data->dy, data->scratch, tile + first, own, 0, plan->outputs, w);
}

/// The gradient of some channels' and outputs' filters.
static void reduce_gradient(const addend_winograd_pass *pass, const addend_winograd_data *data,
                            size_t tile, size_t count, addend_winograd_block v,
                            addend_winograd_block w, bool accumulates, float *sums, size_t part) {
  const addend_winograd_plan *plan = &pass->plan;
  const size_t ranges = range_count(pass), panel = part / ranges, range = part % ranges;
  const size_t units = quotient(plan->channels, 16);
  size_t channel = 16 * share(units, range, ranges);
  const size_t until = smaller(plan->channels, 16 * share(units, range + 1, ranges));
  const size_t first = addend_brgemm_panel_start(pass->products, plan->outputs, panel);
  const size_t end = addend_brgemm_panel_start(pass->products, plan->outputs, panel + 1);
  const addend_winograd_block du =
      block_at(sums + part * sum_count(pass), sum_channels, end - first);
  for (; channel < until; channel += sum_channels) {
    const size_t own = smaller(sum_channels, until - channel);
    addend_winograd_filter_products(plan, pass->products, v, w, tile, count, channel, own, panel,
                                    du);
    pass->kernels->filter(plan, du, channel, own, first, smaller(end, plan->outputs), accumulates,
                          data->result);
  }
}

void addend_winograd_run(const addend_winograd_pass *pass, const addend_winograd_data *data,
                         size_t step, size_t part) {
  if (!pass->is_gradient) {
    if (pass->shares)
      convolve_shared(pass, data, step, part);
    else
      convolve_blocks(pass, data, part);
    return;
  }
  const addend_winograd_plan *plan = &pass->plan;
  float *common = data->scratch + zero_count(plan);
  const addend_winograd_block v = block_at(common, pass->block, plan->channels);
  const addend_winograd_block w = block_at(common + left_count(pass), pass->block, plan->outputs);
  const size_t tiles = plan->starts[4], block = step / 2;
  const size_t tile = share(tiles, block, pass->blocks);
  const size_t count = share(tiles, block + 1, pass->blocks) - tile;
  if (step % 2 == 0)
    transform_for_gradient(pass, data, tile, count, v, w, part,
                           addend_winograd_part_count(pass, step));
  else
    reduce_gradient(pass, data, tile, count, v, w, data->accumulates || block > 0,
                    common + pair_count(pass), part);
}
