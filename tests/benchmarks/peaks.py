"""The machine → its matmul peak, what every step's speed is a fraction of."""

from __future__ import annotations

import time

import torch

SIZES = (1024, 2048, 3072, 4096)


def matmul_peak(device: str = "cpu", repeats: int = 3) -> float:
    """Return the most float32 operations per second of a product of square matrices."""
    best = 0.0
    for n in SIZES:
        a, b = (torch.randn(n, n, device=device) for _ in range(2))
        for _ in range(repeats + 1):
            began = time.perf_counter()
            product = a @ b
            product[0, 0].item()  # waits for the device
            best = max(best, 2 * n**3 / (time.perf_counter() - began))
    return best
