#!/bin/sh
# Takes docs/report.png, the README's picture, of the page that `make demo` wrote. Needs Chromium.
set -eu
cd "$(dirname "$0")/.."
if ! [ -f addend-report.html ]; then
  echo "picture: there is no addend-report.html; run 'make demo' first" >&2
  exit 66
fi
sandbox=""
[ "$(id -u)" -ne 0 ] || sandbox="--no-sandbox"  # Chromium refuses to run as root with one.
chromium --headless $sandbox --hide-scrollbars --virtual-time-budget=4000 \
  --window-size=1100,1310 --screenshot=docs/report.png "file://$PWD/addend-report.html" 2>/dev/null
