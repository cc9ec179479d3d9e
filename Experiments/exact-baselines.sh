#!/bin/sh
# LeNet-300-100 and LeNet-5 on MNIST in float32, three seeds: about ten minutes on 2 cores.
#
# LeNet-5's batch size and smoothing were chosen on 10,000 training images held out (seed 11).
#
# Usage: Experiments/exact-baselines.sh [OPTIONS…]   (such as --data-directory DIR)
set -eu
run="$(dirname "$0")/run.sh"
"$run" lenet-300-100 "1 2 3" --model lenet-300-100 --dataset mnist \
  --optimizer adamw:decay=0.05 --schedule cosine --epochs 30 "$@"
"$run" lenet-5 "1 2 3" --model lenet-5 --dataset mnist --batch-size 64 \
  --optimizer adamw:decay=0.05 --loss cross-entropy:smoothing=0.1 --schedule cosine --epochs 15 "$@"
