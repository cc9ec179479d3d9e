#!/bin/sh
# The 19-fold claim: 784-1024-1024-10 by look-ups, bytes in and classes out, beside its float32 twin in
# accuracy and in time, and beside a float32 network of 128 units a layer. Three seeds; train first,
# measure on a quiet machine.
#
# Usage: Experiments/nineteen-times.sh train|measure RECIPE "DATASETS" [OPTIONS…]
#   RECIPE   plain: blocks of 4 in every layer; finer: blocks of 4, 2 and 3
#   DATASETS of fashion-mnist and mnist; OPTIONS as for addend train or addend bench tables
# Twins are trained alike. Archives and JSON go to Experiments/results; a training whose
# archive is there is not repeated.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
addend=${ADDEND:-$here/../.build/release/addend}
results=$here/results
step=$1 recipe=$2 datasets=$3
shift 3
mkdir -p "$results"
case $recipe in
  plain) lookups="--model mlp:hidden=1024,layers=2,dropout=0.1 --map lookup:block=4" ;;
  finer) lookups="--network $here/networks/lookup-784-1024-1024-10.json" ;;
esac

# trained NAME SEED OPTIONS…
trained() {
  archive=$results/$1-$2.addend seed=$2
  shift 2
  [ -e "$archive" ] || "$addend" train --schedule cosine --epochs 15 --seed "$seed" \
    --output "$archive" --json "${archive%.addend}.json" "$@"
}

for dataset in $datasets; do
  name=nineteen-$dataset-$recipe
  for seed in 1 2 3; do
    if [ "$step" = train ]; then
      trained "$name-lookup" "$seed" --dataset "$dataset" $lookups "$@"
      for units in 1024 128; do
        trained "$name-float32-$units" "$seed" --dataset "$dataset" \
          --model "mlp:hidden=$units,layers=2,dropout=0.1" "$@"
      done
    else
      "$addend" bench tables "$results/$name-lookup-$seed.addend" \
        --twin "$results/$name-float32-1024-$seed.addend" --dataset "$dataset" --smaller 128 \
        --json "$results/$name-measured-$seed.json" "$@"
    fi
  done
done
