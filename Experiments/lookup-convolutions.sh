#!/bin/sh
# Every layer but the first and the last through look-ups, each beside its float32 twin: LeNet-5 on
# MNIST from scratch, three seeds, and the published ResNet-20 on CIFAR-10, trained further.
#
# Usage: Experiments/lookup-convolutions.sh lenet-5 [OPTIONS…]
#        Experiments/lookup-convolutions.sh resnet-20 WEIGHTS [OPTIONS…]
# WEIGHTS is resnet20-12fca82f of github.com/akamaster/pytorch_resnet_cifar10 as a safetensors file.
# Twins differ in the map alone: same weights at the start, data, augmentation, epochs and schedule.
set -eu
run="$(dirname "$0")/run.sh"
network=$1
shift
case $network in
  lenet-5)
    for map in float32 lookup:block=4; do
      "$run" "lookup-convolutions-lenet-5-$(echo "$map" | tr ':=' '--')" "${SEEDS:-1 2 3}" \
        --model lenet-5 --dataset mnist --map "$map" --keep first+last --batch-size 64 \
        --optimizer adamw:decay=0.05 --loss cross-entropy:smoothing=0.1 --schedule cosine \
        --epochs 15 "$@"
    done ;;
  resnet-20)
    weights=$1
    shift
    for map in lookup:block=2,refresh=0 float32; do
      "$run" "lookup-convolutions-resnet-20-$(echo "$map" | tr ':=,' '---')" "${SEEDS:-1}" \
        --from "$weights" --model resnet:depth=20 --dataset cifar-10 --map "$map" \
        --keep first+last --augment --batch-size 128 --learning-rate 0.001 --schedule cosine \
        --epochs 6 "$@"
    done ;;
esac
