#!/bin/sh
# Losses beside softmax's: Taylor series of even orders, soft margins, and both.
#
# Usage: Experiments/softmax-alternatives.sh [NETWORK DATASET EPOCHS [OPTIONS…]]
#   LeNet-300-100 on Fashion-MNIST, 6 epochs, is what runs without arguments: five minutes on one
#   processor. OPTIONS are for addend train, such as --data-directory DIR.
#
# Three seeds each. A sixth of the training images is held out, a seed's own sixth, and is what a choice
# among losses rests on; test accuracy is printed beside it. Runs whose result is there are not repeated.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
addend=${ADDEND:-$top/.build/release/addend}
network=lenet-300-100 dataset=fashion-mnist epochs=6
if [ $# -ge 3 ]; then
  network=$1 dataset=$2 epochs=$3
  shift 3
fi
results=$top/Experiments/results/softmax-alternatives/$network-$dataset-$epochs
mkdir -p "$results"
for seed in 1 2 3; do
  for loss in cross-entropy \
    taylor-softmax:order=2 taylor-softmax:order=4 taylor-softmax:order=6 taylor-softmax:order=8 \
    taylor-softmax:order=10 \
    soft-margin-softmax:margin=0.25 soft-margin-softmax:margin=0.5 soft-margin-softmax:margin=1 \
    soft-margin-softmax:margin=2 \
    taylor-softmax:order=2,margin=0.5 taylor-softmax:order=2,margin=1 \
    taylor-softmax:order=6,margin=0.5 taylor-softmax:order=6,margin=1; do
    result=$results/$loss,seed=$seed.json
    [ -e "$result" ] || "$addend" train --model "$network" --dataset "$dataset" \
      --epochs "$epochs" --validation 0.16666667 --loss "$loss" --seed "$seed" --threads 1 --quiet \
      --json "$result" "$@"
  done
done
"$top/Experiments/softmax-alternatives.py" "$results"
