"""THE PAGE: report.toml → registry → plan → runs → store → text → HTML → PDF, one straight line."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from reporter import runner, standing
from reporter.errors import ReportError, TextError
from reporter.files import one_at_a_time
from reporter.outputs import RESULTS, enclosures, write_pages, write_record, write_results
from reporter.plan import seeds_text
from reporter.workplace import (
    Request,
    Workplace,
    carry_out,
    current_plan,
    make_plan,
    open_workplace,
    share,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from reporter.plan import Plan
    from reporter.prose.composed import Document
    from reporter.prose.views import Finished
    from reporter.report import Report
    from reporter.runner import Outcome

__all__ = [
    "Built",
    "Request",
    "build",
    "compute",
    "current_plan",
    "make_plan",
    "open_workplace",
    "review",
]


@dataclass(frozen=True, kw_only=True)
class Built:
    """What a build did and wrote.

    Attributes:
        document: the composed report; None where nothing had changed since the last build.
        made: what last-build.json says of the pages: what they were made from, what is wrong.
    """

    report: Report
    outcomes: tuple[Outcome, ...]
    document: Document | None
    made: Mapping[str, Any]
    files: tuple[Path, ...]
    seconds: float

    @property
    def is_well(self) -> bool:
        """Tell whether every run has its result and nothing in the text is broken."""
        return not (self.made["failures"] or self.made["broken"] or self.made["problems"])


def build(request: Request) -> Built:
    """Do the whole line: plan, run what is missing, write text, page and PDF.

    Where nothing changed since the last build, that one is told again.

    Raises:
        ReportError: a mistake that was found before anything was started or written.
        TextError: a section asks for what the results do not hold; they are kept.
    """
    began = time.monotonic()
    at = open_workplace(request)
    sources = standing.sources(request, at)
    last = standing.last_build(at.output, sources)
    wanted = None if last else _needed_runs(request, at)
    planned = make_plan(request, at, wanted, partial(standing.is_stored, at, last))
    is_verified = planned.is_locked and not request.is_frozen
    stands = is_verified and standing.stands(last, at, planned)
    outcomes = runner.unchanged(planned) if stands else carry_out(request, at, planned)
    with one_at_a_time(at.output / ".lock"):  # so that the record speaks of these pages
        if stands:
            composed, made = None, last
        else:
            made_from = {"sources": sources, "results": standing.results(at, planned)}
            composed, made = _set(request, at, outcomes, made_from)
        seconds = time.monotonic() - began
        if not request.sections:
            write_record(at.output, made, outcomes, seconds)
    share(request, at, planned)
    return Built(
        report=at.report,
        outcomes=outcomes,
        document=composed,
        made=made,
        files=tuple(at.output / name for name in made["files"] if name != RESULTS),
        seconds=seconds,
    )


def _needed_runs(request: Request, at: Workplace) -> tuple[str, ...] | None:
    from reporter.prose import needs

    return needs.needed_runs(at.report, request.sections)


def _set(
    request: Request, at: Workplace, outcomes: tuple[Outcome, ...], made_from: Mapping[str, Any]
) -> tuple[Document, dict[str, Any]]:
    """Write text, pages and results; return what last-build.json says of them, too."""
    try:
        composed = text_over(at, finish(at, outcomes))
    except ReportError as exc:  # too late for "nothing was started"
        raise TextError(str(exc)) from exc
    pages = set_pages(request, at, composed)
    enclosed = {} if request.sections else enclosures(at, composed)
    files, shown = write_pages(at.output, pages, request.formats, enclosed)
    if not request.sections:
        files += (write_results(at.output, enclosed[RESULTS]),)
    runs = composed.finished.items()
    return composed, {
        **made_from,
        "pages": shown,
        "pictures": composed.pictures,
        "files": standing.digests(at.output, files),
        "failures": {name: run.error for name, run in runs if run.jobs and run.error},
        "broken": [vars(claim) for claim in composed.broken],
        "problems": [vars(problem) for problem in composed.problems],
    }


def compute(request: Request) -> tuple[Outcome, ...]:
    """Compute what is missing of the asked runs; write no page and no record."""
    at = open_workplace(request)
    planned = make_plan(request, at, request.runs)
    outcomes = carry_out(request, at, planned)
    share(request, at, planned)
    return outcomes


def review(request: Request) -> Document:
    """Compose the report over what is stored; run nothing, write nothing."""
    at = open_workplace(request)
    return composed_over(at, plan_of(request, at))


def plan_of(request: Request, at: Workplace) -> Plan:
    """Return what results a report is composed from, by its sources; frozen, by its lock."""
    return make_plan(request, at, None) if request.is_frozen else current_plan(at)


def composed_over(at: Workplace, planned: Plan) -> Document:
    """Compose the report over the results of a plan that are stored; run nothing."""
    return text_over(at, finish(at, runner.stored(planned, at.store)))


def text_over(at: Workplace, finished: dict[str, Finished]) -> Document:
    """Compose the report's text over what its runs returned."""
    from reporter.prose import document

    return document.compose(at.report, finished, at.root / "figures", changes=at.changes)


def finish(at: Workplace, outcomes: tuple[Outcome, ...]) -> dict[str, Finished]:
    """Read the results back and gather them by run; a run fails as a whole."""
    from reporter.prose.views import Finished

    finished = {}
    for name in at.report.runs:
        mine = [outcome for outcome in outcomes if outcome.job.run == name]
        error, log = _failure(mine)
        results = [] if error else [at.store.load(outcome.job.key) for outcome in mine]
        if None in results:
            error = "its stored result was damaged or removed just now; build again"
        if not mine:
            error = "not part of this build"
        finished[name] = Finished(
            name=name,
            jobs=tuple(outcome.job for outcome in mine),
            results=() if error else tuple(stored for stored in results if stored),
            error=error,
            log=log.relative_to(at.output).as_posix() if log else "",
        )
    return finished


def _failure(outcomes: Sequence[Outcome]) -> tuple[str, Path | None]:
    """Return why a run has no result, and the log of that: of the first seed that failed."""
    lost = [outcome for outcome in outcomes if outcome.error]
    if not lost:
        return "", None
    first = lost[0]
    same = [outcome for outcome in lost if outcome.error == first.error]
    if len(same) == len(outcomes):
        return first.error, first.log
    seeds = seeds_text([outcome.job.seed for outcome in same])
    word = "seed" if len(same) == 1 else "seeds"
    return f"with {word} {seeds}: {first.error}", first.log


def set_pages(request: Request, at: Workplace, composed: Document) -> dict[Path, str]:
    """Return the HTML of each page by where it goes, without ending."""
    from reporter.prose import page

    if not request.sections:
        return {at.output / "report": page.whole(composed)}
    names = dict.fromkeys(request.sections)
    return {at.output / "sections" / name: page.section(composed, name) for name in names}
