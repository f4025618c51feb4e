"""The rules of an assignment ↔ a bundle: what the check of a report finds in it, and its files."""

from __future__ import annotations

import contextlib
import datetime as dt
import re
from pathlib import Path
from typing import TYPE_CHECKING

from reporter import rules
from reporter.check.finding import Finding
from reporter.check.rules import judged as broken
from reporter.check.rules import of_archive, of_files
from reporter.check.subject import RunState, Subject
from reporter.errors import ReportError
from reporter.rules.sentences import moment_text
from reporter.verify.verdicts import Verdict, bad, good, note, told

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reporter.bundle import Opened
    from reporter.report import Report
    from reporter.rules import Rules
    from reporter.verify.rebuilt import Rebuilt

NEVER = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)  # before any deadline: no bundle says when it came


def held(report: Report, course: Path | None = None) -> Rules:
    """Return the rules of a report; of a course's own file, whatever the report says beside it."""
    return rules.read(report) if course is None else rules.imposed(report, course)


def judged(opened: Opened, made: Rebuilt, course: Path | None) -> Iterator[Verdict]:
    """Yield the rules that a bundle breaks.

    Args:
        opened: the bundle.
        made: its pages, made again.
        course: the course's file; None: the rules are those that the bundle has.
    """
    rule = held(made.at.report, course)
    found = [*broken(rule, _subject(made)), *of_files(rule, opened.sizes)]
    if opened.path.is_file():
        size = opened.path.stat().st_size
        found += [*of_archive(rule, opened.path.name, size), *_name(opened.path, rule, made)]
    parts = [bad("rules", one.where, one.message) for one in dict.fromkeys(found)]
    whose = course.name if course else "the bundle"
    well = good("rules", "", f"{len(rule.sources)} rules of {whose} are kept")
    if not rule.sources:
        well = note("rules", "", "no rules: name those of the course by --rules assignment.toml")
    yield from told(parts, well)
    if course and opened.manifest.rules and opened.manifest.rules.get("sha256") != rule.sha256:
        yield note("rules", "manifest.json", f"was bundled by other rules than {course.name}")
    if rule.given.due:
        due = moment_text(rule.given.due)
        yield note("rules", "", f"deadline {due} is not judged: no bundle says when it came")
    for one in opened.manifest.unmet:
        where, message = one.get("where", ""), one.get("message", "")
        yield note("rules", "manifest.json", f"was bundled all the same: {where}: {message}")


def _subject(made: Rebuilt) -> Subject:
    """Return the report as it stands in the bundle: over its own results, on its pages."""
    at = made.at
    return Subject(
        document=made.document,
        folder=at.report.folder,
        output=at.report.folder,  # where a bundle has its pages
        lock=at.lock,
        pages=made.pages,
        html=made.html,
        states={name: _state(run.error) for name, run in made.document.finished.items()},
        shown={},
        is_current=True,
        is_frozen=True,
        now=NEVER,
    )


def _state(error: str) -> RunState:
    return RunState(state="missing", why=error) if error else RunState(state="fresh")


def _name(path: Path, rule: Rules, made: Rebuilt) -> Iterator[Finding]:
    """Yield that an archive has another name than the rules ask for.

    Sites that hand out what was handed in put a student's name before it, and a number of the
    attempt after it.
    """
    with contextlib.suppress(ReportError):  # which is told without an archive, too
        wanted = rules.archive_name(rule, made.at.report)
        stem = re.escape(Path(wanted).stem)
        if not re.fullmatch(rf"(?:.*_)?{stem}(?:-\d+)?\.zip", path.name):
            told_of = f"the archive is called {path.name!r} where {wanted!r} is asked for"
            yield Finding(group="rules", where=rule.where("archive"), message=told_of)
