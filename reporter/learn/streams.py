"""The four random streams of a run as PyTorch generators, kept apart from the caller's own."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Protocol

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reporter.learn.precision import Precision

SEEDS = 2**63


class RunContext(Protocol):
    """What training must know of a run: where it computes and keeps, its streams, who watches."""

    @property
    def device(self) -> str:
        """Return "cpu" or "cuda"."""

    @property
    def cache(self) -> Path | None:
        """Return the folder for what can be computed again, None for no such."""

    @property
    def resume(self) -> Path | None:
        """Return the file where a run keeps how far it is, None for no such."""

    def stream(self, name: str) -> int:
        """Return the seed of one of the four streams."""

    def progress(self, **values: float | str) -> None:
        """Tell whoever watches how far the run is."""

    def note(self, **values: float | str) -> None:
        """Put into the run's record how its result is computed."""


def generator(seed: int, use: int = 0) -> torch.Generator:
    """Return a generator on the CPU; different uses of one stream never shift each other."""
    return torch.Generator().manual_seed((seed + use) % SEEDS)


@contextlib.contextmanager
def isolated(seed: int, use: int = 0, device: str = "cpu") -> Iterator[None]:
    """Seed PyTorch's global generators inside the block; the caller's state returns after it."""
    devices = [torch.cuda.current_device()] if device == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed((seed + use) % SEEDS)
        yield


@contextlib.contextmanager
def repeatable(precision: Precision = "float32") -> Iterator[None]:
    """Let CUDA use arithmetic that repeats bit by bit, inside the block only.

    It is full-precision but for "tf32", which rounds what enters convolutions and matrix products.
    CPUs know no TF32 and compute in float32.
    """
    matmul, may_round = torch.backends.cuda.matmul, precision == "tf32"
    before, matmul.allow_tf32 = matmul.allow_tf32, may_round
    try:
        with torch.backends.cudnn.flags(
            enabled=True, benchmark=False, deterministic=True, allow_tf32=may_round
        ):
            yield
    finally:
        matmul.allow_tf32 = before
