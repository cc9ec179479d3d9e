#!/usr/bin/env python3
"""Validation errors of the runs in a folder: one line a setting, with the seeds' mean and their own."""
import collections
import json
import pathlib
import statistics
import sys

errors = collections.defaultdict(dict)
for path in sorted(pathlib.Path(sys.argv[1]).glob("*.json")):
    name, seed = path.stem.rsplit("-", 1)
    curve = json.loads(path.read_text())["results"][0]["curve"]
    errors[name][seed] = 100 * (1 - curve[-1]["testAccuracy"])
for name, seeds in errors.items():
    own = ", ".join(f"{seeds[seed]:.2f}" for seed in sorted(seeds))
    print(f"{name:28} {statistics.mean(seeds.values()):.2f} %  ({own})")
