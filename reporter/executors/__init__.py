"""Ways to carry out tasks: on this machine now, elsewhere later; each is one file."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

LAST_WORDS = signal.SIGUSR1  # ends a worker, which writes into its log where it stands
RESUME = "epochs.pt"  # how far a run is, in its work folder; it goes when the result is stored


@dataclass(frozen=True, kw_only=True)
class Task:
    """Everything that a worker needs to compute one result and put it into the store."""

    report: str  # the name of the build, "demo" or "demo@quick"
    run: str
    seed: int
    key: str
    experiment: str
    file: Path
    arguments: Mapping[str, Any]
    store: Path
    work: Path  # build/work/<key>: progress, the epoch to go on from, and error of this task
    cache: Path  # what tasks compute once for all: decoded images, outputs of frozen layers
    log: Path  # what the worker prints
    device: str
    threads: int
    timeout_s: float | None


@dataclass(frozen=True, kw_only=True)
class Ended:
    """A task that came to its end; `error` is one line, None when the result is in the store."""

    task: Task
    error: str | None = None


class Executor(Protocol):
    """Carries out tasks, at most `slots` at a time."""

    slots: int

    def submit(self, task: Task) -> None:
        """Start a task."""

    def wait(self, timeout_s: float) -> list[Ended]:
        """Return the tasks that ended, after at most `timeout_s`."""
        ...

    def stop(self) -> None:
        """End what still runs."""
