#!/bin/sh
# Installs what building, testing and the demonstration need and this machine lacks.
set -eu

if ! command -v swift >/dev/null 2>&1; then
  echo "setup: Swift 6.3 or newer is needed: https://www.swift.org/install" >&2
  exit 69
fi

case "$(uname -s)" in
  Darwin)
    echo "setup: on macOS, install with Homebrew: brew install onednn libpng jpeg-turbo" >&2
    exit 0
    ;;
esac

packages="libdnnl-dev zlib1g-dev libpng-dev libjpeg-dev dataset-fashion-mnist"
missing=""
for package in $packages; do
  status=$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true)
  [ "$status" = "install ok installed" ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

echo "setup: installing$missing"
as_root=""
[ "$(id -u)" -eq 0 ] || as_root="sudo"
$as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing
