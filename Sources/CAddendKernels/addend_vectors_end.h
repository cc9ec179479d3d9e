// What addend_sets.h defines for one instruction set ends here.
#undef ADDEND_VARIANT
#undef ADDEND_SET
#undef VECTOR
#undef INTEGERS
#undef LANES
#undef MASK
#undef FIRST
#undef LOAD
#undef STORE
#undef LOAD_PART
#undef STORE_PART
#undef BROADCAST
#undef MULTIPLY_ADD
#undef MAXIMUM
#undef MINIMUM
