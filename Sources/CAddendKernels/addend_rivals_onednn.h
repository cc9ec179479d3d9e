#ifndef ADDEND_RIVALS_ONEDNN_H
#define ADDEND_RIVALS_ONEDNN_H
#include "addend_rivals.h"

#ifdef ADDEND_ONEDNN
#include <oneapi/dnnl/dnnl.h>

// What the makers of oneDNN's operations share.

enum { addend_rival_operand_limit = 10 };

typedef struct {
  dnnl_memory_desc_t outside, own;  // as the caller lays it out, and as the operation wants it
  dnnl_memory_t memory;
} addend_rival_operand;

struct addend_rival {
  size_t threads, operand_count, argument_count, first_argument_count;
  addend_rival_operand operands[addend_rival_operand_limit];
  dnnl_exec_arg_t arguments[20], first_arguments[20];
  dnnl_primitive_t primitive, first;
  // Of the pass before: weights in its own layouts, and what it hands over.
  addend_rival_operand first_weights[2];
  dnnl_memory_t workspace;
  // A recurrent layer's states before the first step, which are zero, and the gradients towards
  // them.
  addend_rival_operand states[4];
  dnnl_stream_t stream;
  char implementation[64];
};

/// Lets oneDNN use so many threads and makes an operation without operands; NULL without memory.
addend_rival *addend_rival_start(size_t threads);
/// What every making ends with: one thread again, and NULL unless all is ready.
addend_rival *addend_rival_finish(addend_rival *rival, bool is_ready);
/// The engine, once an operation was started.
dnnl_engine_t addend_rival_engine(void);
/// float32 or else, by name of the order of its axes; stops the program for what cannot be.
dnnl_memory_desc_t addend_rival_layout(int rank, const dnnl_dim_t *dims, dnnl_data_type_t type,
                                       dnnl_format_tag_t tag);
/// Gives an operand memory of zeros.
bool addend_rival_hold(addend_rival_operand *o, const dnnl_memory_desc_t *outside,
                       const dnnl_memory_desc_t *own);
/// Adds the next operand, in the layout that `query` finds in `descriptor`, as argument `number`.
bool addend_rival_add(addend_rival *rival, const dnnl_memory_desc_t *outside,
                      const_dnnl_primitive_desc_t descriptor, dnnl_query_t query, int index,
                      int number);
/// Makes the primitive and destroys the descriptor.
bool addend_rival_adopt(addend_rival *rival, dnnl_primitive_desc_t descriptor);
#endif
#endif
