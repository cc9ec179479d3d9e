#!/bin/sh
# Installs what building, testing and the demonstration need and this machine lacks.
set -eu

say() { echo "setup: $*" >&2; }

if ! command -v swift >/dev/null 2>&1; then
  say "there is no 'swift' on the PATH; install Swift 6.3 or newer: https://www.swift.org/install"
  exit 69
fi

if [ "$(uname -s)" = Darwin ]; then
  say "on macOS (untested) the libraries come from Homebrew: brew install onednn libpng jpeg-turbo"
  say "the compiler finds them after: export CPATH=\$(brew --prefix)/include LIBRARY_PATH=\$(brew --prefix)/lib"
  exit 0
fi

# The C toolchain and the libraries that Swift's own tools are linked with, what our C targets
# include, what data sets are fetched with, and the demonstration's images.
packages="g++ libcurl4 libncurses6 libsqlite3-0 libxml2
  libdnnl-dev libxsmm-dev libjpeg-dev libpng-dev zlib1g-dev
  ca-certificates curl dataset-fashion-mnist"

if ! command -v dpkg-query >/dev/null 2>&1; then
  say "this is no Debian; oneDNN, LIBXSMM, libjpeg, libpng and zlib must be installed by hand"
  exit 0
fi

missing=""
for package in $packages; do
  status=$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true)
  [ "$status" = "install ok installed" ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

as_root=""
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null 2>&1; then
    say "missing; install them as root: apt-get install$missing"
    exit 77
  fi
  as_root=sudo
fi

say "installing$missing${as_root:+ (with sudo)}"
apt() { $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq "$@" >/dev/null; }
apt update
# Unquoted: a list of names.
# shellcheck disable=SC2086
apt install --yes --no-install-recommends $missing
