#!/bin/sh
# Repeats one training for several seeds and prints the errors.
#
# Usage: Experiments/run.sh NAME "SEEDS" OPTIONS…   (OPTIONS as for addend train)
# Each run's JSON goes to Experiments/results/NAME-SEED.json; a run that is there is not repeated.
# Killed, the script goes on from the last checkpoint when it is called again.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
name=$1 seeds=$2
shift 2
addend=${ADDEND:-$top/.build/release/addend}
results=$top/Experiments/results
mkdir -p "$results"
for seed in $seeds; do
  result=$results/$name-$seed.json
  [ -e "$result" ] || "$addend" train "$@" --seed "$seed" --json "$result" \
    --checkpoint-directory "$results/$name-$seed.checkpoints" --resume
  rm -rf "$results/$name-$seed.checkpoints"
done
"$top/Experiments/summary.py" "$name" "$results/$name"-[0-9].json
