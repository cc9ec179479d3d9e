#!/usr/bin/env python3
"""Medians and ratios of the lines that training-speed.sh and inference-speed.sh gather.

A line has `perSecond` or `seconds`; whichever it is, ratios above 1 say that Addend is faster.
"""
import json
import statistics
import sys
from collections import defaultdict


def rate(run):
    return run["perSecond"] if "perSecond" in run else run.get("batch", 1) / run["seconds"]


def main():
    runs = defaultdict(lambda: defaultdict(list))
    for line in open(sys.argv[1]):
        run = json.loads(line)
        case = run["case"] + (f", batch {run['batch']}" if "batch" in run else "")
        runs[f"{case}, {run['threads']} threads"][run["engine"]].append(run)
    print(f"{'case':<36}{'engine':<24}{'per second':>12}{'ratio':>8}{'peak MiB':>10}{'own MiB':>9}   each round")
    for case, engines in runs.items():
        ours = engines.pop("Addend")
        print_row(case, "Addend", ours, [])
        for engine, theirs in engines.items():
            print_row("", engine, theirs, [rate(a) / rate(b) for a, b in zip(ours, theirs)])


def print_row(case, engine, runs, ratios):
    peak, own = (statistics.median(run.get(key, 0) for run in runs) / 2**20
                 for key in ("peakBytes", "ownBytes"))
    print(f"{case:<36}{engine:<24}{statistics.median(map(rate, runs)):>12.1f}"
          + (f"{statistics.median(ratios):>8.2f}" if ratios else " " * 8)
          + (f"{peak:>10.0f}{own:>9.0f}" if peak else " " * 19)
          + "   " + " ".join(f"{ratio:.2f}" for ratio in ratios))


main()
