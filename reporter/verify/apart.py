"""Bundles → verdicts, each found in a process of its own that has little time, memory and rights.

Whatever a bundle makes of the libraries that read it, it costs that process, and one line is told.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import shutil
import tempfile
import time
from dataclasses import dataclass
from multiprocessing import forkserver, get_context
from multiprocessing.connection import wait
from pathlib import Path
from typing import TYPE_CHECKING

from reporter.processes import end_with_parent, uninterrupted
from reporter.verify.isolation import isolate
from reporter.verify.verdicts import Judged, as_plain, bad, from_plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

    from reporter.verify.one import Question

SECONDS = 300.0  # for one bundle, which takes a few
MEMORY = 4_000_000_000  # bytes beyond what the program itself takes
FILE = 1_000_000_000  # bytes of the largest file that may be written
PAGE = resource.getpagesize()
NO_WORD = "the process that looked at it ended without a word ({})"


@dataclass(frozen=True, kw_only=True)
class _Started:
    place: int  # in the order of the bundles
    name: str
    process: BaseProcess
    answer: Connection
    scratch: Path
    ends: float  # on the monotonic clock


def judged_apart(
    bundles: Sequence[tuple[Path, str]],
    asked: Question,
    workers: int,
    seconds: float = SECONDS,
) -> Iterator[tuple[int, Judged]]:
    """Yield the place and the verdicts of each bundle as they are found.

    Args:
        bundles: where they lie and what they are called.
        asked: what is looked at.
        workers: processes at a time.
        seconds: for one bundle; one that takes longer is ended, and told of.
    """
    waiting = list(enumerate(bundles))
    started: list[_Started] = []
    try:
        while waiting or started:
            while waiting and len(started) < workers:
                place, (path, name) = waiting.pop(0)
                started.append(_start(place, path, name, asked, seconds))
            wait([one.answer for one in started], _pause(started))
            for one in list(started):
                is_late = time.monotonic() >= one.ends
                if is_late or one.answer.poll():
                    started.remove(one)
                    yield one.place, _collect(one, seconds)
    finally:
        for one in started:
            _end(one)


def _pause(started: Sequence[_Started]) -> float:
    return max(0.0, min(one.ends for one in started) - time.monotonic())


def _start(place: int, path: Path, name: str, asked: Question, seconds: float) -> _Started:
    context = get_context("forkserver")
    context.set_forkserver_preload(["reporter.verify.ready"])
    scratch = Path(tempfile.mkdtemp(prefix="report-verify-")).resolve()
    mine, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_answer, args=(theirs, path, name, asked, scratch))
    with uninterrupted():
        forkserver.ensure_running()
        process.start()
    theirs.close()
    return _Started(
        place=place,
        name=name,
        process=process,
        answer=mine,
        scratch=scratch,
        ends=time.monotonic() + seconds,
    )


def _collect(one: _Started, seconds: float) -> Judged:
    """Return what a process has found, or that it has found nothing."""
    try:
        if one.answer.poll():
            return from_plain(json.loads(one.answer.recv_bytes()))
        message = f"took longer than {seconds:.0f} s and was ended"
    except EOFError:
        one.process.join()
        message = NO_WORD.format(f"exit code {one.process.exitcode}")
    finally:
        _end(one)
    return Judged(name=one.name, verdicts=(bad("opened", "", message),))


def _end(one: _Started) -> None:
    one.process.kill()
    one.process.join()
    one.answer.close()
    shutil.rmtree(one.scratch, ignore_errors=True)


def _answer(answer: Connection, path: Path, name: str, asked: Question, scratch: Path) -> None:
    """Judge one bundle in this process, and send what was found."""
    path = path.resolve()
    os.environ.pop("REPORT_STORE", None)
    os.environ |= {"TMPDIR": str(scratch), "MPLCONFIGDIR": str(scratch)}
    tempfile.tempdir = None
    os.chdir(scratch)
    isolate(scratch)
    end_with_parent()
    _limit()
    from reporter.verify.one import judge

    try:
        judged = judge(path, name, asked)
    except MemoryError:
        message = f"takes more than {MEMORY / 1e9:.0f} GB of memory"
        judged = Judged(name=name, verdicts=(bad("opened", "", message),))
    except Exception as exc:  # noqa: BLE001 - what a stranger's file makes libraries raise
        message = f"can't be looked at: {type(exc).__name__}: {exc}"
        judged = Judged(name=name, verdicts=(bad("opened", "", message),))
    answer.send_bytes(json.dumps(as_plain(judged)).encode())


def _limit() -> None:
    """Bound what this process may take of memory and disk."""
    with contextlib.suppress(OSError, ValueError):
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        most = pages * PAGE + MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
    for kind, most in ((resource.RLIMIT_FSIZE, FILE), (resource.RLIMIT_CORE, 0)):
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(kind, (most, most))
