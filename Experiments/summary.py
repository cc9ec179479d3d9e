#!/usr/bin/env python3
"""Prints the accuracy of each seed of an experiment, their mean and spread."""
import json
import statistics
import sys


def main():
    name, paths = sys.argv[1], sorted(sys.argv[2:])
    scores = []
    for path in paths:
        with open(path) as file:
            result = json.load(file)["results"][0]
        scores.append(result.get("accuracy", result.get("perplexity")))
    unit = 100 if max(scores) <= 1 else 1
    mean = statistics.mean(scores) * unit
    spread = (max(scores) - min(scores)) * unit
    print(f"{name}: {' '.join(f'{score * unit:.2f}' for score in scores)}  "
          f"mean {mean:.2f}, range {spread:.2f}")


main()
