"""What builds leave: processes and temporary files."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

LIMIT_S = 120.0  # for what ought to happen at once, on a machine that has more to do


@dataclass(frozen=True)
class Process:
    """One line of the table of processes."""

    pid: int
    state: str
    parent: int
    session: int


def until(is_so: Callable[[], object], *, limit_s: float = 600.0, pause_s: float = 0.01) -> bool:
    """Wait until something is so; False if it does not come to be."""
    last = time.monotonic() + limit_s
    while not is_so():
        if time.monotonic() > last:
            return False
        time.sleep(pause_s)
    return True


def table() -> list[Process]:
    """Return all processes that live."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, parent, _, session, *_ = path.read_text().rpartition(")")[2].split()
            found.append(Process(int(path.parent.name), state, int(parent), int(session)))
    return [process for process in found if process.state not in "ZX"]


def family(pid: int) -> dict[int, int]:
    """Return the processes below one, each with how far below it is."""
    depths, rows = {pid: 0}, table()
    while new := [p for p in rows if p.parent in depths and p.pid not in depths]:
        depths |= {process.pid: depths[process.parent] + 1 for process in new}
    return {child: depth for child, depth in depths.items() if depth}


def ended(session: int) -> int:
    """Wait for a session's end; return how many of its processes live on, and end those."""

    def living() -> list[int]:
        return [process.pid for process in table() if process.session == session]

    if until(lambda: not living(), limit_s=LIMIT_S):
        return 0
    orphans = living()
    for pid in orphans:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return len(orphans)


def left_over(workspace: Path) -> list[Path]:
    """Return the temporary files of a workspace: hidden ones, and what unfinished runs keep."""
    found = [path for path in workspace.rglob("*") if path.name.startswith((".", "epochs"))]
    return sorted(found)
