"""Seconds of training, machines and saliency: a plain script beside the engine, in one run.

python tests/benchmarks/training.py [--images FOLDER] [--weights FILE] [--features FILE]
    [--rounds N] [--only sweeps machines steps demo] [--write]

FOLDER holds train/ and test/ with a folder of images per class, FILE ResNet-18 in torchvision's
layout as safetensors; features are an .npz with features, labels and test_features. Without them
pictures are generated and parameters are random, which takes as long and means nothing. A row is
the median of N rounds (5), interleaved, every other one backwards; a ratio that of the rounds'
ratios. --write puts each group into docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

import machines
import steps
import sweeps
import torch
from peaks import matmul_peak
from tabled import Measured, measured, table, timed, vectors, write

import reporter.executors.memory  # noqa: F401 - both sides keep memory as our workers do

GROUPS = ("sweeps", "machines", "steps", "demo")


def rows(group: str, given: argparse.Namespace, images: Path) -> list[Measured]:
    """Measure one group of cases."""
    if group == "sweeps":
        return sweeps.rows(images, given.weights, given.rounds)
    found = machines.cases(given.features) if group == "machines" else steps.cases(images / "train")
    return measured(found, given.rounds, matmul_peak)


def demo(rounds: int) -> str:
    """Return how long the demo takes from nothing: seconds and processor seconds."""
    seconds, busy = [], []
    environment = {k: v for k, v in os.environ.items() if k != "REPORT_STORE"}
    build = [sweeps.REPORT, "build", "demo"]
    for _ in range(rounds):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        with tempfile.TemporaryDirectory() as place:
            run = partial(subprocess.run, build, cwd=place, check=True, env=environment)
            seconds.append(timed(run))
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        busy.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        sys.stderr.write(f"demo: {seconds[-1]:.1f} s, processor {busy[-1]:.1f} s\n")
    each = ", ".join(f"{s:.0f} ({b:.0f})" for s, b in zip(seconds, busy, strict=True))
    return f"`report build demo` from nothing, seconds (processor seconds): {each}."


def machine() -> str:
    """Return the class of this machine, and the versions that count."""
    return (
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, {vectors()}; "
        f"torch {torch.__version__}; matmul peak {matmul_peak() / 1e9:.0f} GFLOP/s at the end."
    )


def generated(place: Path) -> Path:
    """Return a folder of generated paintings, 210 to train and 24 to test of each of ten kinds."""
    from reporter.datasets.generated import Recipe, materialise

    recipe = Recipe(source="paintings", classes=10, train=210, test=24, size=227, level=0)
    return materialise(recipe, place)


def main() -> None:
    """Measure, print, and write when asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("--images", "--weights", "--features"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="*", choices=GROUPS, default=GROUPS)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        images = (given.images or generated(Path(place))).resolve()
        for group in given.only:
            told = demo(given.rounds) if group == "demo" else table(rows(group, given, images))
            text = f"{told}\n\n{machine()}\n"
            sys.stdout.write(text)
            if given.write:
                write(group, text)


if __name__ == "__main__":
    main()
