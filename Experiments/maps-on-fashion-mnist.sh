#!/bin/sh
# 784-256-256-10 on Fashion-MNIST under each map, eight epochs, three seeds.
#
# Usage: Experiments/maps-on-fashion-mnist.sh [OPTIONS…]
set -eu
run="$(dirname "$0")/run.sh"
for map in float32 space:dimension=2 lookup:block=4; do
  "$run" "fashion-$(echo "$map" | tr ':=' '--')" "1 2 3" --model mlp:hidden=256,layers=2 \
    --dataset fashion-mnist --map "$map" --schedule cosine --epochs 8 "$@"
done
