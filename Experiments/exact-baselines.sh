#!/bin/sh
# LeNet-300-100 and LeNet-5 on MNIST in float32, three seeds: some minutes on 2 cores.
#
# Usage: Experiments/exact-baselines.sh [OPTIONS…]   (such as --data-directory DIR)
set -eu
run="$(dirname "$0")/run.sh"
"$run" lenet-300-100 "1 2 3" --model lenet-300-100 --dataset mnist \
  --optimizer adamw:decay=0.05 --schedule cosine --epochs 30 "$@"
"$run" lenet-5 "1 2 3" --model lenet-5 --dataset mnist \
  --optimizer adamw:decay=0.05 --schedule cosine --epochs 15 "$@"
