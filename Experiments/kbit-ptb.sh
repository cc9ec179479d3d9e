#!/bin/sh
# A language model on Penn Treebank in float32 and with weights and inputs of four bits, everything else
# the same: hidden states and embeddings have four bits wherever they are multiplied.
#
# Usage: Experiments/kbit-ptb.sh [HIDDEN EPOCHS SEEDS [OPTIONS…]]
#   200 units, 3 epochs and seed 1 are what runs without arguments. OPTIONS are for addend train, such as
#   --data-directory DIR. Killed, it goes on from the last checkpoint when called again.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
hidden=200 epochs=3 seeds=1
if [ $# -ge 3 ]; then
  hidden=$1 epochs=$2 seeds=$3
  shift 3
fi
for map in float32 kbit:weights=4,activations=4; do
  name=$(echo "$map" | tr ':=,' '---')
  "$top/Experiments/run.sh" "ptb-$hidden-$epochs-$name" "$seeds" \
    --model "lstm-lm:hidden=$hidden,dropout=0.2" --dataset ptb --map "$map" --batch-size 20 --epochs "$epochs" \
    --clip 5 --learning-rate 0.002 "$@"
done
