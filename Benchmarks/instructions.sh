#!/bin/sh
# Instructions of the AVX2 kernels for each multiply-add of the definition, or number: what callgrind counts
# in 2 runs less what it counts in one, so that loading and packing fall out. Unlike times, the figures are
# the same on a busy machine. (Valgrind knows no AVX-512.)
#
# Usage: Benchmarks/instructions.sh [KERNEL…]
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
for tool in clang valgrind; do
  command -v "$tool" >/dev/null 2>&1 && continue
  echo "instructions: there is no '$tool'" >&2
  exit 69
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$top/Sources/CAddendKernels"
clang -O2 -std=gnu11 -Iinclude -o "$work/instructions" "$top/Benchmarks/instructions.c" \
  addend_bf16.c addend_brgemm.c addend_depthwise.c addend_direct*.c addend_f32.c addend_gemm.c \
  addend_isa.c addend_ktanh*.c addend_recurrent*.c addend_taylor.c addend_winograd*.c -lm

# What callgrind counts in so many runs.
count() {
  valgrind --tool=callgrind --callgrind-out-file=/dev/null "$work/instructions" "$1" "$2" \
    2>"$work/log" || { cat "$work/log" >&2; exit 70; }
  sed -n 's/.*Collected : //p' "$work/log"
}

"$work/instructions" >"$work/names"
printf '%-22s %-14s %12s\n' kernel unit instructions
while read -r name unit units; do
  [ $# = 0 ] || case " $* " in *" $name "*) ;; *) continue ;; esac
  once=$(count "$name" 1)
  twice=$(count "$name" 2)
  awk -v name="$name" -v unit="$unit" -v units="$units" -v more="$((twice - once))" \
    'BEGIN { printf "%-22s %-14s %12.4f\n", name, unit, more / units }'
done <"$work/names"
