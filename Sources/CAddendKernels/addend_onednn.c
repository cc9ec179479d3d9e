// For RTLD_DEFAULT.
#define _GNU_SOURCE
#include "addend_onednn.h"

#ifdef ADDEND_ONEDNN
#include <dlfcn.h>
#include <stdbool.h>

void addend_onednn_single_thread(void) {
  // oneDNN's threads would compete with our pool's, so each of our threads tells the OpenMP runtime,
  // once, to stay alone. Looked up by name: which runtime oneDNN was built with is not our business.
  static _Thread_local bool is_set;
  if (is_set) return;
  is_set = true;
  void (*set_threads)(int) = (void (*)(int))dlsym(RTLD_DEFAULT, "omp_set_num_threads");
  if (set_threads) set_threads(1);
}
#endif
