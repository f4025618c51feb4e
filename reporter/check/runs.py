"""States of runs → which have no result, and which results are not those of the present sources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reporter.check import lines
from reporter.check.finding import Finding

if TYPE_CHECKING:
    from reporter.check.subject import Subject

SAID = {
    "stale": ("run {} is stale: {}", "report build"),
    "missing": ("run {}: {}", "build it"),
    "failed": ("run {} failed: {}", "mend it and build again"),
}


def unfit(subject: Subject) -> list[Finding]:
    """Return a finding for every run whose result is not there, or not in the built report."""
    return [
        Finding(
            group="runs",
            where=lines.of_table(subject.folder, f"runs.{name}"),
            message=SAID[state.state][0].format(name, state.why),
            remedy=SAID[state.state][1],
        )
        for name, state in subject.states.items()
        if state.state != "fresh"
    ]
