"""`[submission]` of a report, and the file that a course hands out → the rules that hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import ValidationError

from reporter import fields, report, trust
from reporter.complaints import explained
from reporter.errors import ReportError
from reporter.files import file_digest
from reporter.submission import Assignment, Course, HandedOut, Submission

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from reporter.report import Report

SHARED = frozenset({"rules", "attach"})  # what a report says beside its course


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What holds for a report.

    Attributes:
        given: all of it, whoever says so.
        sources: key of `[submission]` → "report.toml", or the file that the course hands out.
        assignment: what that file says it is; None without one.
        file: that file; None without one.
        sha256: its digest, "" without one.
    """

    given: Submission
    sources: Mapping[str, str]
    assignment: Course | None = None
    file: Path | None = None
    sha256: str = ""

    def where(self, key: str) -> str:
        """Return "assignment.toml: submission.pages", as findings name it."""
        return f"{self.sources.get(key, 'report.toml')}: submission.{key}"


def read(of: Report) -> Rules:
    """Return the rules of a report.

    Raises:
        ReportError: the file that its course hands out is missing, another or wrong, or the
            report sets what its course sets.
    """
    own = of.submission
    stated = own.model_fields_set - {"rules"}
    if own.rules is None:
        return Rules(given=own, sources=dict.fromkeys(sorted(stated), "report.toml"))
    path = _handed_out(of.folder, own.rules)
    handed = assignment(path)
    both = stated & handed.submission.model_fields_set - SHARED
    if both:
        raise ReportError(
            f"{of.folder / 'report.toml'}: submission.{min(both)}: {own.rules.path} sets it; "
            "remove it here"
        )
    return _merged(own, handed, path, own.rules.path)


def imposed(of: Report, file: Path) -> Rules:
    """Return the rules that a course's own file has for a report, whatever the report says.

    Raises:
        ReportError: the file is missing or wrong.
    """
    return _merged(of.submission, assignment(file), file, file.name)


def _merged(own: Submission, assignment: Assignment, path: Path, name: str) -> Rules:
    """Return a report's rules and its course's, which count where both say something."""
    theirs = assignment.submission
    stated = own.model_fields_set - {"rules", "shared_store"}  # which only a course can have
    merged = {key: getattr(own, key) for key in stated}
    merged |= {key: getattr(theirs, key) for key in theirs.model_fields_set}
    merged["attach"] = tuple(dict.fromkeys((*theirs.attach, *own.attach)))
    sources = dict.fromkeys(stated, "report.toml")
    sources |= dict.fromkeys(theirs.model_fields_set, name)
    return Rules(
        given=Submission.model_construct(**merged),
        sources=dict(sorted(sources.items())),
        assignment=assignment.assignment,
        file=path,
        sha256=file_digest(path),
    )


def fetch(of: Report) -> Path | None:
    """Download what a course hands out, unless it is there; return where it lies.

    Raises:
        ReportError: as `downloads.download`, or it would lie elsewhere.
    """
    from reporter.datasets.downloads import download

    rules = of.submission.rules
    if rules is None or rules.url is None or rules.sha256 is None:
        return None
    return download(rules.url, rules.sha256, _place(of.folder, rules))


def _handed_out(folder: Path, rules: HandedOut) -> Path:
    """Return the file, once it is sure that it is the one that is meant."""
    path = _place(folder, rules)
    if not path.is_file():
        remedy = "fetch it by `report rules --download`" if rules.url else "put it there"
        raise ReportError(f"{path}: no rules there, which report.toml names; {remedy}")
    found = file_digest(path)
    if rules.sha256 and found != rules.sha256.lower():
        raise ReportError(
            f"{path}: its SHA-256 is {found}, not {rules.sha256.lower()} as report.toml says; "
            "remove it and get it anew"
        )
    return path


def _place(folder: Path, rules: HandedOut) -> Path:
    """Return where the rules lie, or will, once it is sure that this is in the report's folder."""
    path = folder / rules.path
    if not trust.is_inside(folder, path):
        raise ReportError(f"{path}: leads out of the report's folder; put a copy there")
    return path


def assignment(path: Path) -> Assignment:
    """Read an assignment.toml; ReportError if it is missing or wrong."""
    if not path.is_file():
        raise ReportError(f"{path}: no such file; name the course's assignment.toml")
    try:
        raw = report.parsed(path)
        fields.insist_plain(raw, "", path)
        found = Assignment.model_validate(raw)
    except ValidationError as exc:
        raise ReportError(f"{path}: {explained(exc, Assignment)}") from exc
    if found.submission.rules:
        raise ReportError(f"{path}: submission.rules: these are the rules; remove it")
    return found
