#!/bin/sh
# Training speed beside PyTorch's (Debian: apt install python3-torch), one after the other in turn,
# so that a machine whose speed drifts drifts for both. Prints a line of JSON for each run, then the
# median of each and the ratio.
#
# Usage: Benchmarks/training-speed.sh [ROUNDS] [SECONDS] [THREADS]
set -eu
cd "$(dirname "$0")"
rounds=${1:-5} seconds=${2:-5} threads=${3:-2}
python=${PYTHON:-/usr/bin/python3}
swift build -c release --product addend-training-speed >&2
results=$(mktemp)
trap 'rm -f "$results"' EXIT
for case in lenet-300-100 lenet-5 resnet-20 lstm-lm; do
  round=0
  while [ "$round" -lt "$rounds" ]; do
    .build/release/addend-training-speed "$case" "$threads" "$seconds" | tee -a "$results"
    "$python" PyTorch/training_speed.py "$case" "$threads" "$seconds" | tee -a "$results"
    round=$((round + 1))
  done
done
"$python" PyTorch/summary.py "$results"
