#!/bin/sh
# How often compiled models ask for memory in 100 runs, and in 200, after the first: it must be never.
# Prints a line of JSON for each, and fails where there is one that is not zero. Then the same of 10 and 20
# steps of training after the third: objects of some dozen bytes are made in each, but no memory for tensors
# may be asked for. For the GNU C library.
#
# Usage: Benchmarks/allocations.sh [CASE…]
set -eu
cd "$(dirname "$0")"
[ $# -gt 0 ] || set -- lenet-5 lenet-300-100 mlp resnet-20 lstm-lm
swift build -c release --product addend-training-speed >&2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
${CC:-cc} -O2 -shared -fPIC -o "$folder/allocations.so" allocations.c
failed=0
for case in "$@"; do
  for threads in 1 2; do
    for batch in 1 16; do
      for runs in 100 200; do
        line=$(LD_PRELOAD=$folder/allocations.so .build/release/addend-training-speed \
          allocations "$case" "$threads" "$batch" "$runs")
        echo "$line"
        case $line in *'"allocations":0'[,}]* | *'"allocations": 0'[,}]*) ;; *) failed=1 ;; esac
      done
    done
  done
done
for case in "$@"; do
  for steps in 10 20; do
    line=$(LD_PRELOAD=$folder/allocations.so .build/release/addend-training-speed \
      allocations "$case" 2 training "$steps")
    echo "$line"
    case $line in *'"forTensors":0'[,}]*) ;; *) failed=1 ;; esac
  done
done
exit $failed
