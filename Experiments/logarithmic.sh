#!/bin/sh
# A perceptron 784-100-10 on MNIST whose numbers are logarithms: in the products only, everywhere, and
# everywhere with Kahan's sum in the update; beside float32.
#
# Usage: Experiments/logarithmic.sh [OPTIONS…]
#   OPTIONS are for addend train, such as --data-directory DIR. ADDEND names the command, INTEGER and
#   FRACTION the logarithms' bits, STEP the resolution of the tables of sums, SUM (blocks or kahan) how
#   long sums are added up where all is logarithms, EPOCHS how long it takes.
#
# Plain gradient descent in batches of 100 at a rate of 0.1 that stays, three seeds each. A sixth of the
# training images is held out, a seed's own sixth; its error after the last epoch is the figure. Runs whose
# result is there are not repeated.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
addend=${ADDEND:-$top/.build/release/addend}
integer=${INTEGER:-5} fraction=${FRACTION:-7} step=${STEP:-1/64} sum=${SUM:-blocks}
epochs=${EPOCHS:-40}
results=$top/Experiments/results/logarithmic
mkdir -p "$results"
everywhere=lns:integer=$integer,fraction=$fraction,step=$step,sum=$sum
run() {
  name=$1 precision=$2 optimizer=$3
  shift 3
  for seed in 1 2 3; do
    result=$results/$name-$epochs-$seed.json
    [ -e "$result" ] || "$addend" train --model mlp:hidden=100,layers=1 --dataset mnist \
      --precision "$precision" --optimizer "$optimizer" --learning-rate 0.1 --schedule constant \
      --batch-size 100 --epochs "$epochs" --validation 0.16666667 --seed "$seed" --threads 1 --quiet \
      --json "$result" "$@"
  done
}
width=lns$integer.$fraction
table=$(echo "$step" | tr / -)
[ "$sum" = blocks ] || table=$table-$sum-sums
run float32 float32 sgd:momentum=0 "$@"
run "$width-products" "products=$width" sgd:momentum=0 "$@"
run "$width-$table" "$everywhere" sgd:momentum=0 "$@"
run "$width-$table-kahan" "$everywhere" sgd:momentum=0,compensation=kahan "$@"
"$top/Experiments/logarithmic.py" "$results"
