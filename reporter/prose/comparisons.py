"""Runs and the paths of values → the cells of a table that compares them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reporter.errors import ReportError
from reporter.prose.styles import THIN, percent_style
from reporter.prose.values import Missing, Value
from reporter.prose.views import RunView

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reporter.prose.values import Desk
    from reporter.prose.views import Finished

OF_EVERY_RUN = ("name", "parameters", "seconds")


def check_known(runs: Iterable[Finished], path: str) -> None:
    """Raise what a run says of an output that none of the runs returned."""
    done = [run for run in runs if run.results]
    if done and not any(_has(run, path) for run in done):
        done[0].output(path.split(".", maxsplit=1)[0])


def cells(desk: Desk, run: Finished, paths: Sequence[str], digits: int | None) -> list[str]:
    """Return one run's cells: a dash for what it lacks, shares with `digits` after the point."""
    view = RunView(desk, run)
    return [_cell(_reach(view, path), digits) if _has(run, path) else "–" for path in paths]


def _cell(value: Value | Missing, digits: int | None) -> str:
    if digits is not None and isinstance(value, Value) and value.unit == "fraction":
        return str(value.styled(percent_style(digits), f"{THIN}%"))
    return str(value)


def _has(run: Finished, path: str) -> bool:
    """Tell whether a run has what `path` begins with; of a failed one nobody knows."""
    first = path.split(".", maxsplit=1)[0]
    return not run.results or first in (*OF_EVERY_RUN, *run.results[0].result)


def _reach(run: RunView, path: str) -> Value | Missing:
    """Follow "test_accuracy.best" from a run."""
    found: Any = run
    for name in path.split("."):
        found = getattr(found, name)
    if not isinstance(found, Value | Missing):
        raise ReportError(f"compare: {path!r} is no value")
    return found
