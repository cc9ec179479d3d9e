#!/bin/sh
# The 19-fold claim: 784-1024-1024-10 by look-ups, bytes in and classes out, beside its float32 twin in
# accuracy and in time, and beside a float32 network of 128 units a layer. Three seeds; train first,
# measure on a quiet machine.
#
# Usage: Experiments/nineteen-times.sh train|measure RECIPE "DATASETS" [OPTIONS…]
#   RECIPE   plain: blocks of 4 in every layer, taught by the classes alone
#            taught: blocks of 2, 5 and 5, taught by the twin's answers as well
#   DATASETS of fashion-mnist and mnist; OPTIONS as for addend train or addend bench tables
# Data, epochs, schedule, optimizer, dropout and seeds are the same for all. Archives and JSON go to
# Experiments/results; a training whose archive is there is not repeated.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
addend=${ADDEND:-$here/../.build/release/addend}
results=$here/results
step=$1 recipe=$2 datasets=$3
shift 3
mkdir -p "$results"

# trained NAME SEED OPTIONS…
trained() {
  archive=$results/$1-$2.addend seed=$2
  shift 2
  [ -e "$archive" ] || "$addend" train --schedule cosine --epochs 15 --seed "$seed" \
    --output "$archive" --json "${archive%.addend}.json" "$@"
}

for dataset in $datasets; do
  name=nineteen-$dataset
  for seed in 1 2 3; do
    twin=$results/$name-float32-1024-$seed.addend
    if [ "$step" = train ]; then
      for units in 1024 128; do
        trained "$name-float32-$units" "$seed" --dataset "$dataset" \
          --model "mlp:hidden=$units,layers=2,dropout=0.1" "$@"
      done
      case $recipe in
        plain)
          trained "$name-plain" "$seed" --dataset "$dataset" \
            --model mlp:hidden=1024,layers=2,dropout=0.1 --map lookup:block=4 "$@" ;;
        taught)
          trained "$name-taught" "$seed" --dataset "$dataset" \
            --network "$here/networks/lookup-784-1024-1024-10.json" \
            --teacher "$twin" --teacher-weight 0.9 --temperature 4 "$@" ;;
      esac
    else
      "$addend" bench tables "$results/$name-$recipe-$seed.addend" --twin "$twin" \
        --dataset "$dataset" --smaller 128 --json "$results/$name-$recipe-measured-$seed.json" "$@"
    fi
  done
done
