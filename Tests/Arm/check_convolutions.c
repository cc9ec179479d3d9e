#include <math.h>
#include <stdio.h>
#include <string.h>

#include "addend_depthwise.h"
#include "addend_direct.h"
#include "addend_direct_gradient.h"
#include "addend_winograd.h"
#include "check.h"
#include "check_images.h"

// Convolutions of whole numbers are exact in any order: the equations say what is wanted.

typedef struct {
  const float *x, *filter, *dy;
  float *y, *dx, *gradient;
} operands;

static void add(void *state, size_t x, size_t filter, size_t y) {
  const operands *o = state;
  if (o->y) o->y[y] += o->x[x] * o->filter[filter];
  if (o->dx) o->dx[x] += o->dy[y] * o->filter[filter];
  if (o->gradient) o->gradient[filter] += o->dy[y] * o->x[x];
}

static float *zeros(size_t count) {
  float *numbers = check_room(count * sizeof *numbers, 64);
  memset(numbers, 0, count * sizeof *numbers);
  return numbers;
}

static void run_piece(const check_convolution *c, addend_direct_piece piece, addend_isa set,
                      const float *filter, addend_direct_operands to) {
  if (c->groups > 1 && c->window.channels == 1 && c->outputs == 1) {
    float *packed = check_room(piece.down.taps * piece.across.taps * c->groups * sizeof *packed, 4);
    addend_depthwise_pack(&piece, &c->window, filter, packed);
    to.packed = packed;
    for (size_t line = 0; line < c->batch * piece.down.results; ++line)
      addend_depthwise_select(set)->line(&piece, &to, line, 0, c->groups);
    return;
  }
  const addend_direct_plan plan = addend_direct_prepare(addend_brgemm_select(set), &piece);
  float *packed = check_room(addend_direct_packed_count(&plan) * sizeof *packed, 4);
  for (size_t unit = 0; unit < c->groups * plan.panels; ++unit)
    addend_direct_pack(&plan, &c->window, c->outputs, filter, unit, packed);
  to.packed = packed;
  to.zeros = zeros(addend_direct_zero_count(&plan));
  float *scratch = check_room(addend_direct_part_scratch(&plan) * sizeof *scratch, 8);
  for (size_t part = 0; part < addend_direct_part_count(&plan); ++part)
    addend_direct_run(&plan, &to, part, scratch);
}

static void run_gradient(const check_convolution *c, addend_isa set, const float *x,
                         const float *dy, bool accumulates, float *gradient) {
  if (c->groups > 1 && c->window.channels == 1 && c->outputs == 1) {
    float *packed = check_room(c->filter * sizeof *packed, 4);
    addend_depthwise_select(set)->gradient(c->batch, &c->window, c->groups, x, dy, 0,
                                           c->window.filter_height, 0, c->groups, packed);
    addend_depthwise_unpack(&c->window, c->groups, packed, accumulates, gradient);
    return;
  }
  const addend_direct_gradient_plan plan = addend_direct_gradient_prepare(
      addend_brgemm_select(set), c->batch, &c->window, c->outputs, c->groups);
  const bool is_apart = plan.line_parts > 1;
  float *sums = zeros(is_apart ? plan.line_parts * c->filter : 0);
  float *scratch = check_room(addend_direct_gradient_part_scratch(&plan) * sizeof *scratch, 8);
  for (size_t part = 0; part < addend_direct_gradient_part_count(&plan); ++part)
    addend_direct_gradient_run(&plan, x, dy, !is_apart && accumulates, part, scratch,
                               is_apart ? sums : gradient);
  if (is_apart) addend_direct_gradient_total(&plan, sums, accumulates, 0, c->filter, gradient);
}

static void check_forward(const check_convolution *c, addend_isa set, const char *what) {
  const size_t outputs = c->groups * c->outputs;
  const float *filter = check_whole_floats(c->filter);
  const float *bias = check_below(2) ? check_whole_floats(outputs) : NULL;
  const float *residual = check_below(2) ? check_whole_floats(c->result) : NULL;
  check_result y = check_results(c->result * sizeof(float));
  operands o = {.x = check_whole_floats(c->image),
                .filter = filter,
                .y = (float *)(void *)y.wanted};
  for (size_t i = 0; i < c->result; ++i) o.y[i] = 0;
  check_for_products(c, add, &o);
  const bool rectifies = check_below(2);
  for (size_t i = 0; i < c->result; ++i) {
    if (bias) o.y[i] += bias[i % outputs];
    if (residual) o.y[i] += residual[i];
    if (rectifies && !(o.y[i] > 0)) o.y[i] = 0;
  }
  const addend_direct_piece piece =
      addend_direct_output(c->batch, &c->window, c->outputs, c->groups);
  run_piece(c, piece, set, filter,
            (addend_direct_operands){.source = o.x,
                                     .bias = bias,
                                     .residual = residual,
                                     .rectifies = rectifies,
                                     .result = (float *)(void *)y.found});
  check_compare(what, y);
}

static void check_gradients(const check_convolution *c, addend_isa set, const char *what) {
  const float *filter = check_whole_floats(c->filter);
  check_result dx = check_results(c->image * sizeof(float));
  check_result gradient = check_results(c->filter * sizeof(float));
  operands o = {.x = check_whole_floats(c->image),
                .filter = filter,
                .dy = check_whole_floats(c->result),
                .dx = (float *)(void *)dx.wanted,
                .gradient = (float *)(void *)gradient.wanted};
  const bool accumulates = check_below(2);
  for (size_t i = 0; i < c->filter; ++i) o.gradient[i] = accumulates ? 3 : 0;
  memcpy(gradient.found, gradient.wanted, gradient.bytes);
  for (size_t i = 0; i < c->image; ++i) o.dx[i] = 0;
  memcpy(dx.found, dx.wanted, dx.bytes);
  check_for_products(c, add, &o);
  const addend_window *w = &c->window;
  // Positions that no tap reaches stay zeros.
  for (size_t row = 0; row < w->stride && row < w->height; ++row)
    for (size_t column = 0; column < w->stride && column < w->width; ++column) {
      const addend_direct_piece piece =
          addend_direct_input_gradient(c->batch, w, c->outputs, c->groups, row, column);
      if (piece.down.taps == 0 || piece.across.taps == 0) continue;
      run_piece(c, piece, set, filter,
                (addend_direct_operands){.source = o.dy, .result = (float *)(void *)dx.found});
    }
  check_compare(what, dx);
  run_gradient(c, set, o.x, o.dy, accumulates, (float *)(void *)gradient.found);
  check_compare(what, gradient);
}

static void check_direct(addend_isa set, bool is_depthwise) {
  check_begin(is_depthwise ? "depthwise, whole numbers" : "convolution, whole numbers", true,
              false);
  for (size_t n = 0; n < 120; ++n) {
    const size_t groups = is_depthwise ? CHECK_ONE_OF(2, 3, 16, 21, 37) : CHECK_ONE_OF(1, 1, 1, 2);
    const size_t channels = is_depthwise ? 1 : CHECK_ONE_OF(1, 3, 8, 17);
    const size_t outputs = is_depthwise ? 1 : CHECK_ONE_OF(1, 5, 16, 19);
    const check_convolution c = check_any_convolution(groups, channels, outputs);
    char what[120];
    check_describe(&c, what, sizeof what);
    check_forward(&c, set, what);
    check_free();
    check_gradients(&c, set, what);
    check_free();
  }
  check_end();
}

static void run_pass(const addend_winograd_pass *pass, const addend_winograd_data *data) {
  addend_winograd_begin(pass, data);
  for (size_t step = 0; step < addend_winograd_step_count(pass); ++step)
    for (size_t part = 0; part < addend_winograd_part_count(pass, step); ++part)
      addend_winograd_run(pass, data, step, part);
}

/// max |x|.
static double greatest(const float *x, size_t count) {
  double most = 0;
  for (size_t i = 0; i < count; ++i) most = fmax(most, fabs((double)x[i]));
  return most;
}

// Errors are bounded, bits are not promised: the compiler may fuse.
static void check_winograd(addend_isa set) {
  check_begin("Winograd, within its bound", true, false);
  for (size_t n = 0; n < 60; ++n) {
    const size_t channels = CHECK_ONE_OF(1, 3, 16, 19), outputs = CHECK_ONE_OF(1, 4, 17);
    check_convolution c = check_any_convolution(1, channels, outputs);
    addend_window *w = &c.window;
    w->filter_height = w->filter_width = 3, w->stride = w->dilation = 1;
    if (w->height < 3) w->height = 3;
    if (w->width < 3) w->width = 3;
    w->output_height = w->height + 2 * w->padding - 2;
    w->output_width = w->width + 2 * w->padding - 2;
    c.image = c.batch * w->height * w->width * channels;
    c.result = c.batch * w->output_height * w->output_width * outputs;
    c.filter = 9 * channels * outputs;
    // Whole numbers: what is wanted is exact.
    operands o = {.x = check_whole_floats(c.image),
                  .filter = check_whole_floats(c.filter),
                  .dy = check_whole_floats(c.result),
                  .y = zeros(c.result),
                  .gradient = zeros(c.filter)};
    check_for_products(&c, add, &o);
    double *wanted = check_room((c.result + c.filter) * sizeof *wanted, 8);
    for (size_t i = 0; i < c.result; ++i) wanted[i] = (double)o.y[i];
    for (size_t i = 0; i < c.filter; ++i) wanted[c.result + i] = (double)o.gradient[i];
    const addend_winograd_plan plan = {.batch = c.batch,
                                       .height = w->height,
                                       .width = w->width,
                                       .channels = channels,
                                       .outputs = outputs,
                                       .padding = w->padding,
                                       .size = n % 2 ? 4 : 2};
    char what[120];
    check_describe(&c, what, sizeof what);
    const addend_winograd_pass forward = addend_winograd_convolution(plan, set);
    float *packed = check_room(forward.packed_count * sizeof *packed, 64);
    addend_winograd_pack(&forward, o.filter, false, 0, channels, packed);
    float *y = check_room(c.result * sizeof *y, 4), *gradient = check_room(c.filter * sizeof *y, 4);
    run_pass(&forward,
             &(addend_winograd_data){.x = o.x,
                                     .packed = packed,
                                     .scratch = check_room(forward.scratch_count * sizeof *y, 64),
                                     .result = y});
    const double x = greatest(o.x, c.image);
    check_near(what, y, wanted, c.result,
               forward.error_factor * x * (double)channels * greatest(o.filter, c.filter));
    const addend_winograd_pass back = addend_winograd_filter_gradient(plan, set);
    run_pass(&back,
             &(addend_winograd_data){.x = o.x,
                                     .dy = o.dy,
                                     .scratch = check_room(back.scratch_count * sizeof *y, 64),
                                     .result = gradient});
    check_near(what, gradient, wanted + c.result, c.filter,
               back.error_factor * x * greatest(o.dy, c.result));
    check_free();
  }
  check_end();
}

void check_convolutions(addend_isa set) {
  check_direct(set, false);
  check_direct(set, true);
  check_winograd(set);
}
