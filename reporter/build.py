"""THE PAGE: report.toml → registry → plan → runs → store → text → HTML → PDF, one straight line."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reporter import runner
from reporter.errors import ReportError, TextError
from reporter.outputs import enclosures, write_pages, write_records
from reporter.prose import document, page
from reporter.prose.views import Finished
from reporter.workplace import (
    Request,
    Workplace,
    carry_out,
    current_plan,
    make_plan,
    open_workplace,
)

if TYPE_CHECKING:
    from pathlib import Path

    from reporter.prose.composed import Document
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
    """What a build did and wrote."""

    report: Report
    outcomes: tuple[Outcome, ...]
    document: Document
    files: tuple[Path, ...]
    seconds: float

    @property
    def is_well(self) -> bool:
        """Tell whether every run has its result and nothing in the text is broken."""
        return not (
            any(run.error for run in self.document.finished.values() if run.jobs)
            or self.document.broken
            or self.document.problems
        )


def build(request: Request) -> Built:
    """Do the whole line: plan, run what is missing, write text, page and PDF.

    Raises:
        ReportError: a mistake that was found before anything was started or written.
        TextError: a section asks for what the results do not hold; they are kept.
    """
    began = time.monotonic()
    workplace = open_workplace(request)
    wanted = document.needed_runs(workplace.report, request.sections)
    planned = make_plan(request, workplace, wanted)
    outcomes = carry_out(request, workplace, planned)
    finished = finish(workplace, outcomes)
    try:
        composed = text_over(workplace, finished)
    except ReportError as exc:  # too late for "nothing was started"
        raise TextError(str(exc)) from exc
    pages = set_pages(request, workplace, composed)
    enclosed = {} if request.sections else enclosures(workplace, composed)
    files, shown = write_pages(workplace.output, pages, request.formats, enclosed)
    built = Built(
        report=workplace.report,
        outcomes=outcomes,
        document=composed,
        files=files,
        seconds=time.monotonic() - began,
    )
    if not request.sections:
        write_records(workplace.output, composed, outcomes, built.seconds, shown)
    return built


def compute(request: Request) -> tuple[Outcome, ...]:
    """Compute what is missing of the asked runs; write no page and no record."""
    workplace = open_workplace(request)
    return carry_out(request, workplace, make_plan(request, workplace, request.runs))


def review(request: Request) -> Document:
    """Compose the report over what is stored; run nothing, write nothing.

    Which results those are, the sources say; of a frozen request, the lock.
    """
    at = open_workplace(request)
    planned = make_plan(request, at, None) if request.is_frozen else current_plan(at)
    outcomes = runner.stored(planned, at.store)
    return text_over(at, finish(at, outcomes))


def text_over(at: Workplace, finished: dict[str, Finished]) -> Document:
    """Compose the report's text over what its runs returned."""
    return document.compose(at.report, finished, at.root / "figures", changes=at.changes)


def finish(at: Workplace, outcomes: tuple[Outcome, ...]) -> dict[str, Finished]:
    """Read the results back and gather them by run; a run fails as a whole."""
    finished = {}
    for name in at.report.runs:
        mine = [outcome for outcome in outcomes if outcome.job.run == name]
        errors = [outcome.error for outcome in mine if outcome.error]
        results = [] if errors else [at.store.load(outcome.job.key) for outcome in mine]
        if None in results:
            errors = ["its stored result was damaged or removed just now; build again"]
        if not mine:
            errors = ["not part of this build"]
        finished[name] = Finished(
            name=name,
            jobs=tuple(outcome.job for outcome in mine),
            results=() if errors else tuple(stored for stored in results if stored),
            error=errors[0] if errors else "",
        )
    return finished


def set_pages(request: Request, at: Workplace, composed: Document) -> dict[Path, str]:
    """Return the HTML of each page by where it goes, without ending."""
    if not request.sections:
        return {at.output / "report": page.whole(composed)}
    names = dict.fromkeys(request.sections)
    return {at.output / "sections" / name: page.section(composed, name) for name in names}
