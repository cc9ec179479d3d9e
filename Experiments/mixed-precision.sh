#!/bin/sh
# Training in narrow formats beside float32, nothing else changed: the same network, data, seeds and
# hyper-parameters.
#
# Usage: Experiments/mixed-precision.sh lenet-5|resnet-20|lstm-lm [OPTIONS…]
# PRECISIONS overrides the precisions, SEEDS the seeds, EPOCHS the epochs, THREADS the threads of each run.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
network=$1
shift
case $network in
  lenet-5)
    set -- --model lenet-5 --dataset mnist --epochs ${EPOCHS:-10} --batch-size 100 "$@" ;;
  resnet-20)
    set -- --model resnet:depth=20 --dataset cifar-10 --augment --epochs ${EPOCHS:-6} --batch-size 128 \
      --optimizer sgd:momentum=0.9,decay=0.0001 --learning-rate 0.1 "$@" ;;
  lstm-lm)
    set -- --model lstm-lm:dropout=0.2 --dataset ptb --epochs ${EPOCHS:-3} --batch-size 20 --clip 5 \
      --learning-rate 0.002 "$@" ;;
esac
[ -z "${THREADS:-}" ] || set -- "$@" --threads "$THREADS"
for seed in ${SEEDS:-1 2 3}; do
  for precision in ${PRECISIONS:-float32 mixed-bf16 dfp16 mixed-fp16}; do
    "$here/run.sh" "precision-$network-$precision" "$seed" --precision "$precision" "$@"
  done
done
