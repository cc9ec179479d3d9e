#!/bin/sh
# Evolved codebooks against k-means at equal wall time or at equal numbers of candidates, three seeds:
# 784-256-256-10 on Fashion-MNIST, trained in float32, coded after training in blocks of 4
# (space:dimension=4).
#
# Usage: Experiments/evolve-tables.sh [minutes|evaluations [COUNT]]   (7 minutes, or 30 evaluations)
# Seven minutes take about three times that in all. The contenders of a seed run side by side on a thread
# each, so that whatever else the machine does is the same for all. Each judges candidates on the same
# 6,000 training images, which the network has not seen in training. JSON goes to Experiments/results; a
# run that is there is not repeated, and a killed one goes on.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
addend=${ADDEND:-$top/.build/release/addend}
results=$top/Experiments/results
budget=${1:-minutes}
case $budget in
  minutes) count=${2:-7} ;;
  evaluations) count=${2:-30} ;;
  *) echo "evolve-tables.sh: the budget is minutes or evaluations" >&2; exit 64 ;;
esac
mkdir -p "$results"

# contender NAME SEED OPTIONS…
contender() {
  name=evolve-$budget-$1-$2 seed=$2 network=$results/evolve-float-$2.addend
  shift 2
  [ -e "$results/$name.json" ] || "$addend" tables evolve "$network" --quiet \
    --threads 1 --islands 1 --seed "$seed" --validation 0.1 "--$budget" "$count" \
    --map space:dimension=4 --state "$results/$name.state" --resume \
    --json "$results/$name.json" "$@"
  rm -f "$results/$name.state"
}

# As contender, judged by the answers of the network that is coded.
taught() { contender "$@" --fitness loss --teacher "$results/evolve-float-$2.addend"; }

for seed in 1 2 3; do
  network=$results/evolve-float-$seed
  [ -e "$network.addend" ] || "$addend" train --model mlp:hidden=256,layers=2 \
    --dataset fashion-mnist --epochs 8 --validation 0.1 --seed "$seed" --quiet \
    --output "$network.addend" --json "$network.json"
  # K-means again and again, the best on the images held out; and words drawn from the data.
  contender k-means "$seed" --method random --start k-means &
  contender genetic "$seed" --method genetic --start samples &
  # A population of k-means', and changes of one: by the answers of the float network.
  taught genetic-k-means "$seed" --method genetic:population=8 --start k-means &
  taught genetic-finish "$seed" --method genetic &
  taught strategy-finish "$seed" --method evolution-strategy &
  wait
done
"$top/Experiments/evolve-tables.py" "$budget" "$results"
