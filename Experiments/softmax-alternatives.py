#!/usr/bin/env python3
"""Prints held-out and test accuracy of each loss: mean and lowest to highest over the seeds."""
import json
import statistics
import sys
from pathlib import Path


def text(scores):
    scores = [100 * score for score in scores]
    return f"{statistics.mean(scores):.2f} ({min(scores):.2f}–{max(scores):.2f})"


def main():
    held, test = {}, {}
    for path in sorted(Path(sys.argv[1]).glob("*.json")):
        loss = path.stem.rsplit(",seed=", 1)[0]
        result = json.loads(path.read_text())["results"][0]
        # With examples held out, the curve is theirs.
        held.setdefault(loss, []).append(result["curve"][-1]["testAccuracy"])
        test.setdefault(loss, []).append(result["accuracy"])
    order = sorted(held, key=lambda loss: -statistics.mean(held[loss]))
    print("| loss | held out | test | seeds |")
    print("| --- | --- | --- | --- |")
    for loss in order:
        mark = " (best on images held out)" if loss == order[0] else ""
        print(f"| {loss}{mark} | {text(held[loss])} | {text(test[loss])} | {len(held[loss])} |")


main()
