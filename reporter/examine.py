"""A request → what checks look at: the report over what is stored, beside the files of a build."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from reporter import lock, outputs, standing
from reporter.build import composed_over, plan_of
from reporter.causes import causes, differences
from reporter.check.subject import RunState, Subject
from reporter.errors import ReportError
from reporter.plain import dump
from reporter.states import last_error
from reporter.workplace import open_workplace

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping
    from pathlib import Path

    from reporter.pdf.reading import Pages
    from reporter.plan import Job, Plan
    from reporter.prose.views import Finished
    from reporter.workplace import Request, Workplace

NAMED = 2  # causes that are told of a stale run; `report why` has all


def subject(request: Request, now: dt.datetime) -> Subject:
    """Compose a report over what is stored, and read what its last build left; run nothing.

    Raises:
        ReportError: sources that no page could be composed from.
    """
    at = open_workplace(request)
    planned = plan_of(request, at)
    document = composed_over(at, planned)
    shown = _shown(at.output / outputs.RESULTS)
    html = at.output / "report.html"
    return Subject(
        document=document,
        folder=request.folder,
        output=at.output,
        lock=at.lock,
        pages=_pages(at.output / "report.pdf"),
        html=html.read_bytes() if html.is_file() else None,
        states=_states(at, planned, document.finished, _changed(shown, outputs.runs(document))),
        shown=shown,
        is_current=standing.is_current(request, at, planned),
        is_quick=request.is_quick,
        is_frozen=request.is_frozen,
        now=now,
    )


def _pages(path: Path) -> Pages | None:
    from reporter.pdf.reading import read

    try:
        return read(path.read_bytes(), path.name)
    except (OSError, ReportError):
        return None


def _shown(path: Path) -> dict[str, Any]:
    """Return what a results.json holds; {} where there is none, or none of ours."""
    try:
        found = json.loads(path.read_bytes())
        return found if all(isinstance(run, dict) for run in found["runs"].values()) else {}
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return {}


def _changed(shown: Mapping[str, Any], now: Mapping[str, Any]) -> set[str]:
    """Return the runs of which built pages show other results than there are now."""
    plain = json.loads(dump(now))
    return {
        name
        for name, run in plain.items()
        if shown
        and any(run[part] != shown["runs"].get(name, {}).get(part) for part in ("keys", "results"))
    }


def _states(
    at: Workplace, planned: Plan, finished: Mapping[str, Finished], changed: set[str]
) -> dict[str, RunState]:
    """Return how each run stands."""
    locked = lock.read(at.lock)
    before = locked[0] if locked else None
    states = {}
    for name, run in finished.items():
        known = before.of(name) if before else ()
        if run.error:
            states[name] = _lost(at, planned, before, run, known)
            continue
        said = next(differences(known[0], run.jobs[0], at.traces), "") if known else ""
        if name in changed:
            why = "the built report shows another result"
            states[name] = RunState(state="stale", why=f"{why}: {said}" if said else why)
        elif said:
            states[name] = RunState(state="stale", why=f"report.lock is of other sources: {said}")
        else:
            states[name] = RunState(state="fresh")
    return states


def _lost(
    at: Workplace, planned: Plan, before: Plan | None, run: Finished, known: tuple[Job, ...]
) -> RunState:
    """Return how a run without a result stands."""
    errors = [last_error(at.root / "work" / job.key) for job in run.jobs]
    if any(errors):
        return RunState(state="failed", why=next(filter(None, errors)))
    found = causes(run.name, before, planned, at.traces)
    if known and [job.key for job in known] != [job.key for job in run.jobs]:
        more = [f"{len(found) - NAMED} more"] * (len(found) > NAMED)
        return RunState(state="stale", why="; ".join([*found[:NAMED], *more]))
    told = run.error.partition(";")[0]
    is_damaged = "damaged" in told
    return RunState(state="missing", why=told if is_damaged else f"{told}: {'; '.join(found)}")
