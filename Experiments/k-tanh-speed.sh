#!/bin/sh
# K-TanH beside the hyperbolic tangents of libmvec and oneDNN: nanoseconds a number on one thread.
#
# Usage: Experiments/k-tanh-speed.sh [NUMBERS [CALLS-A-ROUND]]
# Contenders take turns in one process; each figure is the median of 101 rounds, short so that a busy
# machine interrupts few of them, and begins warm; the ratio is that of medians. Needs clang, glibc's libmvec, oneDNN 2 and AVX-512 with its bfloat16 conversions.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
kernels=$top/Sources/CAddendKernels
program=$(mktemp)
trap 'rm -f "$program"' EXIT
clang -O2 -I"$kernels/include" -I"$kernels" "$top/Experiments/k-tanh-speed.c" \
  "$kernels"/addend_ktanh*.c "$kernels/addend_f32.c" "$kernels/addend_isa.c" -o "$program" -ldnnl -lmvec -lm
OMP_NUM_THREADS=1 "$program" "$@"
