"""Events of a build → one live line per run on a terminal, plain lines elsewhere; on stderr."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING

from reporter.forecast import about

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Group
    from rich.live import Live

    from reporter.forecast import Forecast
    from reporter.runner import Event


class Watcher:
    """Is told what is to run, then every event; prints starts and ends in plain lines."""

    def begin(self, forecast: Forecast) -> None:
        """Print how much is to be computed, and about how long that takes."""
        _print(forecast.beginning())

    def __call__(self, event: Event) -> None:
        """Print starts and ends, not what lies between."""
        is_between = event.state == "running" and (event.progress or event.seconds)
        is_waiting = event.state == "waiting" and event.seconds
        if event.state != "cached" and not is_between and not is_waiting:
            _print(line(event))


class LiveWatcher(Watcher):
    """Keeps one live line for each run and one for all, and prints what ended above them."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._running: dict[str, Event] = {}
        self._first: dict[str, Event] = {}  # of each run, the first that told of an epoch
        self._ended: set[str] = set()
        self._forecast: Forecast | None = None

    def begin(self, forecast: Forecast) -> None:
        """Remember what is to be computed."""
        self._forecast, self._ended = forecast, set()

    def __call__(self, event: Event) -> None:
        """Renew the lines."""
        if event.state in ("running", "waiting"):
            self._running[event.job.key] = event
            if "epoch" in event.progress:
                self._first.setdefault(event.job.key, event)
        elif event.state == "damaged":
            self._live.console.print(line(event), highlight=False, markup=False)
        else:
            self._first.pop(event.job.key, None)
            self._running.pop(event.job.key, None)
            self._ended.add(event.job.key)
            if event.state != "cached":
                self._live.console.print(line(event), highlight=False, markup=False)
        self._live.update(_table(self._running, self._left(), self.state()))

    def state(self) -> str:
        """Return how far the whole is: "7 of 12 runs, about 3 min to go"."""
        if self._forecast is None:
            return ""
        return self._forecast.state(self._ended, self._left())

    def _left(self) -> dict[str, float | None]:
        """Return how many seconds each run still takes."""
        past = self._forecast.seconds if self._forecast else {}
        return {
            key: _left(event, self._first.get(key, event), past.get(key))
            for key, event in self._running.items()
        }


@contextlib.contextmanager
def watching() -> Iterator[Watcher]:
    """Yield what is told of a build: live lines on a terminal, plain ones elsewhere."""
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield Watcher()
        return
    from rich.console import Console
    from rich.live import Live

    console = Console(stderr=True)
    with Live(console=console, refresh_per_second=5, transient=True) as live:
        yield LiveWatcher(live)


@contextlib.contextmanager
def counting(what: str) -> Iterator[Callable[[int, int | None], None]]:
    """Yield the function that is told how many files are done: a bar on a terminal."""
    with fetching("") as watch:
        yield lambda done, total: watch(what, done, total)


@contextlib.contextmanager
def fetching(name: str) -> Iterator[Callable[[str, int, int | None], None]]:
    """Yield the function that is told what is done to a data set, how far, and of how much."""
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        told: set[str] = set()
        yield lambda step, *_: _begin(step, name, told)
        return
    from rich import progress
    from rich.console import Console

    columns = [
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.TextColumn("{task.fields[amount]}"),
        progress.TimeRemainingColumn(),
    ]
    with progress.Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, progress.TaskID] = {}

        def watch(step: str, done: int, total: int | None) -> None:
            """Move the bar of one step."""
            amount = _amount(step, done, total)
            if step not in tasks:
                tasks[step] = bars.add_task(f"{step} {name}".strip(), total=total, amount=amount)
            bars.update(tasks[step], completed=done, total=total, amount=amount)

        yield watch


def _amount(step: str, done: int, total: int | None) -> str:
    """Return how much is done: bytes of a download, files or rows else."""
    if step == "fetching":
        whole = "" if total is None else f" of {total / 1e6:.1f}"
        return f"{done / 1e6:.1f}{whole} MB"
    return f"{done}" if total is None else f"{done} of {total}"


def _begin(step: str, name: str, told: set[str]) -> None:
    """Print the name of a step when it begins."""
    if step not in told and name:
        _print(f"{step:<9} {name}")
    told.add(step)


def line(event: Event) -> str:
    """Return what is told of an event in one line."""
    name = f"{event.job.run} (seed {event.job.seed})"
    seconds = f"  {event.seconds:.1f} s" if event.state in ("ran", "failed") else ""
    error = str(event.progress.get("error", "")).removeprefix("not run, ")
    error = f"  {error}" if error else ""
    if "log" in event.progress:
        error += f"; log: {os.path.relpath(str(event.progress['log']))}"
    return f"{event.state:<8} {name}{seconds}{error}"


def _print(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201 - the command's own output


def _table(running: dict[str, Event], left: dict[str, float | None], state: str) -> Group:
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))
    for key, event in running.items():
        rest = f", {about(left[key] or 0)} to go" if left[key] else ""
        name = f"{event.job.run} (seed {event.job.seed})"
        table.add_row(name, _course(event), f"{event.seconds:.0f} s{rest}")
    return Group(table, *([Text(state)] if state else []))


def _course(event: Event) -> str:
    """Return the last progress as "epoch 3/10  loss 0.71"."""
    values = dict(event.progress)
    values.pop("time", None)
    if event.state == "waiting":
        return str(values["error"])
    parts = []
    for count, total in (("epoch", "epochs"), ("done", "of")):
        if count in values and total in values:
            parts.append(f"{count} {values.pop(count)}/{values.pop(total)}")
    for name, value in values.items():
        parts.append(f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}")
    return "  ".join(parts) or "starting"


def _left(event: Event, first: Event, past: float | None) -> float | None:
    """Return how many seconds a run still takes: by its epochs, else by what it took before.

    Epochs are measured from the first that was told, since a run starts slowly, or from its middle.
    """
    (done, total, time), (begun, _, start) = map(_reached, (event, first))
    if done > begun:
        return (time - start) / (done - begun) * (total - done)
    if past is not None:
        return max(0.0, past - event.seconds)
    return event.seconds / done * (total - done) if done else None


def _reached(event: Event) -> tuple[int, int, float]:
    """Return a run's epoch, of how many, and when it told so; zeros before the first."""
    done, total, time = (event.progress.get(name) for name in ("epoch", "epochs", "time"))
    if not isinstance(done, int) or not isinstance(total, int) or not 0 < done <= total:
        return 0, 0, 0.0
    return done, total, time if isinstance(time, float) else event.seconds
