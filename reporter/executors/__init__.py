"""Ways to carry out tasks: on this machine or elsewhere; each is one file."""

from __future__ import annotations

import json
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

LAST_WORDS = signal.SIGUSR1  # ends a worker, which writes into its log where it stands
PROGRESS = "progress.jsonl"  # what a run tells of itself, in its work folder
RESUME = "epochs"  # how far a run is: what names in its work folder begin with; gone when stored


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
        """Start a task, or follow it, if an earlier build started it and it goes on."""

    def wait(self, timeout_s: float) -> list[Ended]:
        """Return the tasks that ended, after at most `timeout_s`."""
        ...

    def progress(self, task: Task) -> Mapping[str, float | str]:
        """Return the newest of what a task told of itself; {} before the first."""
        ...

    def stop(self) -> None:
        """End what still runs."""

    def leave(self) -> None:
        """Let go of what still runs, since the build ends: stop it, unless it can go on alone."""


def newest(work: Path) -> Mapping[str, float | str]:
    """Return the newest line of progress in a task's work folder; {} before the first."""
    try:
        lines = (work / PROGRESS).read_text(encoding="utf-8").splitlines()
        return dict(json.loads(lines[-1])) if lines else {}
    except (OSError, ValueError):
        return {}
