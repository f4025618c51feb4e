"""The pages of a report → its parts, the pages that count, the smallest text on them."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from reporter.pdf.reading import Pages, Stretch

OTHERS = {  # id on a page → part that begins there, beside sections
    "contents": "contents",
    "lists": "contents",
    "references": "references",
    "appendix": "appendix",
}
TEXT = frozenset(
    {"P", "LI", "LBody", "BlockQuote", "Caption", "TD", "TH"}
    | {f"H{level}" for level in range(1, 7)}
)
LOOSE = frozenset({"", "Document"})  # no block: of a file that doesn't say, and footnotes
SHOWN_LETTERS = 40


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part of a report: "cover", "contents", a section's id, "references", "appendix".

    Attributes:
        page: on which it begins, from 1.
        height: how far above the foot of that page.
    """

    name: str
    page: int
    height: float


@dataclass(frozen=True, kw_only=True)
class Small:
    """The smallest letters of a text: where, how small, and some of them."""

    page: int
    size: float
    text: str


def parts(pages: Pages) -> list[Part]:
    """Return the parts of a report in order; a list of figures belongs to the contents."""
    begun = [
        Part(name=name, page=page, height=pages.heights[place])
        for place, page in pages.places.items()
        if (name := _name(place))
    ]
    return [
        Part(name="cover", page=1, height=float("inf")),
        *sorted(begun, key=lambda part: (part.page, -part.height)),
    ]


def counted(pages: Pages, without: Collection[str]) -> dict[int, str]:
    """Return the pages on which anything counts, and the first part on each that does."""
    found: dict[int, str] = {}
    every = parts(pages)
    ends = [*((part.page, part.height) for part in every[1:]), (pages.count, 0.0)]
    for part, (last, height) in zip(every, ends, strict=True):
        if part.name not in without:
            stands_above = any(
                stretch.height > height
                for stretch in pages.stretches[last - 1]
                if stretch.kind != "Artifact"
            )
            for page in range(part.page, last + (stands_above or part.page == last)):
                found.setdefault(page, part.name)
    return dict(sorted(found.items()))


def smallest(pages: Pages, without: Collection[str]) -> Small | None:
    """Return the smallest text of the parts that count.

    The size of a paragraph, heading, caption, cell or footnote is that of most of its letters: a
    mark or a word of code in it is set apart. Labels in figures, formulas and listings are no text.
    """
    every = parts(pages)
    sizes: dict[tuple[int, ...], Counter[float]] = defaultdict(Counter)
    texts: dict[tuple[int, ...], str] = defaultdict(str)
    for key, stretch in _blocks(pages):
        if _part(every, key[0], stretch.height) not in without:
            sizes[key][stretch.size] += stretch.letters
            texts[key] += stretch.text
    found = [
        Small(page=key[0], size=count.most_common(1)[0][0], text=_shown(texts[key]))
        for key, count in sizes.items()
    ]
    return min(found, key=lambda small: (small.size, small.page), default=None)


def _blocks(pages: Pages) -> Iterator[tuple[tuple[int, ...], Stretch]]:
    """Yield what is text, with what all of a block has: its page, and numbers of its own there."""
    for page, stretches in enumerate(pages.stretches, 1):
        for stretch in stretches:
            if stretch.kind in TEXT:
                yield (page, stretch.block), stretch
            elif stretch.kind in LOOSE:
                yield (page, -1, round(stretch.height)), stretch


def _part(every: list[Part], page: int, height: float) -> str:
    """Return the part in which a line stands."""
    before = [part for part in every if (part.page, -part.height) <= (page, -height)]
    return before[-1].name


def _name(place: str) -> str:
    """Return the part that begins at an id, "" where none does."""
    return place.removeprefix("chapter-") if place.startswith("chapter-") else OTHERS.get(place, "")


def _shown(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= SHOWN_LETTERS else f"{line[: SHOWN_LETTERS - 1].rstrip()}…"
