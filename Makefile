.PHONY: demo test build setup lint format

# The demonstration: trains one network on Fashion-MNIST under each map and writes a report.
demo: build
	.build/release/addend compare --dataset fashion-mnist --report addend-report.html

# Everything that the tests need, then the tests. Optimised: they train networks.
test: setup lint
	swift test -c release

build: setup
	swift build -c release --product addend

setup:
	@Scripts/setup.sh

# Fails where a file is not as `make format` leaves it.
lint: setup
	swift format lint --strict --parallel --recursive Sources Tests Benchmarks Package.swift

format:
	Scripts/format.sh
