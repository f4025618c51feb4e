"""A sample of a bundle's runs → whether computing them again gives the results it has.

What is run sees the bundle's sources and none of its results, in a process of its own that is kept
in by `isolation`; what it leaves is compared here.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reporter import bundle, lock
from reporter.artifacts import Metric, Table
from reporter.errors import ReportError, one_line, visible
from reporter.outputs import RESULTS
from reporter.plain import to_plain
from reporter.report import load
from reporter.store import Store, Stored
from reporter.verify.again import ANSWER, ASKED, Asked
from reporter.verify.verdicts import Verdict, bad, good, note

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reporter.plan import Job

DRAWN = 3  # for each run that is wanted: of these the cheapest
TOLERANCE = 0.02  # of a fraction as it is, of other metrics relative to them
LEAST_S, FACTOR = 600.0, 10.0  # a run may take so long, or so many times what it took
STARTING_S = 120.0  # of Python and torch
KEPT_OF_ENVIRONMENT = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "CUDA_HOME")
ARITHMETIC = ("versions", "device", "threads", "host", "python")  # of a record
TIME = "seconds"  # a unit
OWN = ("reporter",)  # of its versions: what it computes is in the key


@dataclass(frozen=True, kw_only=True)
class Sample:
    """Which runs are computed again, and how.

    Attributes:
        count: of them, at most.
        seed: of the draw.
        data: a folder of data sets, by name.
        tolerance: of metrics; None: equal bits where the arithmetic is that of the record, else
            TOLERANCE.
    """

    count: int
    seed: int
    data: Path | None = None
    tolerance: float | None = None


def rerun(path: Path, sample: Sample) -> Iterator[Verdict]:
    """Yield how a sample of a bundle's runs compares with what it has; its code is run."""
    scratch = Path(tempfile.mkdtemp(prefix="report-rerun-")).resolve()
    try:
        with bundle.read(path) as opened:
            opened.unpack(scratch / "bundle")
        yield from _rerun(scratch, sample)
    except ReportError as exc:
        yield bad("rerun", "", _within(scratch, str(exc)))
    except Exception as exc:  # noqa: BLE001 - what a stranger's file makes libraries raise
        yield bad("rerun", "", f"can't be looked at: {type(exc).__name__}: {one_line(str(exc))}")
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _rerun(scratch: Path, sample: Sample) -> Iterator[Verdict]:
    whole = scratch / "bundle"
    locked = lock.read(whole / "report.lock")
    if locked is None:
        yield bad("rerun", "report.lock", "is missing, or of another version")
        return
    store = Store(whole / "build" / "store")
    drawn = _drawn(locked[0].distinct(), store, sample)
    if not drawn:
        yield note("rerun", "", "no run has a stored result")
        return
    sources = scratch / "sources"
    shutil.copytree(whole, sources, ignore=_left_out(whole))
    settings = load(whole).settings
    longest = max(FACTOR * stored.record["seconds"] for _, stored in drawn)
    asked = Asked(
        runs=tuple((job.run, job.seed, job.key) for job, _ in drawn),
        data=sample.data.resolve() if sample.data else None,
        device=settings.device,
        threads=settings.threads,
        seconds=max(LEAST_S, longest),
    )
    answer = _answered(sources, asked)
    yield from (note("rerun", "", one) for one in answer["lacking"])
    yield note("rerun", "", f"drawn by --seed {sample.seed} out of {len(locked[0].jobs)} runs")
    again = Store(sources / "build" / "store")
    for (job, stored), told in zip(drawn, answer["runs"], strict=True):
        told_of = {**told, "error": _within(scratch, str(told["error"]))}
        yield from _compared(job, stored, told_of, again, sample.tolerance)


def _within(scratch: Path, message: str) -> str:
    """Return a message whose paths begin at the bundle's root."""
    return message.replace(f"{scratch}/bundle/", "").replace(f"{scratch}/sources/", "")


def _drawn(jobs: list[Job], store: Store, sample: Sample) -> list[tuple[Job, Stored]]:
    """Return the cheapest of some that chance has picked."""
    known = [(job, found) for job in jobs if (found := store.load(job.key))]
    known.sort(key=lambda one: one[0].key)
    count = min(DRAWN * sample.count, len(known))
    picked = random.Random(sample.seed).sample(known, count)  # noqa: S311 - no secret
    picked.sort(key=lambda one: one[1].record["seconds"])
    return picked[: sample.count]


def _left_out(root: Path) -> Any:
    """Return what keeps a bundle's results, pages and lock from the code that is run."""
    hidden = {"build", "tables", "report.pdf", "report.html", "report.lock", RESULTS}

    def ignored(place: str, names: list[str]) -> set[str]:
        return hidden & {*names} if Path(place) == root else set()

    return ignored


def _answered(folder: Path, asked: Asked) -> Mapping[str, Any]:
    """Have the runs computed; what is said of each, also when that ended badly."""
    plain = {**asdict(asked), "data": str(asked.data) if asked.data else None}
    (folder / ASKED).write_text(json.dumps(plain), encoding="utf-8")
    own = {name: os.environ[name] for name in KEPT_OF_ENVIRONMENT if name in os.environ}
    scratch = folder / "scratch"
    scratch.mkdir()
    places = ("HOME", "TMPDIR", "XDG_STATE_HOME", "XDG_CACHE_HOME", "MPLCONFIGDIR")
    own |= dict.fromkeys(places, str(scratch))
    command = [sys.executable, "-P", "-m", "reporter.verify.again", str(folder)]
    with (folder.parent / "log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - this program
            command, cwd=folder, env=own, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            start_new_session=True,
        )  # fmt: skip
        try:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(STARTING_S + asked.seconds * len(asked.runs))
        finally:
            _end(process)
    try:
        return dict(json.loads((folder / ANSWER).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        lines = (folder.parent / "log").read_text("utf-8", "replace").splitlines()
        last = visible(lines[-1])[:200] if lines else "it took too long"
        error = {"key": "", "inputs": {}, "error": f"the process ended: {last}"}
        return {"lacking": (), "runs": [error] * len(asked.runs)}


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process and all that it started and that did not leave its session."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _compared(
    job: Job, stored: Stored, told: Mapping[str, Any], store: Store, tolerance: float | None
) -> Iterator[Verdict]:
    """Yield how a result compares with that of the same run computed again."""
    where = f"{job.run} (seed {job.seed})"
    inputs = {name: told["inputs"].get(name) for name in job.inputs}
    other = [name for name in inputs if told["key"] and inputs[name] != job.inputs[name]]
    again = store.load(job.key)
    if other:
        yield note("rerun", where, f"not re-run, because {other[0]} is another one here")
    elif told["key"] not in ("", job.key):
        message = "it is another run now: code or parameters are not those of the lock"
        yield bad("rerun", where, message)
    elif again is None:
        yield note("rerun", where, f"not re-run, because {told['error'] or 'nothing was stored'}")
    else:
        yield from _beside(where, stored, again, tolerance)


def _beside(
    where: str, stored: Stored, again: Stored, tolerance: float | None
) -> Iterator[Verdict]:
    is_same = _arithmetic(stored) == _arithmetic(again)
    allowed = (0.0 if is_same else TOLERANCE) if tolerance is None else tolerance
    how = f"within {allowed:g}" if allowed else "bit for bit"
    whose = "the same arithmetic" if is_same else "other arithmetic (versions, device or threads)"
    parts = list(_unlike(stored, again, allowed))
    if not parts:
        yield good("rerun", where, f"computed again by {whose}, its metrics agree {how}")
    for part in parts:
        yield bad("rerun", where, f"{part} when computed again by {whose}; allowed: {how}")


def _arithmetic(stored: Stored) -> dict[str, Any]:
    """Return what decides how a result is rounded."""
    found = {name: stored.record.get(name) for name in ARITHMETIC}
    known = found["versions"]
    if isinstance(known, dict):
        found["versions"] = {name: known[name] for name in sorted(known) if name not in OWN}
    return found


def _unlike(stored: Stored, again: Stored, allowed: float) -> Iterator[str]:
    """Yield what differs by more than is allowed: metrics; without allowance all numbers.

    How long something took is never compared.
    """
    for name, value in stored.result.items():
        other = again.result.get(name)
        if isinstance(value, Metric) and isinstance(other, Metric):
            if value.unit != TIME:
                yield from _metric(name, value, other, allowed)
        elif isinstance(value, Table) and isinstance(other, Table):
            if not allowed and _plain(value) != _plain(other):
                yield f"the table {name} differs"
        elif type(value) is not type(other):
            yield f"{name} is there no more"


def _metric(name: str, value: Metric, other: Metric, allowed: float) -> Iterator[str]:
    room = allowed if value.unit == "fraction" else allowed * abs(other.value)
    is_one = repr(value.value) == repr(other.value)  # nan, too
    if not is_one and not abs(value.value - other.value) <= room:
        yield f"{name} is {value.value:.6g} and {other.value:.6g}"
    elif not allowed and _plain(value) != _plain(other):
        yield f"{name} has other readings on its way"


def _plain(value: Metric | Table) -> Any:
    """Return numbers as plain data, the times in a table left out."""
    plain = to_plain(value, {})
    if isinstance(value, Table):
        kept = [place for place, column in enumerate(value.columns) if column.unit != TIME]
        plain["rows"] = [[row[place] for place in kept] for row in plain["rows"]]
    return plain
