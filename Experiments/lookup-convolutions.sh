#!/bin/sh
# Every layer but the first and the last through look-ups, each beside its float32 twin and taught by
# the twin's answers: LeNet-5 on MNIST from scratch, three seeds, and the published ResNet-20 on
# CIFAR-10, trained further.
#
# Usage: Experiments/lookup-convolutions.sh lenet-5 [OPTIONS…]
#        Experiments/lookup-convolutions.sh resnet-20 WEIGHTS [OPTIONS…]
# WEIGHTS is resnet20-12fca82f of github.com/akamaster/pytorch_resnet_cifar10 as a safetensors file.
# Twins differ in map and teacher alone: same weights at the start, data, augmentation, epochs and
# schedule. SEEDS overrides the seeds, LOOKUP the look-ups' map.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
network=$1
shift

# pair SEEDS MAP OPTIONS…: the float32 twin, then the look-ups that learn from it.
pair() {
  seeds=${SEEDS:-$1} map=${LOOKUP:-$2} name=lookup-convolutions-$network
  shift 2
  mkdir -p "$here/results"
  for seed in $seeds; do
    twin=$here/results/$name-float32-$seed.addend
    "$here/run.sh" "$name-float32" "$seed" --map float32 --output "$twin" "$@"
    "$here/run.sh" "$name-$(echo "$map" | tr ':=,' '---')" "$seed" --map "$map" \
      --keep first+last --teacher "$twin" --teacher-weight 0.9 --temperature 4 "$@"
  done
}

case $network in
  lenet-5)
    pair "1 2 3" lookup:block=4 --model lenet-5 --dataset mnist --batch-size 64 \
      --optimizer adamw:decay=0.05 --loss cross-entropy:smoothing=0.1 --schedule cosine \
      --epochs 15 "$@" ;;
  resnet-20)
    weights=$1
    shift
    pair 1 lookup:block=1,refresh=0 --from "$weights" --model resnet:depth=20 --dataset cifar-10 \
      --augment --batch-size 128 --learning-rate 0.001 --schedule cosine --epochs 6 "$@" ;;
esac
