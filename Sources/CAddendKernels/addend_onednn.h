#ifndef ADDEND_ONEDNN_H
#define ADDEND_ONEDNN_H

/// Makes oneDNN work on the calling thread alone, from now on.
void addend_onednn_single_thread(void);
#endif
