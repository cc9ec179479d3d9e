#!/usr/bin/env python3
"""Medians and ratios of the lines that training-speed.sh gathers."""
import json
import statistics
import sys
from collections import defaultdict


def main():
    runs = defaultdict(lambda: defaultdict(list))
    for line in open(sys.argv[1]):
        run = json.loads(line)
        engine = "Addend" if run["engine"] == "Addend" else "PyTorch"
        runs[run["case"]][engine].append(run["perSecond"])
    print(f"{'case':<15}{'Addend/s':>12}{'PyTorch/s':>12}{'ratio':>8}   ratio of each round")
    for case, engines in runs.items():
        ratios = [a / b for a, b in zip(engines["Addend"], engines["PyTorch"])]
        ours, theirs = (statistics.median(engines[e]) for e in ("Addend", "PyTorch"))
        print(f"{case:<15}{ours:>12.0f}{theirs:>12.0f}{statistics.median(ratios):>8.2f}   "
              + " ".join(f"{ratio:.2f}" for ratio in ratios))


main()
