#!/usr/bin/env python3
"""Draws what space-quantization.sh came to: accuracy by block size, and by stored bits a weight.

Usage: Experiments/space-accuracy.py CHART.svg   (needs matplotlib)
Left: points behind float32 on each set, 256 words, blocks of weights one row high. Middle: the same on
Fashion-MNIST by scheme. Right: accuracy against stored bits a weight on Fashion-MNIST, all settings.
"""
import json
import pathlib
import re
import statistics
import sys

import matplotlib

matplotlib.use("svg")
matplotlib.rcParams["svg.hashsalt"] = "addend"
import matplotlib.pyplot as plot  # noqa: E402: after the choice of the back end

results = pathlib.Path(__file__).resolve().parent / "results"


def read(piece):
    """(set, map) to the mean accuracy in percent and the mean stored bits a weight."""
    found = {}
    for path in results.glob(f"space-{piece}-*-s[0-9].json"):
        envelope = json.loads(path.read_text())
        result = envelope["results"][0]
        if "accuracy" in result:
            key = (re.sub("^synthetic-", "", envelope["dataset"]["name"]), result["map"])
            bits = 8 * result["bytesStored"] / result["parameters"]
            found.setdefault(key, []).append((100 * result["accuracy"], bits))
    return {key: tuple(statistics.mean(v) for v in zip(*runs)) for key, runs in found.items()}


def settings(name):
    return dict(pair.split("=") for pair in name.partition(":")[2].split(",") if pair)


figure, (by_set, by_scheme, by_bits) = plot.subplots(1, 3, figsize=(14, 4.2))

grids = {}
for piece in ["synthetic", "mnist", "fashion-mnist", "cifar"]:
    grids.update(read(piece))
for name in sorted({key[0] for key in grids}):
    points = sorted(
        (int(settings(key[1])["dimension"]), grids[name, "float32"][0] - value[0])
        for key, value in grids.items()
        if key[0] == name and set(settings(key[1])) == {"dimension"})
    by_set.plot(*zip(*points), marker="o", label=name)
by_set.set_ylabel("points of accuracy behind float32")
by_set.set_title("By data: 256 words each, k-means")

LOWEST = 82  # percent: what is below is written at the border

schemes = {}
for (_, map_name), (accuracy, _) in read("schemes").items():
    own = settings(map_name)
    schemes.setdefault(int(own["dimension"]), {})[own["scheme"]] = accuracy
names = sorted(schemes[4], key=schemes[4].get)
for size, accuracies in sorted(schemes.items()):
    (dots,) = by_scheme.plot([max(LOWEST, accuracies[name]) for name in names], names, "o",
                             label=f"blocks of {size}")
    for row, name in enumerate(names):
        if accuracies[name] < LOWEST:
            by_scheme.annotate(f"← {accuracies[name]:.1f}", (LOWEST, row), xytext=(6, -3),
                               textcoords="offset points", fontsize=8, color=dots.get_color())
by_scheme.set_xlabel("accuracy, %")
by_scheme.set_title("By scheme: Fashion-MNIST, 3 epochs")

by_set.set_xlabel("numbers in a block")
by_set.set_xscale("log", base=2)
by_set.set_xticks([1, 2, 4, 8], ["1", "2", "4", "8"])

for (name, map_name), (accuracy, bits) in sorted(grids.items()):
    if name != "fashion-mnist":
        continue
    by_bits.plot(bits, max(LOWEST, accuracy), "o",
                 color="black" if map_name == "float32" else "tab:blue")
    label = re.sub("dimension=", "d=", map_name.partition(":")[2]) or map_name
    label = label.replace("matrices=16,vectors=16", "16 words").replace("rows=", "r=")
    label = label.replace(",", ", ") + (f": {accuracy:.1f} %" if accuracy < LOWEST else "")
    by_bits.annotate(label, (bits, max(LOWEST, accuracy)), xytext=(5, -3),
                     textcoords="offset points", fontsize=7)
by_bits.set_xscale("log", base=2)
by_bits.set_xticks([1, 2, 4, 8, 16, 32], ["1", "2", "4", "8", "16", "32"])
by_bits.set_xlim(1, 64)
by_bits.set_xlabel("stored bits a weight, tables and trees included")
by_bits.set_ylabel("accuracy, %")
by_bits.set_title("By size: Fashion-MNIST, 3 epochs")

for axes in by_set, by_scheme:
    axes.legend(frameon=False, fontsize=8)
for axes in by_set, by_scheme, by_bits:
    axes.grid(True, alpha=0.3)
figure.tight_layout()
figure.savefig(sys.argv[1], metadata={"Date": None})
