#!/usr/bin/env python3
"""Prints what each contender of evolve-tables.sh came to: medians and each seed.

Usage: evolve-tables.py minutes|evaluations RESULTS
"""
import json
import pathlib
import statistics
import sys

CONTENDERS = ["k-means", "genetic", "genetic-k-means", "genetic-finish", "strategy-finish"]


def accuracies(runs, part, moment):
    return [100 * run[part][moment]["accuracy"] for run in runs]


def main():
    budget, results = sys.argv[1], pathlib.Path(sys.argv[2])
    print("| contender | candidates | held out | test | test, each seed | test, less one k-means |")
    print("|---|---|---|---|---|---|")
    for name in CONTENDERS:
        paths = sorted(results.glob(f"evolve-{budget}-{name}-[0-9].json"))
        runs = [json.loads(path.read_text())["results"][0] for path in paths]
        if not runs:
            continue
        # What a search from nothing calls "before" is the network coded by k-means, once.
        held_out, test = (accuracies(runs, part, "after") for part in ("validation", "test"))
        gains = [a - b for a, b in zip(test, accuracies(runs, "test", "before"))]
        print(f"| {name} | {statistics.median(run['evaluations'] for run in runs):.0f} "
              f"| {statistics.median(held_out):.2f} | {statistics.median(test):.2f} "
              f"| {' '.join(f'{a:.2f}' for a in test)} | {statistics.median(gains):+.2f} "
              f"({' '.join(f'{a:+.2f}' for a in gains)}) |")


main()
