#!/usr/bin/env python3
"""Prints the learning curves of experiments side by side: each epoch's held-out error, and the test's."""
import json
import sys


def main():
    results = []
    for path in sys.argv[1:]:
        with open(path) as file:
            results.append(json.load(file)["results"][0])
    count = max(len(result["curve"]) for result in results)
    shown = sorted({1, 2, 3, 5, *range(10, count + 1, 10), count})
    for epoch in shown:
        figures = [result["curve"][epoch - 1] for result in results if epoch <= len(result["curve"])]
        print(f"epoch {epoch:4}  " + "  ".join(score(figure, "test") for figure in figures))
    print("at the end  " + "  ".join(score(result, "") for result in results))


def score(figure, part):
    """An error in percent, or a perplexity; a curve's figures are named after the held-out part."""
    for key, value in figure.items():
        if key.lower().endswith("accuracy") and not key.startswith("train"):
            return f"{100 * (1 - value):.2f} %"
        if key.lower().endswith("perplexity") and not key.startswith("train"):
            return f"{value:.1f}"
    return "-"


main()
