#!/bin/sh
# What the parameters of look-ups are worth: 784-256-256-10 on Fashion-MNIST, every layer through
# look-ups, three seeds, beside float32.
#
# Usage: Experiments/lookup-variants.sh [OPTIONS…]   (OPTIONS as for addend train)
# SEEDS overrides the seeds; what is in Experiments/results is not run again.
set -eu
run="$(dirname "$0")/run.sh"
for map in float32 lookup:block=4 lookup:block=4,gradients=coded \
  lookup:block=4,gradients=coded,gradient-block=2 lookup:block=8 lookup:block=8,stages=2 \
  lookup:block=8,codewords=256 lookup:block=16,codewords=256; do
  "$run" "lookup-variants-$(echo "$map" | tr ':=,' '---')" "${SEEDS:-1 2 3}" \
    --model mlp:hidden=256,layers=2 --dataset fashion-mnist --map "$map" --schedule cosine \
    --epochs 8 "$@"
done
