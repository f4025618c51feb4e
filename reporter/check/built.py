"""The files of the last build → which are missing, damaged or of older sources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reporter.check.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from reporter.check.subject import Subject


def outdated(subject: Subject, ruled: Collection[str] = ()) -> list[Finding]:
    """Return what is wrong with report.html and report.pdf as files.

    Args:
        subject: the report.
        ruled: the formats that a course asks for; with some, its rules say which are missing.
    """
    options = " --quick" * subject.is_quick + " --frozen" * subject.is_frozen
    return [
        Finding(
            group="files",
            where=f"build/{subject.output.name}/{name}",
            message=message,
            remedy=f"report build{options}",
        )
        for name, message in _wrong(subject, ruled)
    ]


def _wrong(subject: Subject, ruled: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield file and what is wrong with it; an older build is told once."""
    quick = subject.output.with_name(f"{subject.output.name}@quick")
    there = []
    for name in ("report.html", "report.pdf"):
        if (subject.output / name).is_file():
            there.append(name)
        elif ruled:
            continue
        elif (quick / name).is_file():
            yield name, f"not built; there is only a quick one, build/{quick.name}/{name}"
        else:
            yield name, "not built"
    if "report.pdf" in there and subject.pages is None:
        yield "report.pdf", "no PDF that can be read"
    elif there and not subject.is_current:
        yield there[0], "not what sources and results give now"
