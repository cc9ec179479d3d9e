#!/usr/bin/env python3
"""Writes optimizers.json: weights after each step of PyTorch's optimizers, in float64.

Run with PyTorch 1.13 (Debian 12's python3-torch) from this directory. Seed 257.
"""
import json

import torch

CASES = {
    "sgd:momentum=0": lambda p: torch.optim.SGD(p, lr=0.1),
    "sgd:momentum=0.9": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9),
    "sgd:momentum=0.9,nesterov=true,decay=0.01": lambda p: torch.optim.SGD(
        p, lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01),
    "adam": lambda p: torch.optim.Adam(p, lr=0.1),
    "adam:beta1=0.8,beta2=0.95,epsilon=0.001,decay=0.05": lambda p: torch.optim.Adam(
        p, lr=0.1, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.05),
    "adamw:decay=0.1": lambda p: torch.optim.AdamW(p, lr=0.1, weight_decay=0.1),
    "adamax:beta1=0.8": lambda p: torch.optim.Adamax(p, lr=0.1, betas=(0.8, 0.999)),
}


def main():
    torch.manual_seed(257)
    start = torch.randn(5, dtype=torch.float64)
    gradients = torch.randn(4, 5, dtype=torch.float64)
    result = {"torch": torch.__version__, "start": start.tolist(),
              "gradients": gradients.tolist(), "weights": {}}
    for name, make in CASES.items():
        weights = start.clone().requires_grad_()
        optimizer = make([weights])
        steps = []
        for gradient in gradients:
            weights.grad = gradient.clone()
            optimizer.step()
            steps.append(weights.detach().tolist())
        result["weights"][name] = steps
    with open("optimizers.json", "w") as file:
        json.dump(result, file, indent=1)
        file.write("\n")


main()
