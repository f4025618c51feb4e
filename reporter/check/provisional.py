"""A report over quick runs, stand-ins or changed settings → what is not the real thing yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reporter.check import lines
from reporter.check.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reporter.check.subject import Subject


def provisional(subject: Subject) -> list[Finding]:
    """Return a finding for all that a reader would have to be told is provisional."""
    return [*_stand_ins(subject), *_settings(subject), *_foreign(subject)]


def _stand_ins(subject: Subject) -> Iterator[Finding]:
    """Yield what page one says of runs: one finding for each note, at the first run that has it."""
    runs: dict[str, list[str]] = {}
    for name, run in subject.document.finished.items():
        for note in dict.fromkeys(note for job in run.jobs for note in job.notes):
            runs.setdefault(note, []).append(name)
    for note, names in runs.items():
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        yield Finding(
            group="provisional",
            where=lines.of_table(subject.folder, f"runs.{names[0]}"),
            message=f"{note} (run {names[0]}{more})",
            remedy="build without --quick" if subject.is_quick else "give it the real one",
        )


def _settings(subject: Subject) -> Iterator[Finding]:
    """Yield what --set changed in the built report."""
    changes = subject.shown.get("changes", ())
    for change in changes if isinstance(changes, list | tuple) else ():
        yield Finding(
            group="provisional",
            where="report.toml",
            message=f"the report was built with --set {change}",
            remedy="write it into report.toml, or build without it",
        )


def _foreign(subject: Subject) -> Iterator[Finding]:
    """Yield results whose record says that another experiment computed them."""
    for name, run in subject.document.finished.items():
        for job, stored in zip(run.jobs, run.results, strict=False):
            known = stored.record.get("experiment", job.experiment)
            if known != job.experiment:
                yield Finding(
                    group="provisional",
                    where=lines.of_table(subject.folder, f"runs.{name}"),
                    message=f"its stored result says that {known} computed it, not "
                    f"{job.experiment} (run {name}, seed {job.seed})",
                    remedy=f"report run {name} --force",
                )
