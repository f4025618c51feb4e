"""A composed report → what in it no run gives: nothing bad, and for a person to look at.

A template's values stand as marks in a composed text until it is set, so whatever number is there
beside them was typed, however the template came by it.
"""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING

from reporter.check.texts import prose
from reporter.prose.fragments import MARK
from reporter.verify.verdicts import Verdict, note

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reporter.prose.composed import Document

NUMBER = re.compile(r"(?<![\w.])[-−+]?\d+(?:[.,]\d+)*\s*%|(?<![\w.])[-−+]?\d+\.\d+(?![\w.])")
TAG = re.compile(r"<h\d.*?</h\d>|<[^>]*>", re.DOTALL)
MOST = 6  # numbers of a file that are told


def unproven(document: Document) -> Iterator[Verdict]:
    """Yield typed numbers, claims that rest on no result, and pictures that an author made."""
    for where, numbers in _typed(document).items():
        more = f" and {len(numbers) - MOST} more" if numbers[MOST:] else ""
        few = ", ".join(numbers[:MOST])
        yield note("claims", where, f"typed by hand, so from no run: {few}{more}")
    for claim in document.claims:
        if not claim.reading:
            yield note("claims", claim.where, "the claim rests on no result, whatever it says")
    for name in document.pictures:
        yield note("files", name, "a picture that the author made: look at what it shows")


def _typed(document: Document) -> dict[str, list[str]]:
    """Return the numbers with a decimal point or in per cent that are typed, by file."""
    texts = [(f"sections/{one.section.path.name}", one.html) for one in document.chapters]
    texts += [("abstract.md", document.abstract)]
    texts += [(one.file, one.text) for one in prose(document.report)]
    found: dict[str, dict[str, None]] = {}
    for file, text in texts:
        shown = unescape(TAG.sub(" ", MARK.sub(" ", text)))
        numbers = [" ".join(one.split()) for one in NUMBER.findall(shown)]
        found.setdefault(file, {}).update(dict.fromkeys(numbers))
    return {file: list(numbers) for file, numbers in found.items() if numbers}
