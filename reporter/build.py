"""THE PAGE: report.toml → registry → plan → runs → store → text → HTML → PDF, one straight line."""

from __future__ import annotations

import hashlib
import json
import os
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reporter import lock, plan, registry, report, runner, shipped
from reporter.datasets.digests import Digests
from reporter.errors import ReportError, TextError
from reporter.executors.local import LocalExecutor
from reporter.prose import document, page
from reporter.prose.views import Finished
from reporter.runner import Event, Outcome, Runner
from reporter.sources import Sources
from reporter.store import Store, dump, to_plain, write_atomically

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reporter.plan import Plan
    from reporter.prose.document import Document
    from reporter.report import Report


@dataclass(frozen=True, kw_only=True)
class Request:
    """What the user asks for; every flag of `report build` ends here."""

    folder: Path  # of report.toml
    root: Path  # of outputs: build/
    runs: tuple[str, ...] | None = None  # None: all
    sections: tuple[str, ...] = ()  # (): the whole report
    formats: tuple[str, ...] = ("html", "pdf")
    overrides: tuple[str, ...] = ()
    is_quick: bool = False
    is_frozen: bool = False
    download: bool = False
    force: bool = False
    stops_at_failure: bool = False
    jobs: int | None = None  # worker processes; None: one per core
    watch: Callable[[Event], None] = lambda _: None


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
    needed = document.needed_runs(workplace.report, request.sections)
    wanted = request.runs or needed
    planned = make_plan(request, workplace, wanted)
    outcomes = carry_out(request, workplace, planned)
    finished = finish(workplace, outcomes)
    try:
        composed = document.compose(workplace.report, finished, workplace.root / "figures")
    except ReportError as exc:  # too late for "nothing was started"
        raise TextError(str(exc)) from exc
    pages = set_pages(request, workplace, composed)
    files, shown = write_pages(request, workplace, pages)
    built = Built(
        report=workplace.report,
        outcomes=outcomes,
        document=composed,
        files=files,
        seconds=time.monotonic() - began,
    )
    if not request.sections:
        write_records(workplace, built, shown)
    return built


def review(request: Request) -> Document:
    """Compose the report over what is stored; run nothing, write nothing."""
    at = open_workplace(request)
    outcomes = runner.stored(current_plan(at), at.store)
    return document.compose(at.report, finish(at, outcomes), at.root / "figures")


@dataclass(frozen=True, kw_only=True)
class Workplace:
    """The opened report and the places that its build reads and writes."""

    report: Report
    sources: Sources
    store: Store
    root: Path  # build/
    output: Path  # build/<name>/
    lock: Path
    experiments: tuple[Path, ...]


def open_workplace(request: Request) -> Workplace:
    """Read report.toml and find the folders of this build."""
    opened = report.load(request.folder, request.overrides)
    name = f"{opened.name}@quick" if request.is_quick else opened.name
    output = request.root / name
    is_shipped = request.folder.is_relative_to(shipped.folder("templates"))
    beside = not (is_shipped or request.is_quick or request.overrides)
    sources = Sources(
        report=opened,
        cache=request.root / "cache" / "data",
        digests=Digests(request.root / "cache" / "digests.json"),
        is_quick=request.is_quick,
        download=request.download,
    )
    return Workplace(
        report=opened,
        sources=sources,
        store=Store(Path(os.environ.get("REPORT_STORE") or request.root / "store")),
        root=request.root,
        output=output,
        lock=(request.folder if beside else output) / "report.lock",
        experiments=(shipped.folder("experiments"), request.folder / "experiments"),
    )


def make_plan(request: Request, at: Workplace, wanted: tuple[str, ...] | None) -> Plan:
    """Return the locked plan where nothing changed or --frozen says so, else a new one."""
    locked = lock.read(at.lock)
    if request.is_frozen:
        return _frozen(locked, at, wanted)
    stamp = lock.stamp(at.report, at.sources, at.experiments)
    if locked and locked[1] == stamp and not request.force and wanted is None:
        is_stored = all(job.key in at.store for job in locked[0].jobs)
        if is_stored and lock.is_fresh(locked[0], at.sources):
            return locked[0]
    made = current_plan(at, wanted)
    if wanted is None:
        lock.write(at.lock, made, stamp)
    return made


def current_plan(at: Workplace, wanted: tuple[str, ...] | None = None) -> Plan:
    """Return the plan as the sources are now."""
    made = plan.make(at.report, registry.load(at.experiments), at.sources, at.store, wanted)
    at.sources.digests.remember()
    return made


def carry_out(request: Request, at: Workplace, planned: Plan) -> tuple[Outcome, ...]:
    """Compute what is missing; a frozen build only looks."""
    if request.is_frozen:
        return runner.stored(planned, at.store)
    settings = at.report.settings
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    slots = request.jobs or max(1, (cores or 1) // settings.threads)
    return Runner(
        store=at.store,
        work=at.root / "work",
        logs=at.output / "logs",
        device=settings.device,
        threads=settings.threads,
        executor=LocalExecutor(slots),
        stops_at_failure=request.stops_at_failure,
        watch=request.watch,
    ).run(planned, force=request.force)


def finish(at: Workplace, outcomes: tuple[Outcome, ...]) -> dict[str, Finished]:
    """Read the results back and gather them by run; a run fails as a whole."""
    finished = {}
    for name in at.report.runs:
        mine = [outcome for outcome in outcomes if outcome.job.run == name]
        errors = [outcome.error for outcome in mine if outcome.error]
        results = [] if errors else [at.store.load(outcome.job.key) for outcome in mine]
        if None in results:
            errors = ["its stored result is damaged; build again with --force"]
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


def write_pages(
    request: Request, at: Workplace, pages: Mapping[Path, str]
) -> tuple[tuple[Path, ...], dict[str, str]]:
    """Write HTML and PDF; a PDF whose page is unchanged stays as it is.

    Returns:
        The files, and for each PDF by name the sha-256 of the page that it shows.
    """
    written: list[Path] = []
    known = _last_build(at.output).get("pages", {})
    shown = {}
    for path, html in pages.items():
        content = html.encode()
        if "html" in request.formats:
            _write_changed(path.with_suffix(".html"), content)
            written.append(path.with_suffix(".html"))
        if "pdf" in request.formats:
            target = path.with_suffix(".pdf")
            shown[target.name] = hashlib.sha256(content).hexdigest()
            if known.get(target.name) != shown[target.name] or not target.is_file():
                from reporter import pdf

                write_atomically(target, pdf.render(html))
            written.append(target)
    return tuple(written), shown


def write_records(at: Workplace, built: Built, shown: Mapping[str, str]) -> None:
    """Write results.json, what the report shows, and last-build.json, what this build did."""
    runs = {
        name: {
            "experiment": run.jobs[0].experiment if run.jobs else None,
            "parameters": run.jobs[0].parameters if run.jobs else None,
            "keys": {str(job.seed): job.key for job in run.jobs},
            "inputs": run.jobs[0].inputs if run.jobs else {},
            "error": run.error,
            "results": [_plain(stored.result) for stored in run.results],
            "records": [stored.record for stored in run.results],
        }
        for name, run in built.document.finished.items()
    }
    claims = [vars(claim) for claim in built.document.claims]
    results = {"report": built.report.name, "runs": runs, "claims": claims}
    _write_changed(at.output / "results.json", dump(results))
    counts = {state: [] for state in ("cached", "ran", "failed", "not run", "missing")}  # type: ignore[var-annotated]
    for outcome in built.outcomes:
        counts[outcome.state].append(f"{outcome.job.run} (seed {outcome.job.seed})")
    last = {
        **counts,
        "seconds": round(built.seconds, 2),
        "pages": shown or _last_build(at.output).get("pages", {}),
        "problems": [vars(problem) for problem in built.document.problems],
    }
    write_atomically(at.output / "last-build.json", dump(last))


def _plain(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return metrics and tables as plain data; figures and checkpoints stay in the store."""
    from reporter.artifacts import Metric, Table

    files: dict[str, bytes] = {}
    return {
        name: to_plain(replace(value, history=()) if isinstance(value, Metric) else value, files)
        for name, value in result.items()
        if isinstance(value, Metric | Table)
    }


def _frozen(locked: tuple[Plan, str] | None, at: Workplace, wanted: tuple[str, ...] | None) -> Plan:
    """Return the locked plan, trusting it."""
    if locked is None:
        raise ReportError(f"--frozen: no lock {at.lock}; build once without --frozen")
    missing = [n for n in (wanted or at.report.runs) if n not in locked[0].runs()]
    if missing:
        raise ReportError(f"--frozen: run {missing[0]!r} is not in {at.lock}; build it once")
    names = set(at.report.runs if wanted is None else wanted)
    return plan.Plan(jobs=tuple(job for job in locked[0].jobs if job.run in names))


def _last_build(output: Path) -> dict[str, Any]:
    try:
        return dict(json.loads((output / "last-build.json").read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}


def _write_changed(path: Path, content: bytes) -> None:
    if not path.is_file() or path.read_bytes() != content:
        write_atomically(path, content)
