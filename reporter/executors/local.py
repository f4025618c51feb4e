"""Tasks → worker processes on this machine; one that dies takes nothing else along.

Workers are forked from one server process that has torch loaded already, so a run starts at once
and none inherits another's state.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from dataclasses import dataclass
from functools import partial
from multiprocessing import forkserver, get_context
from multiprocessing.connection import wait as wait_any
from typing import TYPE_CHECKING

from reporter.executors import Ended, newest
from reporter.executors.guard import guarded
from reporter.executors.worker import work
from reporter.processes import uninterrupted

if TYPE_CHECKING:
    from collections.abc import Mapping
    from multiprocessing.process import BaseProcess

    from reporter.executors import Task

# Nothing that initialises CUDA, which no fork outlives, no experiment and nothing of `learn`: a
# server that lives on, as that of a preview, would compute with code of the past. (What the worker
# itself imports, `artifacts` and `experiment` among it, is of the past there.)
PRELOADED = [
    "reporter.executors.one_thread",
    "torch",
    "torchvision",
    "reporter.executors.worker",
    "reporter.executors.memory",
]


@dataclass(frozen=True)
class _Running:
    task: Task
    process: BaseProcess
    deadline: float  # on the monotonic clock


class LocalExecutor:
    """Up to `slots` worker processes at a time."""

    def __init__(self, slots: int) -> None:
        self.slots = slots
        self._context = get_context("forkserver")
        self._context.set_forkserver_preload(PRELOADED)
        self._running: list[_Running] = []

    def submit(self, task: Task) -> None:
        """Start a worker for `task`."""
        for past in (task.work / "error.json", task.log):  # of another worker's end
            past.unlink(missing_ok=True)
        process = self._context.Process(target=_work, args=(task,), name=task.run)
        limit = float("inf") if task.timeout_s is None else task.timeout_s
        self._running.append(_Running(task, process, time.monotonic() + limit))
        with uninterrupted():  # the server's first moments: it knows nothing of Ctrl-C yet
            forkserver.ensure_running()
        process.start()  # after it is listed, so that an interrupt in between leaves none behind

    def wait(self, timeout_s: float) -> list[Ended]:
        """Return the tasks that ended, or ran past their time, within `timeout_s`."""
        wait_any([running.process.sentinel for running in self._running], timeout_s)
        ended = []
        for running in list(self._running):
            if running.process.is_alive() and time.monotonic() < running.deadline:
                continue
            self._running.remove(running)
            ended.append(Ended(task=running.task, error=_end(running)))
        return ended

    def progress(self, task: Task) -> Mapping[str, float | str]:
        """Return the newest of what a task told of itself."""
        return newest(task.work)

    def leave(self) -> None:
        """End the workers: nobody would look after them."""
        self.stop()

    def stop(self) -> None:
        """End the workers and what they started; the store never sees half of what they did."""
        for running in self._running:
            _kill(running.process)
        self._running.clear()


def _work(task: Task) -> None:
    guarded(partial(work, task))


def _kill(process: BaseProcess) -> None:
    if process.pid is not None:
        process.terminate()  # the guard, which ends its worker first
        process.join()


def _end(running: _Running) -> str | None:
    """Join a worker and say in one line why it failed, None if it did not."""
    task, process = running.task, running.process
    if process.is_alive():
        _kill(process)
        return _told(task, f"ran past timeout_s = {task.timeout_s:g}; raise it or shorten the run")
    process.join()
    if process.exitcode == 0:
        return None
    try:
        return str(json.loads((task.work / "error.json").read_text())["error"])
    except (OSError, ValueError):
        if process.exitcode == os.EX_IOERR:
            return f"{task.work} can't be written, as on a full disk; free some and build again"
        cause = _cause(process.exitcode)
        return _told(task, f"its worker died ({cause}); the log has its last lines")


def _told(task: Task, error: str) -> str:
    """Leave an error that the worker could not tell where it leaves its own, and return it."""
    with contextlib.suppress(OSError):
        for folder in (task.work, task.log.parent):
            folder.mkdir(parents=True, exist_ok=True)
        (task.work / "error.json").write_text(json.dumps({"error": error}))
        with task.log.open("a", encoding="utf-8") as log:
            log.write(f"{error}\n")
    return error


def _cause(exitcode: int | None) -> str:
    if exitcode is not None and exitcode < 0:
        name = signal.Signals(-exitcode).name
        return f"{name}, as when memory runs out" if name == "SIGKILL" else name
    return f"exit code {exitcode}"
