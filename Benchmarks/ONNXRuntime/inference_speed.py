#!/usr/bin/env python3
"""Inference speed of ONNX Runtime on LeNet-5, ResNet-20 and LSTM-200×2.

Usage: inference_speed.py CASE THREADS BATCH SECONDS
Prints one JSON object: seconds for a batch, the median over runs and the least. The weights are made up.
"""
import json
import statistics
import sys
import time

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

RANDOM = np.random.default_rng(1)


class Builder:
    def __init__(self):
        self.nodes, self.weights = [], []

    def weight(self, *shape):
        array = (0.05 * RANDOM.standard_normal(shape)).astype(np.float32)
        return self.constant(array)

    def constant(self, array):
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def node(self, kind, *inputs, outputs=1, **attributes):
        names = [f"n{len(self.nodes)}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(kind, list(inputs), names, **attributes))
        return names[0]

    def convolution(self, x, inputs, outputs, size, **attributes):
        return self.node("Conv", x, self.weight(outputs, inputs, size, size),
                         self.weight(outputs), kernel_shape=[size, size], **attributes)

    def dense(self, x, inputs, outputs):
        return self.node("Gemm", x, self.weight(inputs, outputs), self.weight(outputs))


def lenet_5(b):
    x = b.node("MaxPool", b.convolution("x", 1, 20, 5), kernel_shape=[2, 2], strides=[2, 2])
    x = b.node("MaxPool", b.convolution(x, 20, 50, 5), kernel_shape=[2, 2], strides=[2, 2])
    x = b.node("Relu", b.dense(b.node("Flatten", x), 800, 500))
    return b.dense(x, 500, 10), [1, 28, 28], np.float32


def resnet_20(b):
    """Batch normalisation folded, as ONNX Runtime does itself."""
    around = {"pads": [1, 1, 1, 1]}
    x = b.node("Relu", b.convolution("x", 3, 16, 3, **around))
    channels = 16
    for outputs in (16, 32, 64):
        for block in range(3):
            stride = 2 if block == 0 and outputs > 16 else 1
            y = b.node("Relu", b.convolution(x, channels, outputs, 3, strides=[stride] * 2, **around))
            y = b.convolution(y, outputs, outputs, 3, **around)
            if stride == 2:
                x = b.node("Slice", x, b.constant([0, 0]), b.constant([64, 64]),
                           b.constant([2, 3]), b.constant([2, 2]))
                margin = (outputs - channels) // 2
                x = b.node("Pad", x, b.constant([0, margin, 0, 0, 0, margin, 0, 0]))
            x, channels = b.node("Relu", b.node("Add", y, x)), outputs
    x = b.node("Flatten", b.node("GlobalAveragePool", x))
    return b.dense(x, 64, 10), [3, 32, 32], np.float32


def lstm_lm(b, words=10_000, hidden=200):
    x = b.node("Transpose", b.node("Gather", b.weight(words, hidden), "x"), perm=[1, 0, 2])
    for _ in range(2):
        x = b.node("LSTM", x, b.weight(1, 4 * hidden, hidden), b.weight(1, 4 * hidden, hidden),
                   b.weight(1, 8 * hidden), hidden_size=hidden)
        x = b.node("Squeeze", x, b.constant([1]))
    x = b.node("MatMul", x, b.weight(hidden, words))
    return b.node("Add", x, b.weight(words)), [35], np.int64


CASES = {"lenet-5": lenet_5, "resnet-20": resnet_20, "lstm-lm": lstm_lm}


def main():
    name, threads, batch = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    builder = Builder()
    result, shape, kind = CASES[name](builder)
    rank = 3 if name == "lstm-lm" else 2
    element = TensorProto.FLOAT if kind is np.float32 else TensorProto.INT64
    graph = helper.make_graph(
        builder.nodes, name, [helper.make_tensor_value_info("x", element, [batch] + shape)],
        [helper.make_tensor_value_info(result, TensorProto.FLOAT, ["a", "b", "c"][:rank])], builder.weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(model.SerializeToString(), options,
                                           providers=["CPUExecutionProvider"])
    x = RANDOM.integers(0, 10_000, [batch] + shape) if kind is np.int64 else (
        RANDOM.standard_normal([batch] + shape).astype(kind))
    for _ in range(5):
        session.run(None, {"x": x})
    times = []
    end = time.perf_counter() + float(sys.argv[4])
    while time.perf_counter() < end or len(times) < 5:
        start = time.perf_counter()
        session.run(None, {"x": x})
        times.append(time.perf_counter() - start)
    print(json.dumps({"case": name, "engine": f"ONNX Runtime {onnxruntime.__version__}",
                      "threads": threads, "batch": batch, "seconds": statistics.median(times), "least": min(times)}))


if __name__ == "__main__":
    main()
