#!/bin/sh
# Checks the kernels' variants for 64-bit Arm: compiles the look-up, byte and space kernels, runs each
# variant against its definition at many extents, and compares the definitions' results with this
# machine's. Under emulation, unless this machine is one.
set -eu
cd "$(dirname "$0")/.."

say() { echo "check-arm: $*" >&2; }
require() {
  command -v "$1" >/dev/null 2>&1 && return
  say "there is no '$1'; on Debian: apt-get install $2"
  exit 69
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Clang, as the package manager does: others disregard how products and sums are to be rounded.
compile() {
  to=$1
  shift
  clang -O2 -std=gnu11 -Wall -Wextra -Werror -ISources/CAddendKernels/include -o "$work/$to" "$@" \
    Tests/Arm/*.c Sources/CAddendKernels/addend_isa.c Sources/CAddendKernels/addend_byte*.c \
    Sources/CAddendKernels/addend_lookup*.c Sources/CAddendKernels/addend_space*.c -lm
}

require clang clang
if [ "$(uname -m)" = aarch64 ]; then
  compile arm
  "$work/arm" neon
  exit
fi

require qemu-aarch64 qemu-user
require aarch64-linux-gnu-gcc gcc-aarch64-linux-gnu
if ! [ -d /usr/aarch64-linux-gnu/include ]; then
  say "there is no C library for Arm; on Debian: apt-get install libc6-dev-arm64-cross"
  exit 69
fi
compile arm --target=aarch64-linux-gnu -isystem /usr/aarch64-linux-gnu/include -static
qemu-aarch64 "$work/arm" neon >"$work/arm.txt" || { cat "$work/arm.txt"; exit 1; }
cat "$work/arm.txt"
compile here
"$work/here" scalar >"$work/here.txt"
for each in arm here; do sed 's/  *[0-9]* results.*;/:/' "$work/$each.txt" >"$work/$each.bits"; done
if ! diff "$work/here.bits" "$work/arm.bits" >&2; then
  say "the definitions (<) give other bits on Arm (>)"
  exit 1
fi
