"""A report's last bundle → the file to hand in, once it is sure that it is whole and of today."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reporter import bundle, rules
from reporter.errors import ReportError
from reporter.files import file_digest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from reporter.report import Report
    from reporter.rules import Rules

PDF = "report.pdf"
BUNDLE = "make it by `report bundle`"


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What is handed in.

    Attributes:
        file: the bundle, or the PDF that is in it.
        sha256: its digest.
        rules: of the assignment.
        unmet: what `report bundle --anyway` passed over.
    """

    file: Path
    sha256: str
    rules: Rules
    unmet: tuple[Mapping[str, str], ...]


def choice(of: Report, output: Path, *, is_pdf: bool) -> Choice:
    """Return what a report hands in.

    Args:
        of: the report, as it is now.
        output: where its bundle lies.
        is_pdf: the PDF alone instead of the bundle.

    Raises:
        ReportError: there is no bundle, or it is damaged, or something was changed since.
    """
    asked = rules.read(of)
    archive = output / rules.archive_name(asked, of)
    if not archive.is_file():
        raise ReportError(f"{archive}: no bundle there; {BUNDLE}")
    with bundle.read(archive) as opened:
        for finding in opened.differing():
            raise ReportError(f"{archive}: {finding.where} {finding.message}; {BUNDLE} again")
        changed = _changed(of, opened.manifest.files)
        if changed:
            raise ReportError(f"{changed} was changed since the bundle was made; {BUNDLE} again")
        unmet = opened.manifest.unmet
        file = archive
        if is_pdf:
            file = output / PDF
            if PDF not in opened.sizes or not file.is_file():
                raise ReportError(f"{file}: no PDF in the bundle; build and bundle again")
            if file_digest(file) != opened.manifest.files[PDF]:
                raise ReportError(f"{file}: is not the one of the bundle; {BUNDLE} again")
    return Choice(file=file, sha256=file_digest(file), rules=asked, unmet=unmet)


def _changed(of: Report, files: Mapping[str, str]) -> str:
    """Return which of a report's sources is not what a bundle holds, "" for none."""
    sections = [path.relative_to(of.folder).as_posix() for path in of.sources()]
    for name in (*(name for name in files if not name.startswith("build/")), *sections):
        path = of.folder / name
        if path.is_file() and file_digest(path) != files.get(name):
            return str(path)
    return ""
