"""A class that shares a store: what 200 students' reports cost, to build, to bundle, to verify.

python tests/benchmarks/students.py [--count N] [--alone N] [--handed-in N] [--write]

Students (`classroom.py`) build, as many at a time as there are cores, each by the command as they
would type it, over one REPORT_STORE; the rows say what the first 1, 10, 20 … of them cost together.
The first few also build over stores of their own, as without sharing. Then all are bundled, and
verified as a folder. --write puts the table into docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from classroom import CHOICES, COPY_EVERY, FIXED_RUNS, students
from tabled import timed, vectors, write

if TYPE_CHECKING:
    from collections.abc import Sequence

    from classroom import Student

STEPS = (1, 10, 20, 50, 100, 200)
CORES = os.cpu_count() or 1
AT_ONCE = ThreadPoolExecutor(CORES)
REPORT = Path(sys.executable).with_name("report")


def report(*words: str, store: Path, passes: Sequence[int] = (0,)) -> str:
    """Call the command; return what it printed."""
    environment = {**os.environ, "REPORT_STORE": str(store)}
    done = subprocess.run(
        [REPORT, *words], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode not in passes:
        raise RuntimeError(f"report {' '.join(words)}: {done.returncode}\n{done.stderr}")
    return done.stdout


def built(student: Student, store: Path) -> int:
    """Build a student's report; return how many runs were computed."""
    report("build", str(student.folder), store=store)
    last = student.folder / "build" / "a3" / "last-build.json"
    return len(json.loads(last.read_text(encoding="utf-8"))["ran"])


def together(root: Path, count: int) -> dict[int, tuple[float, int]]:
    """Build a class over one store.

    Returns:
        For the first 1, 10, 20 … students: the seconds and computed runs of all of them.
    """
    class_, found = students(root / "class", count), {}
    seconds, ran, done = 0.0, 0, 0
    for step in (step for step in STEPS if step <= count):
        began = time.perf_counter()
        ran += sum(AT_ONCE.map(lambda one: built(one, root / "store"), class_[done:step]))
        seconds += time.perf_counter() - began
        found[step], done = (seconds, ran), step
        sys.stderr.write(f"{step} students: {seconds:.0f} s, {ran} ran\n")
    return found


def alone(root: Path, count: int) -> tuple[float, int]:
    """Build the first students over stores of their own; return seconds and runs of all."""
    numbered = list(enumerate(students(root / "alone", count)))
    began = time.perf_counter()
    ran = sum(AT_ONCE.map(lambda one: built(one[1], root / f"store-{one[0]}"), numbered))
    return time.perf_counter() - began, ran


def handed_in(root: Path, count: int) -> tuple[float, float, dict[str, int], int]:
    """Bundle and verify the first students of a class.

    Returns:
        Seconds of bundling all, and of verifying all; verdicts with how many have them; how many
        pairs of bundles are flagged as alike.
    """
    inbox, store = root / "inbox", root / "store"
    inbox.mkdir()
    folders = sorted((root / "class").iterdir())[:count]

    def hand_in(folder: Path) -> str:
        return report("bundle", str(folder), "--output", str(inbox), store=store)

    bundling = timed(lambda: list(AT_ONCE.map(hand_in, folders)))
    told: list[str] = []
    verifying = timed(lambda: told.append(report("verify", str(inbox), "--json", store=store)))
    found = json.loads(told[0])
    verdicts = ["good" if bundle["is_good"] else "bad" for bundle in found["bundles"]]
    counts = {verdict: verdicts.count(verdict) for verdict in dict.fromkeys(verdicts)}
    return bundling, verifying, counts, len(found["alike"])


def row(count: int, shared: tuple[float, int], each: tuple[float, float]) -> str:
    """Return what so many students cost together, and would cost with stores of their own."""
    seconds, ran = shared
    return (
        f"| {count} | {ran} | {seconds:.0f} | {seconds / count:.2f} "
        f"| {count * each[1]:.0f} | {count * each[0]:.0f} | {count * each[0] / seconds:.2f} |"
    )


def main() -> None:
    """Measure and print, or write the table where it stands."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--count", type=int, default=200)
    options.add_argument("--alone", type=int, default=6)
    options.add_argument("--handed-in", type=int, default=200)
    options.add_argument("--write", action="store_true")
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        seconds, ran = alone(root, asked.alone)
        each = seconds / asked.alone, ran / asked.alone
        shared = together(root, asked.count)
        bundling, verifying, verdicts, alike = handed_in(root, asked.handed_in)
    distinct = min(asked.count, len(CHOICES)) + FIXED_RUNS
    head = (
        "| students | runs computed | seconds | per student | with own stores: runs | seconds "
        "| ratio |\n|--:|--:|--:|--:|--:|--:|--:|"
    )
    rows = [row(count, found, each) for count, found in shared.items()]
    told = ", ".join(f"{count} {verdict}" for verdict, count in verdicts.items())
    text = (
        f"{platform.machine()} with {vectors()}, as many students at a time as its {CORES} cores; "
        f"{distinct} distinct results. Own stores: {asked.alone} students measured, the rest "
        "extrapolated.\n\n"
        + "\n".join([head, *rows])
        + f"\n\nBundling {asked.handed_in} of them took {bundling:.0f} s, each with the frozen "
        f"build that compares; verifying them as one folder {verifying:.0f} s: {told}; "
        f"{alike} pairs flagged as alike, {asked.handed_in // COPY_EVERY} were copied.\n"
    )
    sys.stdout.write(text)
    if asked.write:
        write("students", text)


if __name__ == "__main__":
    main()
