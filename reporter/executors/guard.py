"""A task → a process of which nothing is left once it has ended, or the build that wants it.

A worker may start processes, hang where no signal reaches it, or be killed; the build may be
killed. So between the two stands a guard, which does nothing but wait: for its worker, for the
build and for the server that forked it. When one of them ends, or when it is told to stop, it kills
the worker and all that this has started, and ends as the worker did. Linux gives a guard what its
worker leaves behind. A guard that is killed itself takes its worker along.
"""

from __future__ import annotations

import contextlib
import ctypes
import multiprocessing
import os
import signal
import sys
from multiprocessing import util
from multiprocessing.connection import wait
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from reporter.executors import LAST_WORDS

if TYPE_CHECKING:
    from collections.abc import Callable

LAST_WORDS_S = 2.0  # for a traceback, which takes a hundredth of that
PARENT_DEATH_SIGNAL, CHILD_SUBREAPER = 1, 36  # of prctl(2)
STOPS = (signal.SIGTERM, signal.SIGHUP)


def guarded(work: Callable[[], None]) -> NoReturn:
    """Do `work` in a child of this process, and end as that does."""
    ctypes.CDLL(None).prctl(CHILD_SUBREAPER, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the build to answer
    told, tell = os.pipe()
    for number in STOPS:  # nothing is raised: within a hook of fork it would be lost
        signal.signal(number, lambda *_: os.write(tell, b"!"))
    guard, worker, status = os.getpid(), 0, 0
    try:
        worker = os.fork()
        if worker == 0:
            _work(work, guard)
        _wait_for_any(worker, told)
    finally:
        for number in STOPS:
            signal.signal(number, signal.SIG_IGN)
        status = _end_children(worker)
    _end_like(status)


def _work(work: Callable[[], None], guard: int) -> NoReturn:
    """Do the work in the child; what a dead worker leaves is the guard's to clear."""
    code = 1
    try:
        for number in STOPS:
            signal.signal(number, signal.SIG_DFL)
        ctypes.CDLL(None).prctl(PARENT_DEATH_SIGNAL, signal.SIGKILL)
        if os.getppid() == guard:
            work()
            code = 0
    except SystemExit as exc:
        code = exc.code if isinstance(exc.code, int) else 1
    finally:
        with contextlib.suppress(Exception):
            util._run_finalizers()  # type: ignore[attr-defined] # noqa: SLF001 - as Process does
        with contextlib.suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _wait_for_any(worker: int, told: int) -> None:
    """Wait until the worker, the build or the server of workers has ended, or a stop was told."""
    build = multiprocessing.parent_process()
    assert build is not None
    wait([told, os.pidfd_open(worker), os.pidfd_open(os.getppid()), build.sentinel])


def _end_children(worker: int) -> int:
    """Kill the worker, then what it leaves, until nothing is left; return how the worker ended."""
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    status = 0
    if worker:
        os.kill(worker, LAST_WORDS)
        wait([os.pidfd_open(worker)], LAST_WORDS_S)
    with contextlib.suppress(ChildProcessError):
        while True:
            for child in children.read_text().split():
                os.kill(int(child), signal.SIGKILL)
            ended, how = os.waitpid(-1, 0)
            status = how if ended == worker else status
    return status


def _end_like(status: int) -> NoReturn:
    """End with the worker's exit code, or by the signal that ended it."""
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        if -code != signal.SIGKILL:
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    sys.exit(code)
