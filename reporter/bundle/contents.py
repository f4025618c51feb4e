"""A report, its rules and its last build → the files that are handed in, by path in the bundle.

A bundle is a workspace of its own: sources, lock and stored results lie where a build looks for
them, the outputs beside.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reporter.check import handed_in
from reporter.check.handed_in import OUTPUTS, TABLES
from reporter.errors import ReportError
from reporter.outputs import RESULTS, enclosures

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from reporter.check.finding import Finding
    from reporter.plan import Plan
    from reporter.prose.composed import Document
    from reporter.report import Report
    from reporter.rules import Rules
    from reporter.workplace import Workplace

PAGES = ("report.html", RESULTS)  # what is made again, beside the tables


def sources(document: Document, rules: Rules) -> dict[str, bytes]:
    """Return what a person wrote: specification, texts, experiments, pictures, rules."""
    return _read(handed_in.sources(document, rules))


def attached(report: Report, rules: Rules) -> tuple[dict[str, bytes], list[Finding]]:
    """Return the files that `attach` adds, and what it names and can't add."""
    found, findings = handed_in.attached(report, rules)
    return _read(found), findings


def results(at: Workplace, planned: Plan) -> dict[str, bytes]:
    """Return the lock and the stored results of a plan, without their networks."""
    found = {"report.lock": at.lock.read_bytes()}
    for key in sorted({job.key for job in planned.jobs if job.key in at.store}):
        entry = at.store.portable(key)
        found |= {f"build/store/{key}/{name}": content for name, content in entry.items()}
    return found


def insist_built(at: Workplace) -> None:
    """Insist on what a build leaves.

    Raises:
        ReportError: one of its files is missing.
    """
    for path in (*(at.output / name for name in OUTPUTS), at.lock):
        if not path.is_file():
            raise ReportError(f"{path}: missing; `report build` makes it")


def made(files: Iterable[str]) -> tuple[str, ...]:
    """Return those of a bundle's files that can be made from the others, byte for byte."""
    return tuple(path for path in files if path in PAGES or path.startswith(f"{TABLES}/"))


def outputs(at: Workplace, document: Document) -> dict[str, bytes]:
    """Return the pages and results of the last build, and the tables as CSV."""
    pages = {name: (at.output / name).read_bytes() for name in OUTPUTS}
    return pages | tables(enclosures(at, document))


def tables(enclosed: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the tables among what a report's PDF carries, as a bundle has them."""
    found = {name: content for name, content in enclosed.items() if name.endswith(".csv")}
    return {f"{TABLES}/{name}": content for name, content in found.items()}


def _read(paths: Mapping[str, Path]) -> dict[str, bytes]:
    return {name: path.read_bytes() for name, path in paths.items()}
