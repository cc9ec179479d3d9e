#!/bin/sh
# What K-TanH does to accuracy: two hidden layers of 256 tanh units on Fashion-MNIST, 5 epochs, three seeds,
# and an LSTM of 64 on the Penn Treebank's characters, one epoch of batches of 64, two seeds; each with exact
# functions and with K-TanH's. Prints test accuracies, then test perplexities. Two minutes on two
# processors.
#
# Usage: Experiments/k-tanh-accuracy.sh [OPTIONS…]   (as for addend train, such as --data-directory DIR)
set -eu
here=$(cd "$(dirname "$0")" && pwd)
exact=$here/networks/tanh-784-256-256-10.json
approximate=$(mktemp)
trap 'rm -f "$approximate"' EXIT
sed 's/"kind": "tanh"/"kind": "tanh", "approximation": "k-tanh"/' "$exact" >"$approximate"
"$here/run.sh" tanh-exact "1 2 3" --network "$exact" --dataset fashion-mnist --epochs 5 "$@"
"$here/run.sh" tanh-k-tanh "1 2 3" --network "$approximate" --dataset fashion-mnist --epochs 5 "$@"
for functions in exact k-tanh; do
  "$here/run.sh" "lstm-$functions" "1 2" --dataset ptb-characters --epochs 1 --batch-size 64 \
    --model "lstm-lm:hidden=64,layers=1,approximation=$functions" "$@"
done
