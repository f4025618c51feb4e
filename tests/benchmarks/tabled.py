"""Measurements of two sides → a Markdown table: seconds, ratio, memory, difference."""

from __future__ import annotations

import statistics
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One case; both sides' seconds are of the same interleaved rounds, in order."""

    case: str
    theirs_s: tuple[float, ...]
    ours_s: tuple[float, ...]
    memory_mb: float | None = None  # peak of our process
    difference: str = ""  # of the numbers, in the case's own words
    peak: str = ""  # share of the measured matmul peak: theirs, ours
    note: str = ""

    @property
    def ratio(self) -> float:
        """Return the median over the rounds of how many times faster ours was."""
        pairs = zip(self.theirs_s, self.ours_s, strict=True)
        return statistics.median(theirs / ours for theirs, ours in pairs)


def table(rows: list[Measured]) -> str:
    """Return the rows as Markdown."""
    lines = [
        "| | plain, s | ours, s | ratio | peak memory, MB | difference | of matmul peak | |",
        "|---|--:|--:|--:|--:|---|---|---|",
    ]
    for row in rows:
        theirs, ours = (statistics.median(s) for s in (row.theirs_s, row.ours_s))
        memory = "" if row.memory_mb is None else f"{row.memory_mb:.0f}"
        lines.append(
            f"| {row.case} | {theirs:.3g} | {ours:.3g} | {row.ratio:.3g} | {memory} "
            f"| {row.difference} | {row.peak} | {row.note} |"
        )
    return "\n".join(lines)
