"""Events of a build → one live line per run on a terminal, plain lines elsewhere; on stderr."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.table import Table

    from reporter.runner import Event


@contextlib.contextmanager
def watching() -> Iterator[Callable[[Event], None]]:
    """Yield the function that events are told to."""
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield _tell
        return
    from rich.console import Console
    from rich.live import Live

    console = Console(stderr=True)
    running: dict[str, Event] = {}
    with Live(console=console, refresh_per_second=5, transient=True) as live:

        def watch(event: Event) -> None:
            """Keep one live line for each run, and print what ended above them."""
            if event.state == "running":
                running[event.job.key] = event
            else:
                running.pop(event.job.key, None)
                if event.state != "cached":
                    console.print(line(event), highlight=False, markup=False)
            live.update(_table(running))

        yield watch


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
        print(f"{step:<9} {name}", file=sys.stderr, flush=True)  # noqa: T201 - as above
    told.add(step)


def line(event: Event) -> str:
    """Return what is told of an event in one line."""
    name = f"{event.job.run} (seed {event.job.seed})"
    seconds = f"  {event.seconds:.1f} s" if event.state in ("ran", "failed") else ""
    error = f"  {event.progress['error']}" if "error" in event.progress else ""
    return f"{event.state:<8} {name}{seconds}{error}"


def _tell(event: Event) -> None:
    """Print starts and ends, not what lies between."""
    if event.state == "cached" or (event.state == "running" and (event.progress or event.seconds)):
        return
    print(line(event), file=sys.stderr, flush=True)  # noqa: T201 - the command's own output


def _table(running: dict[str, Event]) -> Table:
    from rich.table import Table

    table = Table.grid(padding=(0, 2))
    for event in running.values():
        table.add_row(f"{event.job.run} (seed {event.job.seed})", _course(event), _remaining(event))
    return table


def _course(event: Event) -> str:
    """Return the last progress as "epoch 3/10  loss 0.71"."""
    values = dict(event.progress)
    values.pop("time", None)
    parts = []
    for count, total in (("epoch", "epochs"), ("done", "of")):
        if count in values and total in values:
            parts.append(f"{count} {values.pop(count)}/{values.pop(total)}")
    for name, value in values.items():
        parts.append(f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}")
    return "  ".join(parts) or "starting"


def _remaining(event: Event) -> str:
    """Return the time since the start, and about how long it still takes."""
    values = event.progress
    done, total = values.get("epoch"), values.get("epochs")
    shown = f"{event.seconds:.0f} s"
    if isinstance(done, int) and isinstance(total, int) and 0 < done < total:
        shown += f", about {event.seconds * (total - done) / done:.0f} s to go"
    return shown
