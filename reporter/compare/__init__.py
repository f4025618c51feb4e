"""Two builds of a report → what of it changed, from its runs to its sentences."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from reporter.compare.figures import FigureChange, changed_figures
from reporter.compare.numbers import NumberChange, changed_numbers
from reporter.compare.runs import RunChange, changed_runs
from reporter.compare.tables import TableChange, changed_tables
from reporter.compare.texts import ClaimChange, SentenceChange, changed_claims, changed_sentences

if TYPE_CHECKING:
    from reporter.compare.sides import Side
    from reporter.store import Store


@dataclass(frozen=True, kw_only=True)
class Differences:
    """All that differs between two builds: runs by name, all else in the order of the report."""

    runs: tuple[RunChange, ...]
    numbers: tuple[NumberChange, ...]
    tables: tuple[TableChange, ...]
    figures: tuple[FigureChange, ...]
    claims: tuple[ClaimChange, ...]
    sentences: tuple[SentenceChange, ...]

    def __bool__(self) -> bool:
        return any(getattr(self, field.name) for field in fields(self))


def compare(a: Side, b: Side, store: Store) -> Differences:
    """Return what differs from `a` to `b`; the data of figures is read from the store."""
    return Differences(
        runs=changed_runs(a, b),
        numbers=changed_numbers(a, b),
        tables=changed_tables(a, b),
        figures=changed_figures(a, b, store),
        claims=changed_claims(a, b),
        sentences=changed_sentences(a, b),
    )
