"""Jobs of a plan → the order in which they start, so that few processors idle; when each ends."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reporter.plan import Job


def ordered(jobs: Sequence[Job]) -> list[Job]:
    """Return the jobs, which come after those they need, in the order in which to start them.

    Jobs that build on each other can't be done side by side, so the longest chains begin first;
    then runs with few seeds, since seeds are what a run is divided into. Many small jobs are left
    to fill the end. No seconds of the past enter: the order is the same on every machine. Equal
    ones keep the order of the plan. What is needed and not among the jobs has ended already.
    """
    before = _lengths({job.key: job.needs for job in jobs})
    needed_by: dict[str, list[str]] = {job.key: [] for job in reversed(jobs)}
    for job in jobs:
        for need in job.needs:
            needed_by.setdefault(need, []).append(job.key)
    after = _lengths(needed_by)
    seeds = Counter(job.run for job in jobs)
    return sorted(jobs, key=lambda job: (-before[job.key] - after[job.key], seeds[job.run]))


def finish_times(
    jobs: Sequence[Job], seconds: Mapping[str, float], slots: int, running: Mapping[str, float]
) -> dict[str, float]:
    """Return after how many seconds each job ends, as a runner goes through them.

    Args:
        jobs: in the order in which they start, each as soon as a slot is free and what it needs
            has ended; what is needed and not among them has ended already.
        seconds: that each of them takes, by key.
        slots: how many run at a time.
        running: key → seconds still to go, of those that have started.
    """
    waiting, going, ends = list(jobs), dict(running), dict(running)
    now = 0.0
    while waiting or going:
        open_keys = {*going, *(job.key for job in waiting)}
        ready = (job for job in waiting if open_keys.isdisjoint(job.needs))
        for job in list(islice(ready, max(0, slots - len(going)))):
            going[job.key] = ends[job.key] = now + seconds[job.key]
            waiting.remove(job)
        now = min(going.values())
        going = {key: end for key, end in going.items() if end > now}
    return ends


def _lengths(needs: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Return how many jobs the longest chain up to each has; needs come before what needs them."""
    found: dict[str, int] = {}
    for key, needed in needs.items():
        found[key] = 1 + max((found[need] for need in needed if need in found), default=0)
    return found
