#!/bin/sh
# The 19-fold claim: 784-1024-1024-10 by look-ups, bytes in and classes out, beside its float32 twin in
# accuracy and in time. Three seeds; train first, measure on a quiet machine.
#
# Usage: Experiments/nineteen-times.sh train|measure "DATASETS" [OPTIONS…]
#   DATASETS of fashion-mnist and mnist; OPTIONS as for addend train or addend bench tables
# Archives and JSON go to Experiments/results; a training whose archive is there is not repeated.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
addend=${ADDEND:-$top/.build/release/addend}
results=$top/Experiments/results
step=$1 datasets=$2
shift 2
mkdir -p "$results"
for dataset in $datasets; do
  for seed in 1 2 3; do
    name=$results/nineteen-$dataset
    if [ "$step" = train ]; then
      # The look-ups, their twin, and a float32 network that is as accurate as the look-ups.
      for case in lookup:block=4/1024 float32/1024 float32/128; do
        map=${case%/*} units=${case#*/}
        archive=$name-${map%%:*}-$units-$seed.addend
        [ -e "$archive" ] || "$addend" train --model "mlp:hidden=$units,layers=2,dropout=0.1" \
          --dataset "$dataset" --map "$map" --schedule cosine --epochs 15 --seed "$seed" \
          --output "$archive" --json "${archive%.addend}.json" "$@"
      done
    else
      "$addend" bench tables "$name-lookup-1024-$seed.addend" \
        --twin "$name-float32-1024-$seed.addend" \
        --dataset "$dataset" --smaller 128 --json "$name-measured-$seed.json" "$@"
    fi
  done
done
