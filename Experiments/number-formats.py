#!/usr/bin/env python3
"""Draws how exact number formats are, from their definitions alone: the package's own code is not asked.

Usage: Experiments/number-formats.py CHART.svg   (needs numpy and matplotlib)
Left: the largest relative error of rounding a number of each octave; of DFP formats in a tensor whose
largest magnitude is 1. Right: the mean relative error of the sum of n numbers drawn uniformly from
[0, 1), by how the sum is kept; 32 sums each.
"""
import sys

import matplotlib
import numpy

matplotlib.use("svg")
matplotlib.rcParams["svg.hashsalt"] = "addend"
import matplotlib.pyplot as plot  # noqa: E402: after the choice of the back end


def binary(exponent_bits, fraction_bits, greatest=None):
    """Rounds to a binary floating-point format, ties to even; what is too large becomes infinite."""
    bias = 2 ** (exponent_bits - 1) - 1
    greatest = greatest or (2 - 2.0**-fraction_bits) * 2.0**bias

    def rounded(x):
        _, exponent = numpy.frexp(x)
        quantum = numpy.exp2(numpy.maximum(exponent - 1, 1 - bias) - fraction_bits)
        y = numpy.rint(x / quantum) * quantum
        return numpy.where(abs(y) > greatest, numpy.copysign(numpy.inf, y), y)

    return rounded


def fixed(bits):
    """Multiples of a power of two with which 1 takes `bits`, its sign included."""
    quantum = 2.0 ** -(bits - 2)
    return lambda x: numpy.clip(numpy.rint(x / quantum), 1 - 2 ** (bits - 1), 2 ** (bits - 1) - 1) * quantum


def logarithmic(integer_bits, fraction_bits):
    limit = 2 ** (integer_bits + fraction_bits - 1) - 1

    def rounded(x):
        steps = numpy.rint(numpy.log2(abs(x)) * 2**fraction_bits)
        y = numpy.sign(x) * numpy.exp2(numpy.minimum(steps, limit) / 2**fraction_bits)
        return numpy.where(steps < -limit, 0, y)

    return rounded


bfloat16, float16 = binary(8, 7), binary(5, 10)
e4m3, e5m2 = binary(4, 3, greatest=448), binary(5, 2)
formats = {
    "bfloat16": bfloat16, "float16": float16, "E4M3": e4m3, "E5M2": e5m2,
    "DFP-16": fixed(16), "DFP-8": fixed(8), "LNS 6.9": logarithmic(6, 9),
}
octaves = range(-28, 18)

figure, (rounding, sums) = plot.subplots(1, 2, figsize=(12, 4.6))
for name, rounded in formats.items():
    errors = []
    for octave in octaves:
        x = numpy.exp2(octave + numpy.arange(0.5, 4099) / 4099)
        y = rounded(x)
        error = numpy.max(abs(y / x - 1))
        errors.append(error if numpy.isfinite(error) and error < 0.45 else numpy.nan)
    rounding.plot(octaves, errors, label=name)
rounding.set(yscale="log", xlabel="log₂ of the magnitude", ylabel="largest relative error")
rounding.set_title("Rounding a number", fontsize=10)
rounding.legend(fontsize=8)


def leveled(*levels):
    """Sums of chunks, whose sums go up a level: (rounding, terms) each, the last without terms."""

    def total(terms):
        state = [[numpy.zeros(terms.shape[1]), 0] for _ in levels]

        def move(level):
            rounded = levels[level + 1][0]
            state[level + 1][0] = rounded(state[level + 1][0] + state[level][0])
            state[level + 1][1] += 1
            state[level] = [numpy.zeros(terms.shape[1]), 0]

        for term in terms:
            state[0][0] = levels[0][0](state[0][0] + term)
            state[0][1] += 1
            for level in range(len(levels) - 1):
                if state[level][1] < levels[level][1]:
                    break
                move(level)
        for level in range(len(levels) - 1):
            move(level)
        return state[-1][0]

    return total


def single(x):
    return numpy.asarray(x, dtype=numpy.float32).astype(float)


ways = {
    "bfloat16": leveled((bfloat16, 0)),
    "float16": leveled((float16, 0)),
    "E5M2": leveled((e5m2, 0)),
    "E5M2, 8 > float16, 64 > float32": leveled((e5m2, 8), (float16, 64), (single, 0)),
    "bfloat16, 64 > float32": leveled((bfloat16, 64), (single, 0)),
    "float16, 64 > float32": leveled((float16, 64), (single, 0)),
    "float32": leveled((single, 0)),
}
random = numpy.random.default_rng(1)
lengths = [2**k for k in range(2, 15)]
numbers = random.random((lengths[-1], 32))
for name, total in ways.items():
    errors = [
        numpy.mean(abs(total(numbers[:n]) / numbers[:n].sum(0) - 1)) for n in lengths
    ]
    sums.plot(lengths, errors, label=name)
sums.set(xscale="log", yscale="log", xlabel="terms", ylabel="mean relative error")
sums.set_title("Adding numbers from [0, 1)", fontsize=10)
sums.legend(fontsize=8, loc="center left", bbox_to_anchor=(0.01, 0.36))

figure.tight_layout()
figure.savefig(sys.argv[1], metadata={"Date": None})
