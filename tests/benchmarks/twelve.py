"""Twelve small experiments in one workspace, and edits of its files with the runs they concern.

Each run measures one of three courses of values in one of four ways. The measures, the reader of
pictures and the courses are three modules of helpers; a course reaches a fourth one three imports
away. `tests/test_twelve.py` holds the engine to the edits, `stale.py` other engines, too: what a
run computes and what it imports is the same in all of them.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

MEASURES = ("mean", "spread", "largest", "smallest")
NAMES = {  # of runs, by the data set that they read
    "small": ("bright", "contrast", "peak", "low"),
    "other": ("dim", "flat", "top", "floor"),
    "": ("settle", "swing", "rise", "rest"),
}
RUNS = {
    name: (data, measure)
    for data, names in NAMES.items()
    for name, measure in zip(names, MEASURES, strict=True)
}
RATE = "0.5"  # of every run
EDITED = "bright"  # the run whose own file and parameter are edited

PICTURES = '''\
"""Files of pictures → how bright they are, by their bytes."""

LEVELS = 256


class Reader:
    """Reads pictures."""

    gain = 1.0

    def brightness(self, paths):
        """Return one number per file."""
        return [self._one(path) for path in paths]

    def _one(self, path):
        content = path.read_bytes()
        return self.gain * sum(content) / len(content) / LEVELS
'''
MEASURING = '''\
"""Values → one number."""

WEIGHTS = {"mean": 1.0, "spread": 1.0}


def mean(values):
    """Return the mean."""
    return WEIGHTS["mean"] * sum(values) / len(values)


def spread(values, power=2):
    """Return how far values are apart."""
    centre = mean(values)
    far = sum(abs(value - centre) ** power for value in values)
    return WEIGHTS["spread"] * (far / len(values)) ** (1 / power)


def largest(values):
    """Return the largest one."""
    return max(values)


def smallest(values):
    """Return the smallest one."""
    return min(values)
'''
HELPERS = {
    "pictures": PICTURES,
    "measures": MEASURING,
    "courses": '''\
"""A start → a course of values."""

from {dot}steps import step


def course(start, count=5):
    """Return the start and `count` steps from it."""
    values = [start]
    for _ in range(count):
        values.append(step(values[-1]))
    return values
''',
    "steps": '''\
"""A value → the next one."""

from {dot}roots import root


def step(value):
    """Return the next value."""
    return root(value + 1)
''',
    "roots": '''\
"""A number → its square root, by Newton's method."""


def root(value, rounds=8):
    """Return the square root."""
    guess = value
    for _ in range(rounds):
        guess = (guess + value / guess) / 2
    return guess
''',
}
OURS = '''\
"""{name}: the {measure} of its values."""

from reporter import Dataset, Metric, Rate, Result, Run, experiment

from ._measures import {measure}
{imports}

SCALE = 2


@experiment
def {name}(run: Run, *, {data}rate: Rate = {rate}) -> Result:
    """Measure the {measure}."""
    values = {values}
    return Result(value=Metric(value=SCALE * rate * {measure}(values), unit="", direction=None))
'''
REPORT = """\
schema = 1

[report]
name = "twelve"
title = "Twelve measurements"
date = 2026-05-04

[data.small]
path = "data/small"

[data.other]
path = "data/other"
"""
CITED = """\
@article{heron1896,
  author = {Heron},
  title = {Square roots by repeated means},
  journal = {Measures},
  year = {1896},
}
"""


@dataclass(frozen=True, kw_only=True)
class Edit:
    """A change of one file of a workspace, and the runs whose results it may change.

    Attributes:
        name: stands in the table.
        file: "bright" (a run's own), "measures" (helpers), "data", "parameter", or "" for none.
        old: text that is replaced by `new`; "" appends it.
    """

    name: str
    file: str = ""
    old: str = ""
    new: str = ""
    redone: frozenset[str] = frozenset()


def runs(*, measures: Iterable[str] = MEASURES, data: Iterable[str] = NAMES) -> frozenset[str]:
    """Return the runs that use one of the measures on one of the data sets."""
    return frozenset(n for n, (d, m) in RUNS.items() if m in measures and d in data)


SEEN = runs(data=("small", "other"))  # through the reader of pictures
OWN_FILE = {"file": EDITED, "redone": frozenset()}
NINE = (
    Edit(name="none"),
    Edit(name="mtime only", file="mtime"),
    Edit(name="comment", old="    values = ", new="    # as read\n    values = ", **OWN_FILE),
    Edit(name="spacing", old="SCALE * rate", new="SCALE  *  rate", **OWN_FILE),
    Edit(name="unrelated function added", new="\n\ndef other(x):\n    return x\n", **OWN_FILE),
    Edit(name="one parameter", file="parameter", new="0.6", redone=frozenset({EDITED})),
    Edit(name="one data file", file="data", redone=runs(data=("small",))),
    Edit(
        name="imported helper",
        file="measures",
        old="sum(values) / len(values)",
        new="(sum(values) + 1) / len(values)",
        redone=runs(measures=("mean", "spread")),  # a spread is about the mean
    ),
    Edit(
        name="module constant",
        file=EDITED,
        old="SCALE = 2",
        new="SCALE = 3",
        redone=frozenset({EDITED}),
    ),
)
FURTHER = (
    Edit(name="class attribute", file="pictures", old="gain = 1", new="gain = 2", redone=SEEN),
    Edit(
        name="default argument",
        file="measures",
        old="power=2",
        new="power=4",
        redone=runs(measures=("spread",)),
    ),
    Edit(
        name="helper three modules away",
        file="roots",
        old="(guess + value / guess) / 2",
        new="(guess + 2 * value / guess) / 3",
        redone=runs(data=("",)),
    ),
    Edit(
        name="helper reached through self",
        file="pictures",
        old="sum(content) / len(content)",
        new="max(content)",
        redone=SEEN,
    ),
    Edit(
        name="constant in a dict",
        file="measures",
        old='"spread": 1.0',
        new='"spread": 2.0',
        redone=runs(measures=("mean", "spread")),  # all that read the dict
    ),
    Edit(
        name="constant of a module, read in a method",
        file="pictures",
        old="LEVELS = 256",
        new="LEVELS = 255",
        redone=SEEN,
    ),
    Edit(
        name="another function of the same helpers",
        file="measures",
        old="min(values)",
        new="sorted(values)[0]",
        redone=runs(measures=("smallest",)),
    ),
    Edit(name="function added to helpers", file="measures", new="\n\ndef two():\n    return 2\n"),
    Edit(name="docstring of a helper", file="measures", old="the mean.", new="the average."),
    Edit(
        name="annotation of a helper",
        file="measures",
        old="def mean(values)",
        new="def mean(values: list)",
    ),
    Edit(
        name="order of imports",
        file=EDITED,
        old="from ._measures import mean\nfrom ._pictures import Reader\n",
        new="from ._pictures import Reader\nfrom ._measures import mean\n",
    ),
)


def workspace(folder: Path) -> Path:
    """Write the workspace as this engine has it."""
    helpers(folder / "experiments", prefix="_", dot="._")
    for name, (data, measure) in RUNS.items():
        text = OURS.format(
            name=name,
            measure=measure,
            rate=RATE,
            data="data: Dataset, " if data else "",
            imports=imported(data, dot="._"),
            values=read(data, "[example.path for example in data.train]"),
        )
        if not data:
            text = text.replace("Dataset, ", "", 1)
        (folder / "experiments" / f"{name}.py").write_text(text)
    (folder / "report.toml").write_text(REPORT + "".join(map(_table, RUNS)))
    (folder / "references.bib").write_text(CITED)
    (folder / "sections").mkdir()
    (folder / "sections" / "01-results.md").write_text(_section())
    pictures(folder / "data", parts=("train", "test"))
    return folder


def _table(name: str) -> str:
    data = RUNS[name][0]
    named = f'data = "{data}"\n' if data else ""
    return f'\n[runs.{name}]\nexperiment = "{name}"\n{named}rate = {RATE}\n'


def _section() -> str:
    rows = [f'| {name} | {{{{ runs["{name}"].value }}}} |\n' for name in RUNS]
    claim = '{% claim runs["peak"].value > runs["low"].value %}The peak is higher.{% endclaim %}\n'
    table = "| run | value |\n|---|--:|\n" + "".join(rows)
    return f"# Results\n\nMeasured after [@heron1896].\n\n{table}\n{claim}"


def helpers(folder: Path, *, prefix: str = "", dot: str = "") -> None:
    """Write the modules of helpers, which find each other by `dot`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in HELPERS.items():
        (folder / f"{prefix}{name}.py").write_text(text.replace("{dot}", dot))


def imported(data: str, *, dot: str = "") -> str:
    """Return the line that imports where a run's values come from."""
    return f"from {dot}pictures import Reader" if data else f"from {dot}courses import course"


def read(data: str, paths: str) -> str:
    """Return the expression of a run's values."""
    return f"Reader().brightness({paths})" if data else "course(rate)"


def pictures(root: Path, *, parts: tuple[str, ...] = ("train",)) -> None:
    """Write two data sets with two classes of three pictures in each of their parts."""
    for number, data in enumerate(filter(None, NAMES)):
        for shade in range(6):
            for part in parts:
                path = root / data / part / ("dark", "light")[shade // 3] / f"{shade % 3}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                _picture(path, 100 * number + 10 * shade + parts.index(part))


def _picture(path: Path, shade: int) -> None:
    Image.new("L", (8, 8), shade).save(path)


def apply(edit: Edit, folder: Path, place: Callable[[str], Path], parameter: str) -> None:
    """Make an edit in a workspace.

    Args:
        edit: what is changed.
        folder: of the workspace.
        place: the file of a run or of helpers, by its name, or that of "parameter".
        parameter: the text in which the edited run's rate stands, with {} for it.
    """
    pictured = folder / "data" / "small" / "train" / "dark" / "0.png"
    if edit.file == "data":
        _picture(pictured, 99)
    elif edit.file == "mtime":
        for path in (pictured, place(EDITED), place("measures")):
            later = path.stat().st_mtime_ns + 10**9
            os.utime(path, ns=(later, later))
    elif edit.file == "parameter":
        _replace(place("parameter"), parameter.format(RATE), parameter.format(edit.new))
    elif edit.file:
        _replace(place(edit.file), edit.old, edit.new)


def _replace(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    if old and text.count(old) != 1:
        raise ValueError(f"{path}: {old!r} stands there {text.count(old)} times, not once")
    path.write_text(text.replace(old, new) if old else text + new)


def place(folder: Path, name: str) -> Path:
    """Return the file of this engine's workspace that holds a run, helpers, or the parameter."""
    if name == "parameter":
        return folder / "report.toml"
    return folder / "experiments" / (f"_{name}.py" if name in HELPERS else f"{name}.py")


PARAMETER = f'[runs.{EDITED}]\nexperiment = "{EDITED}"\ndata = "small"\nrate = {{}}\n'
