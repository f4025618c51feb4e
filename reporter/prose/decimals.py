"""The cells of a column → the same cells with room for the digits that each of them lacks.

So points stand below each other, and "±", though every number keeps the digits that it has. The
room is empty: nobody hears it, copies it or sorts by it.
"""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

from reporter.prose.styles import MINUS, SPACE, THIN

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

DIGITS = f"[\\d{THIN}]+"
NUMBER = re.compile(
    f"({MINUS}?{DIGITS})(\\.\\d+)?(?:({SPACE}±{SPACE})({DIGITS})(\\.\\d+)?)?(?!\\d)"
)
UNIT = re.compile(f"({THIN}[\\w%]+)?( \\(.*\\))?")  # "%", "s", "(peak)"


def is_number(text: str) -> bool:
    """Tell whether a cell's text is a number, with its unit and what is said of it."""
    found = NUMBER.match(text)
    return found is not None and UNIT.fullmatch(text[found.end() :]) is not None


def aligned(
    cells: Sequence[str], plain: Callable[[str], str], html: Callable[[str], str]
) -> list[str]:
    """Return the cells of a numeric column, which is set flush right, with their points in line.

    Args:
        cells: with marks of pieces.
        plain: cell → its text.
        html: cell → its HTML, without marks.
    """
    found = [NUMBER.match(plain(cell)) for cell in cells]
    widest = [
        max((match[part] or "" for match in found if match), key=len, default="")
        for part in range(6)
    ]
    padded = []
    for cell, match in zip(cells, found, strict=True):
        if match is None or not any(len(match[p] or "") < len(widest[p]) for p in (2, 4, 5)):
            padded.append(cell)
            continue
        whole, part, sign, other, rest = (text or "" for text in match.groups())
        text = escape(whole + part) + _room(widest[2][len(part) :])
        if sign:
            text += sign + _room(widest[4][len(other) :]) + other + rest
            text += _room(widest[5][len(rest) :])
        before, shown, after = html(cell).rpartition(escape(match[0]))
        padded.append(before + (text if shown else "") + after)
    return padded


def _room(lacking: str) -> str:
    """Return what is as wide as the digits that a number lacks."""
    return f'<span class="pad" data-pad="{lacking}"></span>' if lacking else ""
