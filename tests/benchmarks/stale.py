"""What engines compute again after nine edits, and their seconds when nothing changed.

python tests/benchmarks/stale.py [--tools VENV] [--rounds N] [--only edits unchanged] [--write]

The same twelve runs (`twelve.py`) for pytask, DVC, Snakemake and redun (`engines.py`: how each has
them) and for us. Every edit is made in a copy of what was built; runs note by themselves that they
are computed. Seconds are of a new process, the median of N rounds (7), interleaved, every other
one backwards. VENV holds the engines; without it one is made of `others.txt`. --write puts the
tables into docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import venv
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import twelve
from engines import ENGINES, Engine, call, project
from tabled import timed, vectors, write

from reporter import trust

if TYPE_CHECKING:
    from collections.abc import Callable

OTHERS = Path(__file__).with_name("others.txt")
HERE = Path(sys.executable).parent
OURS = Engine(
    name="reporter",
    write=lambda *_: None,
    command=("report", "build"),
    script="",
    parameters="report.toml",
    parameter=twelve.PARAMETER,
)
GROUPS = ("edits", "unchanged")


@dataclass(frozen=True, kw_only=True)
class Project:
    """The twelve runs as one engine holds them, in a folder."""

    engine: Engine
    folder: Path
    programs: Path  # the engine's

    def build(self, *words: str) -> None:
        """Build in a new process; COMPUTED names the runs that were computed."""
        environment = {k: v for k, v in os.environ.items() if k != "REPORT_STORE"}
        environment["PATH"] = f"{self.programs}{os.pathsep}{os.environ['PATH']}"
        environment["COMPUTED"] = str(self.folder / "computed")
        if self.engine is not OURS:
            environment["PYTHONPATH"] = str(self.folder)  # where helpers are found
        call(self.programs, self.folder, words or self.engine.command, environment)

    def after(self, edit: twelve.Edit, folder: Path) -> frozenset[str]:
        """Return the runs that are computed after an edit of a copy."""
        shutil.copytree(self.folder, folder)
        trust.remember(folder)
        (folder / "computed").unlink(missing_ok=True)
        copy = Project(engine=self.engine, folder=folder, programs=self.programs)
        place = twelve.place if self.engine is OURS else self.engine.place
        twelve.apply(edit, folder, partial(place, folder), self.engine.parameter)
        copy.build()
        return copy.computed()

    def computed(self) -> frozenset[str]:
        """Return the runs that the last build computed."""
        if self.engine is OURS:
            last = self.folder / "build" / "twelve" / "last-build.json"
            return frozenset(name.split()[0] for name in json.loads(last.read_text())["ran"])
        noted = self.folder / "computed"
        return frozenset(noted.read_text().split() if noted.is_file() else ())


def projects(root: Path, tools: Path) -> list[Project]:
    """Write and build the twelve runs in the way of each engine, ours last."""
    made = []
    for engine in (*ENGINES, OURS):
        folder = root / engine.name
        folder.mkdir()
        one = Project(engine=engine, folder=folder, programs=HERE if engine is OURS else tools)
        if engine is OURS:
            trust.remember(twelve.workspace(folder))
        else:
            project(engine, folder, lambda *words, one=one: one.build(*words))
        one.build()
        if one.computed() != twelve.RUNS.keys():
            raise RuntimeError(f"{engine.name} computed {sorted(one.computed())} of twelve runs")
        made.append(one)
    return made


def edited(made: list[Project], root: Path) -> str:
    """Return the table of the nine edits."""
    names = [one.engine.name for one in made]
    lines = ["| edit | runs it concerns | " + " | ".join(names) + " |"]
    lines += ["|---|--:|" + "---|" * len(names)]
    right = dict.fromkeys(names, 0)
    for edit in twelve.NINE:
        cells = []
        for one in made:
            folder = root / "edited" / edit.name / one.engine.name
            told = judged(edit.redone, one.after(edit, folder))
            right[one.engine.name] += told == "right"
            cells.append(told)
            sys.stderr.write(f"{edit.name}, {one.engine.name}: {told}\n")
        lines.append(f"| {edit.name} | {len(edit.redone)} | " + " | ".join(cells) + " |")
    sums = (f"**{right[name]} of {len(twelve.NINE)}**" for name in names)
    return "\n".join([*lines, "| | | " + " | ".join(sums) + " |"])


def judged(wanted: frozenset[str], computed: frozenset[str]) -> str:
    """Say whether exactly the runs were computed that an edit concerns."""
    wrong = [
        f"{len(runs)} {word}"
        for word, runs in (("stale", wanted - computed), ("needless", computed - wanted))
        if runs
    ]
    return ", ".join(wrong) or "right"


def unchanged(made: list[Project], rounds: int) -> str:
    """Return the table of the seconds when nothing changed."""
    acts: dict[str, Callable[[], None]] = {}
    for one in made[::-1]:
        acts[f"`{' '.join(one.engine.command)}`, {one.engine.name}"] = one.build
    ours = made[-1]
    acts["`report run`"] = partial(ours.build, "report", "run")
    acts[f"`report why {twelve.EDITED}`"] = partial(ours.build, "report", "why", twelve.EDITED)
    for act in acts.values():
        act()
    seconds: dict[str, list[float]] = {name: [] for name in acts}
    for number in range(rounds):
        for name, act in list(acts.items())[:: 1 if number % 2 == 0 else -1]:
            seconds[name].append(timed(act))
    first = next(iter(seconds.values()))
    lines = ["| nothing changed | median, s | quartiles, s | ratio |", "|---|--:|--:|--:|"]
    for name, found in seconds.items():
        low, median, high = statistics.quantiles(found, n=4, method="inclusive")
        ratio = statistics.median(a / b for a, b in zip(found, first, strict=True))
        lines.append(f"| {name} | {median:.2f} | {low:.2f}–{high:.2f} | {ratio:.1f} |")
    return "\n".join(lines)


def installed(root: Path) -> Path:
    """Return the programs of a new virtual environment with the other engines."""
    venv.create(root / "tools", with_pip=True)
    pip = [str(root / "tools" / "bin" / "pip"), "install", "--quiet", "--requirement", str(OTHERS)]
    subprocess.run(pip, check=True)
    return root / "tools" / "bin"


def versions(tools: Path) -> str:
    """Return the versions of the other engines."""
    told = subprocess.run(
        [str(tools / "pip"), "freeze"], check=True, capture_output=True, text=True
    )
    wanted = {engine.name.split(",")[0].lower() for engine in ENGINES}
    pairs = (line.partition("==")[::2] for line in told.stdout.splitlines())
    return ", ".join(f"{name} {version}" for name, version in pairs if name.lower() in wanted)


def main() -> None:
    """Measure, print, and write when asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tools", type=Path)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", nargs="*", choices=GROUPS, default=GROUPS)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        os.environ["XDG_STATE_HOME"] = str(root / "state")  # where trust is kept
        tools = given.tools.resolve() / "bin" if given.tools else installed(root)
        made = projects(root, tools)
        for group in given.only:
            found = edited(made, root) if group == "edits" else unchanged(made, given.rounds)
            machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
            text = f"{found}\n\n{versions(tools)}; {machine}, {vectors()}.\n"
            sys.stdout.write(text)
            if given.write:
                write(group, text)


if __name__ == "__main__":
    main()
