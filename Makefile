.PHONY: demo test setup build format

# The demonstration: trains one network on Fashion-MNIST under each map and writes a report.
demo: build
	.build/release/addend compare --dataset fashion-mnist --report addend-report.html

# Everything that the tests need, then the tests. Optimised: they train networks.
test: setup
	swift test -c release

build: setup
	swift build -c release --product addend

setup:
	@Scripts/setup.sh

format:
	Scripts/format.sh
