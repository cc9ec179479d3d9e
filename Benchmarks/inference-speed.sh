#!/bin/sh
# Inference of compiled models beside ONNX Runtime (pip install onnxruntime onnx), one after the other in
# turn, with 1 and 2 threads, batches of 1 and 64. Prints a line of JSON for each run, then the medians and
# ratios.
#
# Usage: [PYTHON=…] Benchmarks/inference-speed.sh [ROUNDS] [SECONDS]
set -eu
cd "$(dirname "$0")"
rounds=${1:-5} seconds=${2:-3}
python=${PYTHON:-python3}
swift build -c release --product addend-training-speed >&2
results=$(mktemp)
trap 'rm -f "$results"' EXIT
for case in lenet-5 resnet-20 lstm-lm; do
  for threads in 1 2; do
    for batch in 1 64; do
      round=0
      while [ "$round" -lt "$rounds" ]; do
        .build/release/addend-training-speed inference "$case" "$threads" "$batch" "$seconds" |
          tee -a "$results"
        "$python" ONNXRuntime/inference_speed.py "$case" "$threads" "$batch" "$seconds" |
          tee -a "$results"
        round=$((round + 1))
      done
    done
  done
done
"$python" summary.py "$results"
