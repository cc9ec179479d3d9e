#!/bin/sh
# Checks the kernels on 64-bit Arm: compiles all of them without a warning, runs each variant against its
# definition, or the definition beside the equation that it stands for, at many extents, and compares the
# definitions' bits with this machine's. Under emulation, unless this machine is one.
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

# Clang, as the package manager does: others disregard how products and sums are to be rounded. Without
# oneDNN and LIBXSMM.
compile() {
  to=$1
  shift
  set -- "$@" -O2 -std=gnu11 -Wall -Wextra -Werror -ISources/CAddendKernels/include
  mkdir "$work/$to.objects"
  for source in Tests/Arm/*.c Sources/CAddendKernels/*.c; do
    case $source in
      # zlib's, which a cross compiler has no copy of.
      */addend_checksum.c) continue ;;
      # Compiled, but nothing here calls benchmarks' rivals.
      */addend_rivals*.c) object=$work/unused.o ;;
      *) object=$work/$to.objects/$(basename "$source" .c).o ;;
    esac
    clang "$@" -c -o "$object" "$source"
  done
  clang "$@" -o "$work/$to" "$work/$to.objects"/*.o -lpthread -lm
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
