#!/usr/bin/env python3
"""Training speed of PyTorch on the networks that Addend is measured with.

Usage: training_speed.py CASE THREADS SECONDS [bfloat16]
With bfloat16, forward passes run under automatic mixed precision, as PyTorch's manual has it.
Prints one JSON object: examples (or words) a second, the median over steps. The data are made up
and stay in memory; only the training step is timed, as in `addend-training-speed`.
"""
import json
import resource
import statistics
import sys
import time

import torch
from torch import nn
from torch.nn import functional


class BasicBlock(nn.Module):
    """The CIFAR residual block with option A shortcuts (He et al., 2016, section 4.2)."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(outputs)
        self.stride, self.extra = stride, outputs - inputs

    def forward(self, x):
        y = functional.relu(self.norm1(self.conv1(x)))
        y = self.norm2(self.conv2(y))
        if self.extra or self.stride > 1:
            x = functional.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.extra // 2, self.extra // 2))
        return functional.relu(x + y)


def resnet20():
    layers = [nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU()]
    channels = 16
    for outputs in (16, 32, 64):
        for block in range(3):
            layers.append(BasicBlock(channels, outputs, 2 if block == 0 and outputs > 16 else 1))
            channels = outputs
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


class LanguageModel(nn.Module):
    def __init__(self, words=10_000, hidden=200):
        super().__init__()
        self.embedding = nn.Embedding(words, hidden)
        self.lstm = nn.LSTM(hidden, hidden, 2, batch_first=True)
        self.output = nn.Linear(hidden, words)

    def forward(self, x):
        return self.output(self.lstm(self.embedding(x))[0]).flatten(0, 1)


def case(name):
    """The network, an input batch, its classes, what one example is counted as."""
    if name == "lenet-300-100":
        network = nn.Sequential(
            nn.Flatten(), nn.Linear(784, 300), nn.ReLU(), nn.Linear(300, 100), nn.ReLU(),
            nn.Linear(100, 10))
        return network, torch.randn(100, 1, 28, 28), torch.randint(10, (100,))
    if name == "lenet-5":
        network = nn.Sequential(
            nn.Conv2d(1, 20, 5), nn.MaxPool2d(2), nn.Conv2d(20, 50, 5), nn.MaxPool2d(2),
            nn.Flatten(), nn.Linear(800, 500), nn.ReLU(), nn.Linear(500, 10))
        return network, torch.randn(64, 1, 28, 28), torch.randint(10, (64,))
    if name == "resnet-20":
        return resnet20(), torch.randn(128, 3, 32, 32), torch.randint(10, (128,))
    if name == "lstm-lm":
        return LanguageModel(), torch.randint(10_000, (20, 35)), torch.randint(10_000, (700,))
    sys.exit(f"no case is called {name}")


def peak_bytes():
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main():
    # What the library takes before there is a network.
    before = peak_bytes()
    name, threads, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    is_mixed = sys.argv[4:] == ["bfloat16"]
    torch.manual_seed(1)
    torch.set_num_threads(threads)
    network, inputs, classes = case(name)
    optimizer = torch.optim.SGD(network.parameters(), lr=0.001, momentum=0.9)

    def step():
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cpu", torch.bfloat16, enabled=is_mixed):
            loss = functional.cross_entropy(network(inputs), classes)
        loss.backward()
        optimizer.step()

    for _ in range(3):
        step()
    times = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 5:
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    print(json.dumps({
        "case": name, "engine": f"PyTorch {torch.__version__}{', bfloat16' * is_mixed}", "threads": threads,
        "perSecond": classes.numel() / statistics.median(times), "steps": len(times), "peakBytes": peak_bytes(), "ownBytes": peak_bytes() - before}))


if __name__ == "__main__":
    main()
