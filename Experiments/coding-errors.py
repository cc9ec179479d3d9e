#!/usr/bin/env python3
"""Coding error by block size and scheme, beside the rate-distortion bound for Gaussian numbers.

Usage: Experiments/coding-errors.py DATASET CHART.svg [OPTIONS…]   (OPTIONS as for addend tables build)
Makes 256 words for blocks of the images by each scheme with `addend tables build`, prints a table of
relative squared errors, and draws it (needs matplotlib).
"""
import json
import os
import subprocess
import sys
import tempfile

SIZES = [1, 2, 4, 8, 16]
SCHEMES = ["unit-normal", "normal", "sphere", "grid", "sample", "k-means", "product", "residual"]

top = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
addend = os.environ.get("ADDEND", os.path.join(top, ".build/release/addend"))
dataset, chart, options = sys.argv[1], sys.argv[2], sys.argv[3:]


def coding(size, scheme):
    """The codebook of the vectors as the command's JSON describes it; nothing where it refuses."""
    with tempfile.TemporaryDirectory() as folder:
        command = [addend, "tables", "build", "--dataset", dataset, "--examples", "500",
                   "--vector-words", "256", "--matrix-words", "64", "--dimension", str(size),
                   "--vectors", scheme, "--output", os.path.join(folder, "tables"), "--quiet",
                   "--json", "-"] + options
        run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode != 0:
        print(run.stderr.strip(), file=sys.stderr)
        return None
    books = json.loads(run.stdout)["results"][0]["codebooks"]
    return next(book for book in books if book["codes"] == "vectors")


errors, bounds = {}, {}
for scheme in SCHEMES:
    for size in SIZES:
        book = coding(size, scheme)
        if book:
            errors[scheme, size] = book["relativeError"]
            bounds[size] = book["errorBound"]

print("| d | bound | " + " | ".join(SCHEMES) + " |")
print("|---" * (len(SCHEMES) + 2) + "|")
for size in SIZES:
    cells = [f"{errors[s, size]:.4f}" if (s, size) in errors else "refused" for s in SCHEMES]
    print(f"| {size} | {bounds[size]:.4f} | " + " | ".join(cells) + " |")

import matplotlib  # noqa: E402: the table above does without

matplotlib.use("svg")
matplotlib.rcParams["svg.hashsalt"] = "addend"
import matplotlib.pyplot as plot  # noqa: E402

figure, axes = plot.subplots(figsize=(7.5, 4.6))
for scheme in SCHEMES:
    sizes = [size for size in SIZES if (scheme, size) in errors]
    axes.plot(sizes, [max(errors[scheme, size], 1e-5) for size in sizes], marker="o", label=scheme)
axes.plot(SIZES, [bounds[size] for size in SIZES], "k--", label="bound for Gaussian numbers")
axes.set_xscale("log", base=2)
axes.set_yscale("log")
axes.set_xticks(SIZES, [str(size) for size in SIZES])
axes.set_xlabel("numbers in a block, coded with 256 words")
axes.set_ylabel("relative squared error")
axes.set_title(f"What coding loses: {dataset}")
axes.grid(True, which="major", alpha=0.3)
axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
figure.savefig(chart, bbox_inches="tight", metadata={"Date": None})
