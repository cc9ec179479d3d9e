#!/bin/sh
# Training speed and memory beside PyTorch's and, where JAX_PYTHON names a Python that has it, JAX's; one
# after the other in turn, so that a machine whose speed drifts drifts for all. Prints a line of JSON for
# each run, then the medians and the ratio to the better of the others.
#
# Usage: [PYTHON=…] [JAX_PYTHON=…] [PRECISION=…] [CASES=…] Benchmarks/training-speed.sh [ROUNDS] [SECONDS] [THREADS]
#   Under a PRECISION, as in mixed-bf16, Addend stands beside PyTorch in float32 and in mixed bfloat16.
set -eu
cd "$(dirname "$0")"
rounds=${1:-5} seconds=${2:-5} threads=${3:-2}
python=${PYTHON:-/usr/bin/python3}
# Left to itself, OpenBLAS picks the kernels that suit the processor.
unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE
swift build -c release --product addend-training-speed >&2
results=$(mktemp)
trap 'rm -f "$results"' EXIT
for case in ${CASES:-lenet-300-100 lenet-5 resnet-20 lstm-lm}; do
  round=0
  while [ "$round" -lt "$rounds" ]; do
    .build/release/addend-training-speed "$case" "$threads" "$seconds" ${PRECISION:-} | tee -a "$results"
    "$python" PyTorch/training_speed.py "$case" "$threads" "$seconds" | tee -a "$results"
    [ -z "${PRECISION:-}" ] ||
      "$python" PyTorch/training_speed.py "$case" "$threads" "$seconds" bfloat16 | tee -a "$results"
    [ -z "${JAX_PYTHON:-}" ] ||
      "$JAX_PYTHON" JAX/training_speed.py "$case" "$threads" "$seconds" | tee -a "$results"
    round=$((round + 1))
  done
done
"$python" summary.py "$results"
