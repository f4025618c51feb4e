"""States of runs → which have no result, and which results are not those of the present sources."""

from __future__ import annotations

from collections import Counter
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
    """Return a finding for every run whose result is not there, or not in the built report.

    Runs that lack a result for one reason, as all do before the first build, are told together.
    """
    alike = Counter(state.why for state in subject.states.values() if state.state == "missing")
    told: set[str] = set()
    found = []
    for name, state in subject.states.items():
        if state.state == "fresh" or (state.state == "missing" and state.why in told):
            continue
        message, remedy = SAID[state.state]
        said = message.format(name, state.why)
        if state.state == "missing" and alike[state.why] > 1:
            told.add(state.why)
            said = f"run {name} and {alike[state.why] - 1} more: {state.why}"
        where = lines.of_table(subject.folder, f"runs.{name}")
        found.append(Finding(group="runs", where=where, message=said, remedy=remedy))
    return found
