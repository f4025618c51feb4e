"""Jobs of a plan → the order in which they start, so that few processors idle near the end."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reporter.plan import Job


def ordered(jobs: Sequence[Job]) -> list[Job]:
    """Return the jobs, which come after those they need, in the order in which to start them.

    Jobs that build on each other can't be done side by side, so the longest chains begin first;
    then runs with few seeds, since seeds are what a run is divided into. Many small jobs are left
    to fill the end. No seconds of the past enter: the order is the same on every machine. Equal
    ones keep the order of the plan.
    """
    before = _lengths({job.key: job.needs for job in jobs})
    needed_by: dict[str, list[str]] = {job.key: [] for job in reversed(jobs)}
    for job in jobs:
        for need in job.needs:
            needed_by[need].append(job.key)
    after = _lengths(needed_by)
    seeds = Counter(job.run for job in jobs)
    return sorted(jobs, key=lambda job: (-before[job.key] - after[job.key], seeds[job.run]))


def _lengths(needs: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Return how many jobs the longest chain up to each has; needs come before what needs them."""
    found: dict[str, int] = {}
    for key, needed in needs.items():
        found[key] = 1 + max((found[need] for need in needed), default=0)
    return found
