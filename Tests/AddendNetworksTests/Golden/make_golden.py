"""Makes the golden values of layers and losses with PyTorch, in double precision.

    python3 make_golden.py [--resnet20 resnet20-12fca82f.th]

writes layers.json and losses.json beside itself, and resnet20.json when the published checkpoint is
given. Weights are in Addend's layout: matrices [inputs, outputs], images [height, width, channels].
Made with PyTorch 1.13.0, seed 20260101.
"""
import argparse
import json
import pathlib

import torch
import torch.nn.functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

here = pathlib.Path(__file__).parent
torch.manual_seed(20260101)
torch.set_default_dtype(torch.float64)


def flat(tensor):
    return [float(f"{value:.13g}") for value in tensor.detach().reshape(-1).tolist()]


def channels_last(x):
    return x.permute(0, 2, 3, 1)


def filters(weight):
    """[outputs, channels, height, width] to [height · width · channels, outputs]."""
    return weight.permute(2, 3, 1, 0).reshape(-1, weight.shape[0])


def case(name, layer, x, y, *, state={}, gradients={}, forward=None, lengths=None, after={}, inference=None):
    """One layer: runs PyTorch's backward from a random direction and records both passes."""
    dy = torch.randn_like(y)
    y.backward(dy)
    seen = forward or (lambda t: t)
    record = {
        "name": name, "layer": layer, "inputShape": list(seen(x).shape[1:]), "batch": x.shape[0],
        "x": flat(seen(x)), "y": flat(seen(y) if y.dim() == 4 else y),
        "dy": flat(seen(dy) if y.dim() == 4 else dy), "dx": flat(seen(x.grad)),
        "state": {path: flat(value) for path, value in state.items()},
        "gradients": {path: flat(value()) for path, value in gradients.items()},
    }
    if lengths:
        record["lengths"] = lengths
    if after:
        record["stateAfter"] = {path: flat(value) for path, value in after.items()}
    if inference is not None:
        record["inference"] = flat(inference)
    return record


def convolution(name, channels, outputs, size, groups=1, **options):
    layer = torch.nn.Conv2d(channels, outputs, size, groups=groups, **options)
    x = torch.randn(2, channels, 7, 6, requires_grad=True)
    k = outputs // groups
    state, gradients = {"convolution1/bias": layer.bias}, {"convolution1/bias": lambda: layer.bias.grad}
    for g in range(groups):
        path = "convolution1/" + ("weight" if groups == 1 else f"group{g + 1}/weight")
        state[path] = filters(layer.weight[g * k : (g + 1) * k])
        gradients[path] = lambda g=g: filters(layer.weight.grad[g * k : (g + 1) * k])
    height, width = layer.kernel_size
    arguments = {
        "kind": "convolution", "outputs": outputs, "size": height, "width": width, "groups": groups, **options}
    return case(name, arguments, x, layer(x), state=state, gradients=gradients, forward=channels_last)


def pooling(name, kind, function, **arguments):
    x = torch.randn(2, 3, 7, 5, requires_grad=True)
    return case(name, {"kind": kind, **arguments}, x, function(x), forward=channels_last)


def activation(kind, function, **arguments):
    x = torch.randn(3, 7, requires_grad=True)
    return case(kind, {"kind": kind, **arguments}, x, function(x))


def batch_norm():
    layer = torch.nn.BatchNorm2d(3, eps=1e-3, momentum=0.2)
    with torch.no_grad():
        layer.weight.uniform_(0.5, 2)
        layer.bias.normal_()
        layer.running_mean.normal_()
        layer.running_var.uniform_(0.5, 2)
    path = "batch-norm1"
    state = {
        f"{path}/scale": layer.weight, f"{path}/shift": layer.bias,
        f"{path}/mean": layer.running_mean.clone(), f"{path}/variance": layer.running_var.clone()}
    x = torch.randn(4, 3, 2, 3, requires_grad=True)
    inference = channels_last(layer.eval()(x))
    y = layer.train()(x)
    return case(
        "batch-norm", {"kind": "batch-norm", "momentum": 0.2, "epsilon": 1e-3}, x, y, state=state,
        gradients={f"{path}/scale": lambda: layer.weight.grad, f"{path}/shift": lambda: layer.bias.grad},
        forward=channels_last, inference=inference,
        after={f"{path}/mean": layer.running_mean, f"{path}/variance": layer.running_var})


def layer_norm():
    layer = torch.nn.LayerNorm(7, eps=1e-3)
    with torch.no_grad():
        layer.weight.uniform_(0.5, 2)
        layer.bias.normal_()
    path = "layer-norm1"
    x = torch.randn(2, 3, 7, requires_grad=True)
    return case(
        "layer-norm", {"kind": "layer-norm", "epsilon": 1e-3}, x, layer(x),
        state={f"{path}/scale": layer.weight, f"{path}/shift": layer.bias},
        gradients={f"{path}/scale": lambda: layer.weight.grad, f"{path}/shift": lambda: layer.bias.grad})


def recurrent(name, kind, *, layers=1, lengths=None, reverse=False, last=False):
    features, size, batch, time = 3, 4, 3, 5
    layer = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU, "rnn": torch.nn.RNN}[kind](
        features, size, layers, batch_first=True)
    # PyTorch's LSTM has its gates in the order i, f, candidate, o; ours is i, f, o, candidate.
    order = {"lstm": [0, 1, 3, 2], "gru": [0, 1, 2], "rnn": [0]}[kind]

    def gates(values):
        parts = values.reshape(len(order), size, -1)
        return parts[order].reshape(len(order) * size, -1).T

    state, gradients = {}, {}
    for level in range(layers):
        path = f"{kind}1" if layers == 1 else f"{kind}1/{kind}{level + 1}"
        w, r, b, c = (getattr(layer, f"{part}_l{level}") for part in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"))
        state[f"{path}/input/weight"], state[f"{path}/recurrent/weight"] = gates(w), gates(r)
        gradients[f"{path}/input/weight"] = lambda w=w: gates(w.grad)
        gradients[f"{path}/recurrent/weight"] = lambda r=r: gates(r.grad)
        gradients[f"{path}/bias"] = lambda b=b: gates(b.grad)
        if kind == "gru":
            state[f"{path}/bias"], state[f"{path}/recurrent-bias"] = gates(b), gates(c)
            gradients[f"{path}/recurrent-bias"] = lambda c=c: gates(c.grad)
        else:
            state[f"{path}/bias"] = gates(b + c)
    x = torch.randn(batch, time, features, requires_grad=True)
    if lengths:
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        output, final = layer(packed)
        y, _ = pad_packed_sequence(output, batch_first=True, total_length=time)
    else:
        y, final = layer(x.flip(1) if reverse else x)
        y = y.flip(1) if reverse else y
    if last:
        y = (final[0] if kind == "lstm" else final)[-1]
    arguments = {"kind": kind, "size": size, "layers": layers, "reversed": reverse, "returns": "last" if last else "sequence"}
    return case(name, arguments, x, y, state=state, gradients=gradients, lengths=lengths)


layers = [
    convolution("convolution", 3, 4, (3, 3)),
    convolution("strided and padded", 3, 4, (3, 3), stride=2, padding=1),
    convolution("dilated", 2, 3, (3, 3), dilation=2, padding=2),
    convolution("grouped", 4, 6, (3, 3), groups=2, padding=1),
    convolution("rectangular", 2, 3, (2, 3), stride=2, padding=1),
    pooling("max-pool", "max-pool", lambda x: F.max_pool2d(x, 2), size=2),
    pooling("overlapping max-pool", "max-pool", lambda x: F.max_pool2d(x, 3, 2, 1), size=3, stride=2, padding=1),
    pooling("average-pool", "average-pool", lambda x: F.avg_pool2d(x, 3, 2, 1, count_include_pad=False), size=3, stride=2, padding=1),
    activation("relu", F.relu), activation("leaky-relu", lambda x: F.leaky_relu(x, 0.1), slope=0.1),
    activation("sigmoid", torch.sigmoid), activation("tanh", torch.tanh), activation("gelu", F.gelu),
    activation("swish", F.silu), activation("hard-tanh", F.hardtanh),
    batch_norm(), layer_norm(),
    recurrent("rnn", "rnn"), recurrent("lstm", "lstm"), recurrent("gru", "gru"),
    recurrent("stacked lstm", "lstm", layers=2), recurrent("reversed gru", "gru", reverse=True),
    recurrent("lstm of several lengths", "lstm", lengths=[3, 5, 1]),
    recurrent("last steps of several lengths", "gru", layers=2, lengths=[3, 5, 1], last=True),
]


def loss(name, specification, outputs, value, **targets):
    value.backward()
    return {
        "name": name, "loss": specification, "rows": outputs.shape[0], "columns": outputs.shape[1],
        "outputs": flat(outputs), "value": flat(value)[0], "gradient": flat(outputs.grad), **targets}


def losses():
    classes = [2, 0, -1, 4, 1]
    target = torch.tensor(classes)
    for smoothing in (0.0, 0.1):
        y = torch.randn(5, 5, requires_grad=True)
        value = F.cross_entropy(y, target, ignore_index=-1, label_smoothing=smoothing)
        yield loss(f"cross-entropy {smoothing}", {"kind": "cross-entropy", "smoothing": smoothing}, y, value, classes=classes)
    y = torch.randn(5, 5, requires_grad=True)
    kept = target >= 0
    signs = 2 * F.one_hot(target[kept], 5) - 1
    value = (F.relu(1 - signs * y[kept]) ** 2).mean()
    yield loss("squared hinge", {"kind": "squared-hinge"}, y, value, classes=classes)
    y = torch.randn(3, 4, requires_grad=True)
    values = torch.randn(3, 4).float()
    yield loss("mean squared error", {"kind": "mean-squared-error"}, y, F.mse_loss(y, values.double()), values=[float(v) for v in values.reshape(-1)])


def resnet20(path):
    """The published network on an input of a formula: x[i] = ((7919 i + 13) mod 1009) / 252.25 − 2."""
    state = {k.removeprefix("module."): v for k, v in torch.load(path, map_location="cpu")["state_dict"].items()}

    def norm(x, name):
        return F.batch_norm(x, *(state[f"{name}.{part}"] for part in ("running_mean", "running_var", "weight", "bias")))

    i = torch.arange(2 * 32 * 32 * 3)
    x = (((7919 * i + 13) % 1009).double() / 252.25 - 2).float().reshape(2, 32, 32, 3).permute(0, 3, 1, 2)
    x = F.relu(norm(F.conv2d(x, state["conv1.weight"], padding=1), "bn1"))
    for stage in (1, 2, 3):
        for block in range(3):
            name, stride = f"layer{stage}.{block}", 2 if stage > 1 and block == 0 else 1
            y = F.relu(norm(F.conv2d(x, state[f"{name}.conv1.weight"], stride=stride, padding=1), f"{name}.bn1"))
            y = norm(F.conv2d(y, state[f"{name}.conv2.weight"], padding=1), f"{name}.bn2")
            if stride == 2:
                margin = y.shape[1] // 4
                x = F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, margin, margin))
            x = F.relu(x + y)
    return F.linear(x.mean((2, 3)), state["linear.weight"], state["linear.bias"])


def write(name, cases):
    content = {"pytorch": torch.__version__, "seed": 20260101, "cases": cases}
    (here / name).write_text(json.dumps(content, separators=(",", ":")) + "\n")


parser = argparse.ArgumentParser()
parser.add_argument("--resnet20")
options = parser.parse_args()
write("layers.json", layers)
write("losses.json", list(losses()))
if options.resnet20:
    torch.set_default_dtype(torch.float32)
    logits = [float(f"{v:.7g}") for v in resnet20(options.resnet20).reshape(-1).tolist()]
    write("resnet20.json", [{"logits": logits}])
