#!/bin/sh
# BinaryNet's perceptron on MNIST: signs on signs, squared hinge, the rate falling geometrically to a ten
# thousandth. A sixth of the training images is held out, as there; the figure is the test images' after
# the last epoch, and the curve in the JSON is the held-out images'. Fewer numbers are dropped than in the
# reference's 1000 epochs: pilots of 15 epochs learned the faster the less was.
#
# Usage: Experiments/binary-mnist.sh [HIDDEN EPOCHS SEEDS [OPTIONS…]]
#   2048 units, 100 epochs and seed 1 are what runs without arguments. OPTIONS are for addend train, such
#   as --data-directory DIR or --threads 2. Killed, it goes on from the last checkpoint when called again.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
hidden=2048 epochs=100 seeds=1
if [ $# -ge 3 ]; then
  hidden=$1 epochs=$2 seeds=$3
  shift 3
fi
"$top/Experiments/run.sh" "binary-mnist-$hidden-$epochs" "$seeds" \
  --model "binary-mlp:hidden=$hidden,input-dropout=0.1,dropout=0.2" \
  --dataset mnist:mean=0,deviation=1 --validation 0.1666667 --batch-size 100 --epochs "$epochs" \
  --loss squared-hinge --optimizer adam --learning-rate 0.003 --schedule exponential:end=1e-4 "$@"
"$top/Experiments/curve.py" "$top/Experiments/results/binary-mnist-$hidden-$epochs"-[0-9].json
