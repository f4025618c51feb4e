"""On a GPU: all seven ways to train of report `pacs-cartoon`, the course script's loop beside ours.

python tests/benchmarks/gpu.py --images FOLDER… --weights FILE [--epochs N] [--workers 0 8]

FOLDER is PACS cartoon with its splits.csv, or several are together, since what a borrowed machine
is sent may have to go in parts. FILE is ResNet-18 as safetensors. Ours runs completely: 50 epochs
of 5 rates each, `report run` from nothing; its accuracies are printed beside those of the report
that it follows. The plain loop trains N epochs (2) of each setting with each number of workers, and
its total is extrapolated: epochs × rates × (one epoch) + (one test). Without a GPU it says so and
ends; `--device cpu --epochs 1 --only frozen-few` tries it out.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import course
import torch
from peaks import matmul_peak
from torch.utils.flop_counter import FlopCounterMode

from reporter.workplace import Request, current_plan, open_workplace

REPORT = str(Path(sys.executable).with_name("report"))
PASSES = 250  # 50 epochs of 5 rates
TO_TRAIN = 3  # times a forward pass: forward, gradients of activations, gradients of weights


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One way to train, with what the original report found: validation and test accuracy, %."""

    run: str
    found: tuple[float, float]
    few: bool = False
    pretrained: bool = True
    head_only: bool = False
    batch: int = 8
    validation: float = 0.2
    pipeline: str = "as stored"


SETTINGS = (  # the accuracies stand in the tables of the report that pacs-cartoon follows
    Setting(run="scratch", found=(82.19, 64.41), pretrained=False),
    Setting(run="frozen", found=(89.07, 79.67), head_only=True),
    Setting(run="full", found=(97.15, 92.80)),
    Setting(run="scratch-few", found=(57.45, 49.38), few=True, pretrained=False),
    Setting(run="frozen-few", found=(80.85, 68.80), few=True, head_only=True),
    Setting(run="full-few", found=(85.11, 81.21), few=True),
    Setting(
        run="augmented-few", found=(87.14, 82.54), few=True, batch=1, validation=0.3,
        pipeline="as augmented",
    ),
)  # fmt: skip


def gathered(parts: list[Path], place: Path) -> Path:
    """Return one folder that holds what lies in all parts."""
    for part in map(Path.resolve, parts):
        for file in filter(Path.is_file, part.rglob("*")):
            link = place / file.relative_to(part)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(file)
    return place


def split(images: Path, place: Path) -> dict[bool, Path]:
    """Lay PACS out as torchvision's ImageFolder wants it; few-shot (True) swaps the two parts."""
    with (images / "splits.csv").open(newline="", encoding="utf-8") as file:
        listed = [(row["path"], row["split"]) for row in csv.DictReader(file)]
    other = {"train": "test", "test": "train"}
    for is_few in (False, True):
        for path, part in listed:
            to = place / str(is_few) / (other[part] if is_few else part) / path
            to.parent.mkdir(parents=True, exist_ok=True)
            to.symlink_to(images.resolve() / path)
    return {is_few: place / str(is_few) for is_few in (False, True)}


def plain(setting: Setting, folder: Path, workers: int, given: argparse.Namespace) -> float:
    """Return the seconds of the course script for a setting, from a few epochs and one test."""
    device = given.device
    parts = course.loaders(
        folder, batch=setting.batch, pipeline=setting.pipeline,
        validation=setting.validation, workers=workers,
    )  # fmt: skip
    network = course.pretrained("resnet18", given.weights if setting.pretrained else None)
    if setting.head_only:
        course.with_new_head(network, len(parts.test.dataset.classes))
    else:
        network.fc = torch.nn.Linear(512, len(parts.test.dataset.classes))
    network.to(device)
    optimizer = torch.optim.SGD([p for p in network.parameters() if p.requires_grad], lr=1e-4)
    evaluates = setting.head_only
    course.train_epoch(
        network, [next(iter(parts.train))], optimizer, device=device, frozen_evaluates=evaluates
    )
    began = time.perf_counter()
    for _ in range(given.epochs):
        course.train_epoch(
            network, parts.train, optimizer,
            device=device, loss_over="sum", frozen_evaluates=evaluates,
        )  # fmt: skip
        course.evaluate(network, parts.train, device=device)  # as the report measures
        course.evaluate(network, parts.validation, device=device)
    epoch = (time.perf_counter() - began) / given.epochs
    began = time.perf_counter()
    course.evaluate(network, parts.test, device=device)
    return PASSES * epoch + time.perf_counter() - began


def ours(
    images: Path, weights: Path, place: Path, chosen: list[Setting], device: str
) -> dict[str, dict[str, float]]:
    """Run the settings from nothing; return seconds and accuracies of each, and of "all"."""
    subprocess.run([REPORT, "init", str(place), "--template", "pacs-cartoon"], check=True)
    (place / "data").mkdir(exist_ok=True)
    (place / "data" / "pacs-cartoon").symlink_to(images.resolve())
    file = place / "report.toml"
    text = file.read_text(encoding="utf-8")
    text = text.replace(
        '[weights.resnet18]\nsource = "imagenet"',
        f'[weights.resnet18]\nsource = "file:{weights.resolve()}"',
    )
    text = text.replace("seeds = [42, 1, 2, 3, 4]", "seeds = [42]")
    file.write_text(text, encoding="utf-8")
    environment = {k: v for k, v in os.environ.items() if k != "REPORT_STORE"}
    began = time.perf_counter()
    subprocess.run(
        [REPORT, "run", *(s.run for s in chosen), "--set", f'settings.device="{device}"'],
        cwd=place, check=True, env=environment,
    )  # fmt: skip
    found = {"all": {"seconds": time.perf_counter() - began}}
    for key, name in keys(place, tuple(s.run for s in chosen)).items():
        folder = place / "build" / "store" / key
        record = json.loads((folder / "record.json").read_text())
        result = json.loads((folder / "result.json").read_text())
        found[name] = {
            "seconds": record["seconds"],
            "validation": 100 * result["validation_accuracy"]["value"],
            "test": 100 * result["test_accuracy"]["value"],
        }
    return found


def keys(place: Path, runs: tuple[str, ...]) -> dict[str, str]:
    """Return the run of each key, as the workspace plans them."""
    at = open_workplace(Request(folder=place, root=place / "build"))
    return {job.key: job.run for job in current_plan(at, runs).jobs}


def training_flops(images: int, held_out: float) -> float:
    """Return the floating-point operations of training ResNet-18 on so many images, 50 × 5 times.

    A step costs three forward passes of what is not held out; measuring all images another one.
    """
    with FlopCounterMode(display=False) as counted, torch.no_grad():
        course.pretrained("resnet18", None)(torch.zeros(1, 3, 227, 227))
    return PASSES * images * (TO_TRAIN * (1 - held_out) + 1) * counted.get_total_flops()


def report(given: argparse.Namespace, chosen: list[Setting]) -> None:
    """Measure and print the tables."""
    say = sys.stdout.write
    with tempfile.TemporaryDirectory() as place:
        images = gathered(given.images, Path(place) / "images")
        folders = split(images, Path(place) / "folders")
        mine = ours(images, given.weights, Path(place) / "report", chosen, given.device)
        theirs = {
            (s.run, w): plain(s, folders[s.few], w, given) for s in chosen for w in given.workers
        }
    peak = matmul_peak(given.device)
    heads = " | ".join(f"plain, {w} workers, s | ratio" for w in given.workers)
    say(f"| setting | ours, s | {heads} | validation, % (original) |")
    say(" test, % (original) | of peak |\n")
    say("|---|--:|" + "--:|--:|" * len(given.workers) + "--:|--:|--:|\n")
    for s in chosen:
        one = mine[s.run]
        ratios = " | ".join(
            f"{theirs[s.run, w]:.0f} | {theirs[s.run, w] / one['seconds']:.1f}"
            for w in given.workers
        )
        share = training_flops(236 if s.few else 2108, s.validation) / one["seconds"] / peak
        shown = "" if s.head_only or s.pipeline == "as augmented" else f"{100 * share:.1f} %"
        say(
            f"| {s.run} | {one['seconds']:.1f} | {ratios} | {one['validation']:.1f} "
            f"({s.found[0]}) | {one['test']:.1f} ({s.found[1]}) | {shown} |\n"
        )
    for w in given.workers:
        total = sum(theirs[s.run, w] for s in chosen)
        say(
            f"\nAll, from nothing, with start-up and decoding: {mine['all']['seconds']:.0f} s; "
            f"plain with {w} workers, extrapolated from {given.epochs} epochs: {total:.0f} s; "
            f"ratio {total / mine['all']['seconds']:.1f}.\n"
        )
    say(f"\nMatmul peak, float32: {peak / 1e12:.1f} TFLOP/s.\n")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=Path, nargs="+", required=True)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--workers", type=int, nargs="*", default=[0, 8])
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--only", nargs="*", default=[])
    given = parser.parse_args()
    if given.device == "cuda" and not torch.cuda.is_available():
        sys.exit("no GPU: torch finds none; --device cpu tries the script out")
    report(given, [s for s in SETTINGS if not given.only or s.run in given.only])


if __name__ == "__main__":
    main()
