#!/usr/bin/env python3
"""Training speed of JAX on the networks that Addend is measured with.

Usage: training_speed.py CASE THREADS SECONDS
Prints one JSON object: examples (or words) a second, the median over steps. The data are made up
and stay in memory; only the compiled training step is timed, as in `addend-training-speed`.
"""
import json
import os
import resource
import statistics
import sys
import time

os.environ["XLA_FLAGS"] = f"--xla_cpu_multi_thread_eigen={'true' if int(sys.argv[2]) > 1 else 'false'}"
os.sched_setaffinity(0, range(int(sys.argv[2])))

import jax
import jax.numpy as np
from jax import lax

KEY = jax.random.PRNGKey(1)


def normal(*shape, scale=0.05):
    global KEY
    KEY, key = jax.random.split(KEY)
    return scale * jax.random.normal(key, shape)


def convolution(x, w, stride=1, padding="VALID"):
    return lax.conv_general_dilated(x, w, (stride, stride), padding,
                                    dimension_numbers=("NHWC", "HWIO", "NHWC"))


def pool(x):
    return lax.reduce_window(x, -np.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")


def normalize(x, scale, shift):
    mean = x.mean((0, 1, 2))
    variance = ((x - mean) ** 2).mean((0, 1, 2))
    return (x - mean) * (scale * lax.rsqrt(variance + 1e-5)) + shift


def lenet_300_100():
    sizes = [784, 300, 100, 10]
    weights = [(normal(i, o), np.zeros(o)) for i, o in zip(sizes, sizes[1:])]

    def forward(weights, x):
        x = x.reshape(len(x), -1)
        for i, (w, b) in enumerate(weights):
            x = x @ w + b
            x = jax.nn.relu(x) if i < 2 else x
        return x
    return weights, forward, normal(100, 28, 28, 1, scale=1)


def lenet_5():
    weights = [(normal(5, 5, 1, 20), np.zeros(20)), (normal(5, 5, 20, 50), np.zeros(50)),
               (normal(800, 500), np.zeros(500)), (normal(500, 10), np.zeros(10))]

    def forward(weights, x):
        for w, b in weights[:2]:
            x = pool(convolution(x, w) + b)
        x = x.reshape(len(x), -1)
        x = jax.nn.relu(x @ weights[2][0] + weights[2][1])
        return x @ weights[3][0] + weights[3][1]
    return weights, forward, normal(64, 28, 28, 1, scale=1)


def resnet_20():
    weights, channels = [(normal(3, 3, 3, 16), np.ones(16), np.zeros(16))], 16
    for outputs in (16, 32, 64):
        for _ in range(3):
            weights.append((normal(3, 3, channels, outputs), np.ones(outputs), np.zeros(outputs)))
            weights.append((normal(3, 3, outputs, outputs), np.ones(outputs), np.zeros(outputs)))
            channels = outputs
    weights.append((normal(64, 10), np.zeros(10)))

    def forward(weights, x):
        def block(x, w, stride=1):
            return normalize(convolution(x, w[0], stride, [(1, 1), (1, 1)]), w[1], w[2])
        x = jax.nn.relu(block(x, weights[0]))
        for i in range(1, 19, 2):
            outputs = weights[i][0].shape[-1]
            extra = outputs - x.shape[-1]
            y = block(jax.nn.relu(block(x, weights[i], 2 if extra else 1)), weights[i + 1])
            if extra:
                x = np.pad(x[:, ::2, ::2], ((0, 0), (0, 0), (0, 0), (extra // 2, extra // 2)))
            x = jax.nn.relu(x + y)
        return x.mean((1, 2)) @ weights[19][0] + weights[19][1]
    return weights, forward, normal(128, 32, 32, 3, scale=1)


def lstm_lm(words=10_000, hidden=200):
    weights = [normal(words, hidden)]
    weights += [(normal(2 * hidden, 4 * hidden), np.zeros(4 * hidden)) for _ in range(2)]
    weights += [(normal(hidden, words), np.zeros(words))]

    def forward(weights, x):
        x = weights[0][x].swapaxes(0, 1)
        for w, b in weights[1:3]:
            given = x @ w[:hidden] + b

            def step(state, given, w=w):
                h, s = state
                i, f, o, c = np.split(given + h @ w[hidden:], 4, -1)
                s = jax.nn.sigmoid(f) * s + jax.nn.sigmoid(i) * np.tanh(c)
                h = jax.nn.sigmoid(o) * np.tanh(s)
                return (h, s), h
            zeros = np.zeros((x.shape[1], hidden))
            x = lax.scan(step, (zeros, zeros), given)[1]
        return (x.swapaxes(0, 1) @ weights[3][0] + weights[3][1]).reshape(-1, words)
    return weights, forward, jax.random.randint(KEY, (20, 35), 0, words)


CASES = {"lenet-300-100": lenet_300_100, "lenet-5": lenet_5, "resnet-20": resnet_20, "lstm-lm": lstm_lm}


def peak_bytes():
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


START = peak_bytes()


def main():
    name, threads, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    weights, forward, inputs = CASES[name]()
    count = inputs.size if name == "lstm-lm" else len(inputs)
    classes = jax.random.randint(KEY, (count,), 0, 10)

    def loss(weights):
        return -np.take_along_axis(jax.nn.log_softmax(forward(weights, inputs)),
                                   classes[:, None], 1).mean()

    @jax.jit
    def step(weights, velocity):
        gradient = jax.grad(loss)(weights)
        velocity = jax.tree.map(lambda v, g: 0.9 * v + g, velocity, gradient)
        return jax.tree.map(lambda w, v: w - 0.001 * v, weights, velocity), velocity

    velocity = jax.tree.map(np.zeros_like, weights)
    for _ in range(3):
        weights, velocity = jax.block_until_ready(step(weights, velocity))
    times = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 5:
        start = time.perf_counter()
        weights, velocity = jax.block_until_ready(step(weights, velocity))
        times.append(time.perf_counter() - start)
    print(json.dumps({"case": name, "engine": f"JAX {jax.__version__}", "threads": threads,
                      "perSecond": count / statistics.median(times), "steps": len(times), "peakBytes": peak_bytes(), "ownBytes": peak_bytes() - START}))


if __name__ == "__main__":
    main()
