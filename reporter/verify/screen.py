"""report.html of a bundle ↔ the page that its sources and store give."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING

from reporter.verify.verdicts import Verdict, bad, good, note, told
from reporter.verify.words import differences

if TYPE_CHECKING:
    from collections.abc import Iterator

HTML = "report.html"
THEM = "sources and store"
UNREAD = re.compile(r"<(script|style)\b.*?</\1>|<!--.*?-->", re.DOTALL)
FIGURE = re.compile(r'<figure id="([^"]*)".*?</figure>', re.DOTALL)


def compared(found: bytes | None, expected: bytes, *, is_same_program: bool) -> Iterator[Verdict]:
    """Yield where the page differs.

    Args:
        found: as it was handed in.
        expected: as it was made again.
        is_same_program: whether the same versions made both, so that every byte is the same.
    """
    if found is None:
        yield bad("html", HTML, f"is missing, {THEM} give one")
        return
    if found == expected:
        yield good("html", HTML, f"byte for byte what {THEM} give")
        return
    mine, theirs = (content.decode("utf-8", "replace") for content in (found, expected))
    parts = [
        bad("html", HTML, part.told(THEM)) for part in differences(_words(mine), _words(theirs))
    ]
    if not parts and is_same_program:
        parts = [_drawn(mine, theirs)]
    yield from told(parts, good("html", HTML, f"word for word what {THEM} give"))
    if not is_same_program:
        told_of = "other versions made it, so its words were compared, not scripts, styles, figures"
        yield note("html", HTML, told_of)


def _words(page: str) -> list[str]:
    return unescape(re.sub(r"<[^>]*>", " ", UNREAD.sub(" ", page))).split()


def _drawn(found: str, expected: str) -> Verdict:
    """Return what differs of a page whose words are right: a figure, or its making."""
    figures = {one[1]: one[0] for one in FIGURE.finditer(expected)}
    for one in FIGURE.finditer(found):
        if one[1] in figures and figures[one[1]] != one[0]:
            return bad("html", f"{HTML}, {one[1]}", f"is not drawn from what {THEM} give")
    lines = zip(found.splitlines(), expected.splitlines(), strict=False)
    line = next((number for number, (a, b) in enumerate(lines, 1) if a != b), 0)
    where = f"{HTML}:{line}" if line else HTML
    message = f"its words are those that {THEM} give, its bytes are not"
    return bad("html", where, f"{message}: edited, or made by another state of this version")
