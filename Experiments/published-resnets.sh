#!/bin/sh
# The published ResNet-20 and ResNet-56 for CIFAR-10 on a CIFAR-10 in the binary layout.
#
# Usage: Experiments/published-resnets.sh WEIGHTS-DIRECTORY DATA-DIRECTORY
# The weights are resnet20-12fca82f and resnet56-4bfd9763 of github.com/akamaster/pytorch_resnet_cifar10
# as safetensors files.
set -eu
addend=${ADDEND:-$(dirname "$0")/../.build/release/addend}
for network in 20-12fca82f 56-4bfd9763; do
  "$addend" evaluate "$1/resnet$network.safetensors" --model "resnet:depth=${network%%-*}" \
    --dataset cifar-10 --data-directory "$2"
done
