#ifndef ADDEND_SPACE_SELECT_H
#define ADDEND_SPACE_SELECT_H
#include "addend_space.h"

/// The widest scan that `isa` allows.
addend_space_scan_fn addend_space_scan_select(addend_isa isa);
#endif
