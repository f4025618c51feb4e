"""Plan, store and work folders → how each job stands: stored or to run, and what that costs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from reporter.errors import one_line
from reporter.past import past_seconds, size_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from reporter.plan import Job, Plan
    from reporter.store import Store

State = Literal["stored", "to run", "failed", "running"]


@dataclass(frozen=True, kw_only=True)
class Standing:
    """One job: whether its result is there, and what was or would be spent on it.

    Attributes:
        seconds: what it took, or took last with other parameters; None if nobody knows.
        size: of the stored result in bytes.
        error: why it failed when it was last tried as it is.
    """

    job: Job
    state: State
    seconds: float | None
    size: int = 0
    error: str = ""


def standings(plan: Plan, store: Store, work: Path, report: str) -> tuple[Standing, ...]:
    """Return how the jobs of a plan stand, in its order.

    Args:
        plan: as the sources are now.
        store: where results are.
        work: build/work, where a failure leaves its error.
        report: the name of the build's folder, for the seconds of the past.
    """
    stored = {job.key for job in plan.jobs if store.load(job.key)}  # first: it may fetch records
    seconds = past_seconds(plan.jobs, store, report)
    return tuple(
        _stored(job, store, seconds.get(job.key))
        if job.key in stored
        else _missing(job, store, work, seconds.get(job.key))
        for job in plan.jobs
    )


def missing(found: Iterable[Standing]) -> tuple[Standing, ...]:
    """Return one for each result that a build would compute: equal jobs are computed once."""
    return tuple({one.job.key: one for one in found if one.state != "stored"}.values())


def _stored(job: Job, store: Store, seconds: float | None) -> Standing:
    size = size_of(store.root / job.key)
    return Standing(job=job, state="stored", seconds=seconds, size=size)


def _missing(job: Job, store: Store, work: Path, seconds: float | None) -> Standing:
    error = last_error(work / job.key)
    state: State = "failed" if error else "to run"
    if store.is_claimed(job.key):
        state, error = "running", ""
    return Standing(job=job, state=state, seconds=seconds, error=error)


def last_error(folder: Path) -> str:
    """Return what a worker that failed left; the next one that starts removes it."""
    try:
        found = json.loads((folder / "error.json").read_text(encoding="utf-8"))
        return one_line(str(found["error"]))
    except (OSError, ValueError, LookupError, TypeError):
        return ""
