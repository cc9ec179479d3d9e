#!/usr/bin/env python3
"""What coding loses where words are shared by all layers, by a layer, or by nobody.

Usage: Experiments/codebook-scope.py NETWORK.addend [IMAGES.gz]   (needs NumPy)
NETWORK is a trained mlp in float32 on Fashion-MNIST, IMAGES the set's train-images-idx3-ubyte.gz. The
inputs of its layers (words from 2,000 images, errors on 2,000 others) and its weights are coded in
blocks by 256 words of k-means, for all layers together (each scaled to unit power), for each layer, and,
inputs only, for each position. Prints relative squared errors, layer by layer.
"""
import gzip
import json
import struct
import sys

import numpy

WORDS, COUNT = 256, 2000
random = numpy.random.default_rng(1)


def sections(path):
    """The archive's documents and tensors by name (docs/archive-format.md)."""
    data = open(path, "rb").read()
    found, at = {}, 16
    while True:
        (length,) = struct.unpack_from("<I", data, at)
        if length == 0:
            return found
        kind, rank, element, name = struct.unpack_from("<BBBxH", data, at + 4)
        (size,) = struct.unpack_from("<Q", data, at + 16)
        shape = struct.unpack_from(f"<{rank}Q", data, at + 24)
        start = at + 24 + 8 * rank + element
        title, payload = data[start:start + name].decode(), data[at + length:at + length + size]
        found[title] = (json.loads(payload) if kind == 1
                        else numpy.frombuffer(payload, "<f4").reshape(shape))
        at += length + size


def nearest(points, words):
    """The number of each point's nearest word."""
    codes = [(-2 * part @ words.T + (words ** 2).sum(1)).argmin(1)
             for part in numpy.array_split(points, max(1, len(points) // 20000))]
    return numpy.concatenate(codes)


def k_means(points, rounds=15):
    points = points[random.permutation(len(points))[:50000]]
    words = points[random.permutation(len(points))[:WORDS]].copy()
    for _ in range(rounds):
        codes = nearest(points, words)
        for word in range(len(words)):
            own = points[codes == word]
            words[word] = own.mean(0) if len(own) else points[random.integers(len(points))]
    return words


def error(points, words):
    return ((points - words[nearest(points, words)]) ** 2).sum() / (points ** 2).sum()


def report(what, size, learned, tested):
    """`learned` and `tested` are [rows, positions, size] for each layer."""
    powers = [numpy.sqrt((layer ** 2).mean()) for layer in learned]
    flat = [layer.reshape(-1, size) for layer in learned]
    test = [layer.reshape(-1, size) for layer in tested]
    largest = min(len(layer) for layer in flat)
    pooled = numpy.concatenate([layer[random.permutation(len(layer))[:largest]] / power
                                for layer, power in zip(flat, powers)])
    shared = k_means(pooled)
    results = {
        "all layers": [error(points / power, shared) for points, power in zip(test, powers)],
        "a layer": [error(points, k_means(own)) for points, own in zip(test, flat)],
    }
    if what == "inputs":
        results["a position"] = []
        for own, points in zip(learned, tested):
            lost = sum(error(points[:, i], k_means(own[:, i], 5)) * (points[:, i] ** 2).sum()
                       for i in range(own.shape[1]) if (points[:, i] ** 2).sum() > 0)
            results["a position"].append(lost / (points ** 2).sum())
    for scope, errors in results.items():
        print(f"| {what} | {size} | {scope} | " + " | ".join(f"{e:.4f}" for e in errors) + " |",
              flush=True)


archive = sections(sys.argv[1])
images = sys.argv[2] if len(sys.argv) > 2 else (
    "/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz")
pixels = numpy.frombuffer(gzip.open(images).read(), numpy.uint8, offset=16).reshape(-1, 784)
scale = archive["metadata"]["normalization"]
rows = (pixels[:2 * COUNT] - scale["means"][0]) / scale["deviations"][0]
inputs, weights = [], []
for number in (1, 2, 3):
    weight = archive[f"model/dense{number}/weight"]
    inputs.append(rows)
    weights.append(weight)
    rows = numpy.maximum(rows @ weight + archive[f"model/dense{number}/bias"], 0)
print("| coded | d | words for | first layer | second | third |\n|---|---|---|---|---|---|")
for size in (2, 4):
    blocks = [layer.reshape(len(layer), -1, size) for layer in inputs]
    report("inputs", size, [b[:COUNT] for b in blocks], [b[COUNT:] for b in blocks])
    columns = [weight.T.reshape(weight.shape[1], -1, size) for weight in weights]
    report("weights", size, columns, columns)
