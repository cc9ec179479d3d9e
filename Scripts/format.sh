#!/bin/sh
# Formats all Swift code, then reports what the formatter cannot mend.
set -eu
cd "$(dirname "$0")/.."
swift format --in-place --parallel --recursive Sources Tests Benchmarks Package.swift
swift format lint --strict --parallel --recursive Sources Tests Benchmarks Package.swift
