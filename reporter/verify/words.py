"""Two texts → where their words differ, numbers in particular, each in a line."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

NUMBER = re.compile(r"[-−+]?\d+(?:[.,]\d+)*")
BROKEN = re.compile(r"[-\u00ad\ufffe]\r?\n|[\u00ad\ufffe]")  # a word at the end of a line
LONG = 3000  # words, from which on frequent ones are no places to begin from
LONGEST = 12  # words of one place that are told


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A place where two texts differ: the words of each, with one before and after."""

    at: int  # of the first word that differs, in the text that was found
    found: str
    expected: str

    def told(self, others: str) -> str:
        """Return it in words; `others` is what the expected text is of."""
        if not self.expected:
            return f"“{self.found}” is more than {others} give"
        if not self.found:
            return f"“{self.expected}” of {others} is missing"
        return f"“{self.found}” where {others} give “{self.expected}”"


def differences(found: Sequence[str], expected: Sequence[str]) -> Iterator[Difference]:
    """Yield where the words of a text differ from those that are expected."""
    is_long = max(len(found), len(expected)) > LONG
    matcher = SequenceMatcher(None, found, expected, autojunk=is_long)
    for kind, i, i_end, j, j_end in matcher.get_opcodes():
        if kind == "equal":
            continue
        yield Difference(
            at=i,
            found=_around(found, i, i_end) if i < i_end else "",
            expected=_around(expected, j, j_end) if j < j_end else "",
        )


def _around(words: Sequence[str], start: int, end: int) -> str:
    """Return words with the one before and the one after, and the middle of many left out."""
    shown = [*words[max(0, start - 1) : end + 1]]
    if len(shown) > LONGEST:
        shown = [*shown[: LONGEST // 2], "…", *shown[-LONGEST // 2 :]]
    return " ".join(shown)


def joined(text: str) -> list[str]:
    """Return the words of a page, those that a line's end divides in one."""
    return BROKEN.sub("", text).split()


def only_here(found: Sequence[str], expected: Sequence[str], most: int) -> dict[str, int]:
    """Return the numbers that one text has more often than another, with how much more often.

    Args:
        found: pages of the one.
        expected: pages of the other.
        most: whole numbers up to this are left out: pages, which another layout renumbers.
    """
    counts = [
        Counter(number for page in pages for number in NUMBER.findall(BROKEN.sub("", page)))
        for pages in (found, expected)
    ]
    more = counts[0] - counts[1]
    return {
        number: count
        for number, count in more.items()
        if not (number.isdecimal() and int(number) <= most)
    }


def after(pages: Sequence[str]) -> set[tuple[str, str]]:
    """Return each number of some pages with the word before it, on whatever page they stand."""
    words = [word for page in pages for word in joined(page)]
    return {(one, other) for one, other in pairwise(words) if NUMBER.search(other)}
