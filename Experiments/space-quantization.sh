#!/bin/sh
# Space quantization over block sizes, numbers of words and schemes, beside exact products: accuracy,
# stored bits a weight, and coding errors beside what rate-distortion theory allows at best.
#
# Usage: Experiments/space-quantization.sh PIECE… [-- OPTIONS…]   (OPTIONS as for addend train)
# Pieces: targets      784-256-256-10 in 8 epochs, blocks of 2 and of 4, both MNISTs, 3 seeds
#         longer       the same on Fashion-MNIST in blocks of 4, in 16 epochs
#         synthetic    the four made-up sets, over block sizes and words
#         mnist fashion-mnist cifar-10    the same on pictures
#         schemes      how words are made, on Fashion-MNIST, blocks of 2 and 4
#         products     products that have words of their own, on Fashion-MNIST
# SEEDS and EPOCHS override each piece's own. Results stay in Experiments/results; what is there is not
# run again; one seed where SEEDS is not set and a piece does not say otherwise.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
addend=${ADDEND:-$here/../.build/release/addend}
results=$here/results
mkdir -p "$results"

pieces=
while [ $# -gt 0 ] && [ "$1" != -- ]; do
  pieces="$pieces $1"
  shift
done
[ $# -eq 0 ] || shift
[ -n "$pieces" ] || { sed -n '2,14p' "$0" >&2; exit 64; }

# try PIECE SEEDS SET MODEL EPOCHS MAP OPTIONS…: one line of PIECE's table.
try() {
  piece=$1 seeds=${SEEDS:-$2} set=$3 model=$4 epochs=${EPOCHS:-$5} map=$6
  shift 6
  base=space-$piece-$set-$(echo "$map" | tr ':=,' '---')-$epochs
  for seed in $seeds; do
    result=$results/$base-s$seed
    [ -e "$result.json" ] || "$addend" train --model "$model" --dataset "$set" --map "$map" \
      --schedule cosine --epochs "$epochs" --seed "$seed" --quiet --output "$result.addend" \
      --json "$result.json" --checkpoint-directory "$result.checkpoints" --resume "$@"
    rm -rf "$result.checkpoints"
    [ -e "$result.inspected" ] ||
      "$addend" inspect "$result.addend" --quiet --json "$result.inspected"
  done
  "$here/space-quantization.py" "$set" "$map" "$results/$base"
}

# grid PIECE SEEDS SET MODEL EPOCHS OPTIONS…: block sizes and words beside exact products.
grid() {
  piece=$1 seeds=$2 set=$3 model=$4 epochs=$5
  shift 5
  for map in float32 space:dimension=1 space:dimension=2 space:dimension=2,vectors=16,matrices=16 \
    space:dimension=2,rows=2 space:dimension=4 space:dimension=4,vectors=16,matrices=16 \
    space:dimension=4,rows=4 space:dimension=8 space:dimension=8,rows=8; do
    try "$piece" "$seeds" "$set" "$model" "$epochs" "$map" "$@"
  done
}

for piece in $pieces; do
  echo "== $piece"
  "$here/space-quantization.py" --head
  case $piece in
  targets)
    for set in mnist fashion-mnist; do
      for map in float32 space:dimension=2 space:dimension=4; do
        try targets "1 2 3" $set mlp:hidden=256,layers=2 8 $map "$@"
      done
    done ;;
  longer)
    for map in float32 space:dimension=4; do
      try longer "1 2 3" fashion-mnist mlp:hidden=256,layers=2 16 $map "$@"
    done ;;
  synthetic)
    for set in synthetic-spirals synthetic-parity; do
      grid synthetic "1 2 3" $set mlp:hidden=64,layers=2 20 "$@"
    done
    for set in synthetic-linear synthetic-teacher; do
      grid synthetic "1 2 3" $set mlp:hidden=64,layers=2 20 --loss mean-squared-error "$@"
    done ;;
  mnist | fashion-mnist) grid "$piece" 1 "$piece" mlp:hidden=256,layers=2 3 "$@" ;;
  cifar-10) grid cifar 1 cifar-10 mlp:hidden=256,layers=2 3 "$@" ;;
  schemes)
    for d in 2 4; do
      for scheme in unit-normal normal sphere grid sample product residual k-means; do
        # Gradients are single numbers, which no scheme cuts into pieces.
        try schemes 1 fashion-mnist mlp:hidden=256,layers=2 3 \
          space:dimension=$d,scheme=$scheme,matrix-scheme=$scheme "$@"
      done
    done ;;
  products)
    for d in 2 4; do
      for count in 0 256 64 16; do
        try products 1 fashion-mnist mlp:hidden=256,layers=2 3 \
          space:dimension=$d,products=$count "$@"
      done
    done ;;
  *) echo "space-quantization.sh: no piece is called $piece" >&2; exit 64 ;;
  esac
done
