"""Pieces of HTML that pass through Markdown untouched, as private characters that stand for them.

A template puts a piece down and gets a mark; Markdown sees only the mark; `set` puts the pieces in.
So no HTML of an author gets through, and no value is ever read as Markdown. Marks are numbered from
a number that nobody can know, so whoever writes one by hand writes nothing.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

OPEN, CLOSE = "\ue000", "\ue001"
MARK = re.compile(f"{OPEN}(\\d{{16}}){CLOSE}")
BLOCK_MARK = re.compile(f"<p>((?:{OPEN}\\d{{16}}{CLOSE}\\s*)+)</p>")
FIRST = 10**15  # of those with 16 digits


@dataclass(frozen=True)
class Piece:
    """One piece.

    Attributes:
        html: makes its HTML when it is set.
        plain: makes its text without elements.
        is_block: whether it stands by itself, in no paragraph.
        inside: text whose marks stand in it, as far as that is known before it is set.
        reached: called once, when everything before it in the report has been reached.
    """

    html: Callable[[], str]
    plain: Callable[[], str]
    is_block: bool
    inside: str
    reached: Callable[[], object]


def _nothing() -> None:
    pass


NOTHING = Piece(str, str, is_block=False, inside="", reached=_nothing)


class Fragments:
    """The pieces of one report."""

    def __init__(self) -> None:
        self._pieces: list[Piece] = []
        self._first = FIRST + secrets.randbelow(FIRST)

    def put(
        self,
        html: str | Callable[[], str],
        plain: str | Callable[[], str] = "",
        *,
        is_block: bool = False,
        inside: str = "",
        reached: Callable[[], object] = _nothing,
    ) -> str:
        """Keep a piece and return the mark that stands for it."""
        known = html if isinstance(html, str) else inside
        piece = Piece(_made(html), _made(plain), is_block, known, reached)
        self._pieces.append(piece)
        return f"{OPEN}{self._first + len(self._pieces) - 1}{CLOSE}"

    def reach(self, text: str) -> None:
        """Tell the pieces of a text, in reading order, that they are reached."""
        for mark in MARK.finditer(text):
            piece = self._piece(mark[1])
            piece.reached()
            self.reach(piece.inside)

    def set(self, text: str) -> str:
        """Return `text` with every mark replaced by its HTML, however deep they are nested."""
        text = BLOCK_MARK.sub(lambda m: m[1] if self._is_block(m[1]) else m[0], text)
        while MARK.search(text):
            text = MARK.sub(lambda m: self._piece(m[1]).html(), text)
        return text

    def plain(self, text: str) -> str:
        """Return `text` with every mark replaced by its plain text, for attributes."""
        while MARK.search(text):
            text = MARK.sub(lambda m: self._piece(m[1]).plain(), text)
        return text

    def undrawn(self, text: str) -> str:
        """Return `text` as `set` does, but inline pieces as text, and figures by their captions."""
        while MARK.search(text):
            text = MARK.sub(lambda m: _undrawn(self._piece(m[1])), text)
        return text

    def _is_block(self, marks: str) -> bool:
        return all(self._piece(number).is_block for number in MARK.findall(marks))

    def _piece(self, number: str) -> Piece:
        """Return the piece of a mark; of one that is none of ours, nothing."""
        index = int(number) - self._first
        return self._pieces[index] if 0 <= index < len(self._pieces) else NOTHING


def _undrawn(piece: Piece) -> str:
    if piece.is_block:
        return piece.inside or piece.html()
    return escape(piece.plain(), quote=False) or piece.inside


def _made(text: str | Callable[[], str]) -> Callable[[], str]:
    return (lambda: text) if isinstance(text, str) else text
