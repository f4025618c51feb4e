"""Pieces of HTML that pass through Markdown untouched, as private characters that stand for them.

A template puts a piece down and gets a mark; Markdown sees only the mark; `set` puts the pieces in.
So no HTML of an author gets through, and no value is ever read as Markdown.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

OPEN, CLOSE = "\ue000", "\ue001"
MARK = re.compile(f"{OPEN}(\\d+){CLOSE}")
BLOCK_MARK = re.compile(f"<p>((?:{OPEN}\\d+{CLOSE}\\s*)+)</p>")


@dataclass(frozen=True)
class Piece:
    """One piece: its HTML (made when it is set), its plain text, whether it is a block."""

    html: Callable[[], str]
    plain: str
    is_block: bool


class Fragments:
    """The pieces of one report."""

    def __init__(self) -> None:
        self._pieces: list[Piece] = []

    def put(self, html: str | Callable[[], str], plain: str = "", *, is_block: bool = False) -> str:
        """Keep a piece and return the mark that stands for it."""
        make = (lambda: html) if isinstance(html, str) else html
        self._pieces.append(Piece(make, plain, is_block))
        return f"{OPEN}{len(self._pieces) - 1}{CLOSE}"

    def set(self, text: str) -> str:
        """Return `text` with every mark replaced by its HTML, however deep they are nested."""
        text = BLOCK_MARK.sub(lambda m: m[1] if self._is_block(m[1]) else m[0], text)
        while MARK.search(text):
            text = MARK.sub(lambda m: self._pieces[int(m[1])].html(), text)
        return text

    def plain(self, text: str) -> str:
        """Return `text` with every mark replaced by its plain text, for attributes."""
        return MARK.sub(lambda m: self._pieces[int(m[1])].plain, text)

    def _is_block(self, marks: str) -> bool:
        return all(self._pieces[int(index)].is_block for index in MARK.findall(marks))
