#!/bin/sh
# Evolved codebooks against k-means at equal wall time, three seeds: 784-256-256-10 on Fashion-MNIST,
# trained in float32, coded after training in blocks of 4 (space:dimension=4).
#
# Usage: Experiments/evolve-tables.sh [MINUTES]   (default 6; about four times that in all)
# The contenders of a seed run side by side on a thread each, so that whatever else the machine does
# is the same for all. Each judges candidates on the same 6,000 training images, which the network has
# not seen in training. JSON goes to Experiments/results; a run that is there is not repeated, and a
# killed one goes on.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
addend=${ADDEND:-$top/.build/release/addend}
results=$top/Experiments/results
minutes=${1:-6}
mkdir -p "$results"

# contender NAME SEED OPTIONS…
contender() {
  name=evolve-$1-$2 seed=$2 network=$results/evolve-float-$2.addend
  shift 2
  [ -e "$results/$name.json" ] || nice -n 19 "$addend" tables evolve "$network" --quiet \
    --threads 1 --islands 1 --seed "$seed" --validation 0.1 --minutes "$minutes" \
    --map space:dimension=4 --state "$results/$name.state" --resume \
    --json "$results/$name.json" "$@"
  rm -f "$results/$name.state"
}

for seed in 1 2 3; do
  network=$results/evolve-float-$seed
  [ -e "$network.addend" ] || nice -n 19 "$addend" train --model mlp:hidden=256,layers=2 \
    --dataset fashion-mnist --epochs 8 --validation 0.1 --seed "$seed" --quiet \
    --output "$network.addend" --json "$network.json"
  # From nothing, by accuracy on the images held out.
  contender random "$seed" --method random --start samples &
  contender k-means "$seed" --method random --start k-means &
  contender genetic "$seed" --method genetic --start samples &
  contender strategy "$seed" --method evolution-strategy --start samples &
  # From k-means, by accuracy, by loss, and by the float network's answers.
  contender genetic-accuracy "$seed" --method genetic &
  contender genetic-teacher "$seed" --method genetic --fitness loss \
    --teacher "$network.addend" &
  contender strategy-loss "$seed" --method evolution-strategy --fitness loss &
  contender strategy-teacher "$seed" --method evolution-strategy --fitness loss \
    --teacher "$network.addend" &
  wait
done
"$top/Experiments/evolve-tables.py" "$results"
