#!/usr/bin/env python3
"""Prints one configuration's line of the table of space-quantization.sh.

Usage: space-quantization.py --head | SET MAP BASE   (BASE: results are BASE-sSEED…)
Errors are squared and relative to what is coded, the least and the most of the network's layers;
before them stands 2^(-2 log2(N) / d), the least that N words for d independent normal numbers reach.
"""
import glob
import json
import math
import statistics
import sys

COLUMNS = "{:<18} {:<46} {:>26} {:>8} {:>22} {:>22} {:>22}"


def settings(map_text):
    name, _, text = map_text.partition(":")
    values = {"dimension": 2, "rows": 1, "vectors": 256, "matrices": 256, "gradients": 256}
    for pair in filter(None, text.split(",")):
        key, _, value = pair.partition("=")
        if key in values:
            values[key] = int(value)
    return name, values


def error_cell(errors, kind, words, size):
    if not errors:
        return "–"
    bound = 2 ** (-2 * math.log2(words) / size)
    found = [layer[kind] for layer in errors]
    return f"{bound:.2g}: {min(found):.2g}–{max(found):.2g}"


def main():
    if sys.argv[1] == "--head":
        print(COLUMNS.format("set", "map", "% right, or loss (range)", "bits/w", "bound: inputs",
                             "bound: weights", "bound: gradients"))
        return
    data, map_text, base = sys.argv[1:]
    scores, bits, errors = [], [], []
    for path in sorted(glob.glob(glob.escape(base) + "-s*.json")):
        with open(path) as file:
            result = json.load(file)["results"][0]
        # Of numbers to predict there is the mean squared error only.
        scores.append(100 * result["accuracy"] if "accuracy" in result else result["loss"])
    for path in sorted(glob.glob(glob.escape(base) + "-s*.inspected")):
        with open(path) as file:
            result = json.load(file)["results"][0]
        # Biases and the file's headers included.
        bits.append(8 * result["bytesStored"] / result["parameters"])
        errors += result.get("codingErrors", [])
    name, v = settings(map_text)
    accuracy = f"{statistics.mean(scores):.4g} ({min(scores):.4g}–{max(scores):.4g})"
    block = v["dimension"]
    print(COLUMNS.format(
        data, map_text, accuracy, f"{statistics.mean(bits):.2f}",
        error_cell(errors, "inputs", v["vectors"], block),
        error_cell(errors, "weight", v["matrices"], block * v["rows"]),
        error_cell(errors, "gradients", v["gradients"], v["rows"])), flush=True)


main()
