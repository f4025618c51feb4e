"""The pages of a report → on which each question is answered, as a grading site asks for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reporter.pdf.reading import Pages

STARTS = ("q-", "sec-", "chapter-", "references", "appendix")  # of ids before which an answer ends
TOP = 750  # points above the foot of an A4 page: what begins above that is the first on it


@dataclass(frozen=True, kw_only=True)
class Span:
    """The pages of a question, from 1; the last one is included."""

    first: int
    last: int

    def __str__(self) -> str:
        if self.first == self.last:
            return f"page {self.first}"
        return f"pages {self.first}–{self.last}"


def spans(pages: Pages) -> dict[str, Span]:
    """Return the pages of each question, in the order in which they come.

    A question ends where the next question, section or part starts: on that page, or on the one
    before if nothing stands above.
    """
    names = [name for name in pages.places if name.startswith(STARTS)]
    starts = sorted((pages.places[name], -pages.heights[name], name) for name in names)
    found = {}
    for page, depth, name in starts:
        if name.startswith("q-"):
            later = (start for start in starts if start[:2] > (page, depth))
            end, end_depth, _ = next(later, (pages.count, 0.0, ""))
            found[name] = Span(first=page, last=max(page, end - (-end_depth > TOP)))
    return found
