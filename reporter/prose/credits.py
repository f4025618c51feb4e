"""Figures that show photographs → the line that says where each photograph was taken from."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from reporter.artifacts import ImageGrid
from reporter.sources import photograph_note

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reporter.prose.views import Finished


def credit_line(shown: Iterable[tuple[Finished, str]], credits: Mapping[str, str]) -> str:
    """Return "Source: …" for the photographs on a figure's panels, "" where none has a credit.

    Args:
        shown: run and output of each panel.
        credits: photograph → credit, as report.toml gives them.
    """
    names = dict.fromkeys(name for run, output in shown for name in photographs(run, output))
    found = {name: credits[name].strip().rstrip(".") for name in names if credits.get(name)}
    if len(set(found.values())) == 1:
        return f" Source: {next(iter(found.values()))}."
    listed = "; ".join(f"{name.replace('-', ' ')}: {credit}" for name, credit in found.items())
    return f" Sources: {listed}." if found else ""


def photographs(run: Finished, output: str) -> tuple[str, ...]:
    """Return the photographs that a picture of a run shows: its labels or description name them.

    A generated picture that stands in for a photograph is nobody's, so it does not count.
    """
    if run.error:
        return ()
    drawn, job = run.output(output)[0], run.jobs[0]
    if not isinstance(drawn, ImageGrid):
        return ()
    inputs = [name.removeprefix("images.") for name in job.inputs if name.startswith("images.")]
    real = [name for name in inputs if photograph_note(name) not in job.notes]
    return tuple(name for name in real if _names(drawn, name))


def _names(grid: ImageGrid, name: str) -> bool:
    """Tell whether one of the labels, or of an unlabelled grid the description, is the name."""
    if any(grid.labels):
        return name in grid.labels
    return bool(re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", grid.description))
