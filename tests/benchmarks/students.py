"""A class that shares a store: what 200 students' reports cost, to build, to bundle, to verify.

python tests/benchmarks/students.py [--count N] [--alone N] [--write]

Students (`classroom.py`) build one after another, each by the command as they would type it, over
one REPORT_STORE; the rows say what the first 1, 10, 50 … of them cost together. Beside them the
first few build over stores of their own, as without sharing. Then all are bundled and verified as a
folder. --write puts the table into docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from classroom import CHOICES, FIXED_RUNS, students
from tabled import timed, vectors, write

if TYPE_CHECKING:
    from collections.abc import Sequence

    from classroom import Student

STEPS = (1, 10, 20, 50, 100, 200)
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


def built(student: Student, store: Path) -> tuple[float, int]:
    """Build a student's report; return the seconds, and how many runs were computed."""
    seconds = timed(lambda: report("build", str(student.folder), store=store))
    last = student.folder / "build" / "a3" / "last-build.json"
    return seconds, len(json.loads(last.read_text(encoding="utf-8"))["ran"])


def building(root: Path, count: int) -> list[tuple[float, int]]:
    """Build a class over one store; return seconds and runs of each student."""
    found = []
    for student in students(root / "class", count):
        found.append(built(student, root / "store"))
        sys.stderr.write(f"{student.folder.name}: {found[-1][0]:.1f} s, {found[-1][1]} ran\n")
    return found


def alone(root: Path, count: int) -> list[tuple[float, int]]:
    """Build the first students over stores of their own."""
    return [
        built(student, root / f"store-{number}")
        for number, student in enumerate(students(root / "alone", count))
    ]


def handed_in(root: Path) -> tuple[list[float], float, dict[str, int], int]:
    """Bundle and verify a class.

    Returns:
        Seconds of each bundle; seconds of verifying all; verdicts with how many have them; how
        many of the copied answers were flagged.
    """
    inbox = root / "inbox"
    inbox.mkdir()
    store, folders = root / "store", sorted((root / "class").iterdir())
    seconds = [
        timed(lambda at=at: report("bundle", str(at), "--output", str(inbox), store=store))
        for at in folders
    ]
    told: list[str] = []
    took = timed(lambda: told.append(report("verify", str(inbox), "--json", store=store)))
    found = json.loads(told[0])
    verdicts = ["good" if bundle["is_good"] else "bad" for bundle in found["bundles"]]
    counts = {verdict: verdicts.count(verdict) for verdict in dict.fromkeys(verdicts)}
    return seconds, took, counts, len(found["alike"])


def row(shared: list[tuple[float, int]], count: int, own: list[tuple[float, int]]) -> str:
    """Return what the first students cost together, and would cost with stores of their own."""
    seconds, ran = (sum(values) for values in zip(*shared[:count], strict=True))
    each = statistics.mean(seconds for seconds, _ in own)
    runs = statistics.mean(ran for _, ran in own)
    return (
        f"| {count} | {ran} | {seconds:.0f} | {seconds / count:.2f} "
        f"| {count * runs:.0f} | {count * each:.0f} | {count * each / seconds:.2f} |"
    )


def main() -> None:
    """Measure and print, or write the table where it stands."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--count", type=int, default=200)
    options.add_argument("--alone", type=int, default=5)
    options.add_argument("--write", action="store_true")
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        own = alone(root, asked.alone)
        shared = building(root, asked.count)
        bundles, verified, verdicts, similar = handed_in(root)
    distinct = min(asked.count, len(CHOICES)) + FIXED_RUNS
    head = (
        "| students | runs computed | seconds | per student | with own stores: runs | seconds "
        "| ratio |\n|--:|--:|--:|--:|--:|--:|--:|"
    )
    rows = [row(shared, count, own) for count in STEPS if count <= asked.count]
    told = ", ".join(f"{count} {verdict}" for verdict, count in verdicts.items())
    text = (
        f"{platform.machine()} with {vectors()}, {os.cpu_count()} cores; {distinct} distinct "
        f"results; own stores: {asked.alone} students measured, the rest extrapolated.\n\n"
        + "\n".join([head, *rows])
        + f"\n\nBundling took {statistics.median(bundles):.1f} s for each (median), with the "
        f"frozen build that compares; verifying all {asked.count} as one folder "
        f"{verified:.0f} s: {told}; "
        f"{similar} pairs flagged as similar, {asked.count // 50} were copied.\n"
    )
    sys.stdout.write(text)
    if asked.write:
        write("students", text)


if __name__ == "__main__":
    main()
