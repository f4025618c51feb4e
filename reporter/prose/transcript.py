"""A composed report → what it says, as plain data: its text, its tables, what its figures show."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING, Any

from reporter.prose.fragments import MARK

if TYPE_CHECKING:
    from reporter.prose.composed import Document

BLOCKS = (
    "p|li|[ou]l|d[ltd]|h[1-6]|div|pre|blockquote|section|figure|figcaption|table|t(?:head|body|r)"
)
BREAK = re.compile(rf'</?(?:{BLOCKS})\b[^>]*>|<br>|(?=<span class="label">)')
SILENT = re.compile(  # numbers and links, which are no sentences
    r'<sup class="footnote-ref">.*?</sup>|<a [^>]*class="footnote-backref".*?</a>'
    r'|<span class="origin">.*?</span>',
    re.DOTALL,
)
NUMBERED = re.compile(rf"(<h\d[^>]*>){MARK.pattern}")  # a heading
ALT = re.compile(r'<img [^>]*?alt="([^"]*)"[^>]*>')
BODY = re.compile(  # of tables and listings, after the caption
    r'(<figure id="([^"]*)" class="(?:table|listing)"><figcaption>.*?</figcaption>)(.*?)</figure>',
    re.DOTALL,
)


def transcript(document: Document) -> dict[str, Any]:
    """Return what a reader finds in a report, without drawing any of it.

    Returns:
        "text": sections in order, each with its paragraphs, headings, items and captions;
        "tables": id → its rows of cells, the heading first; "shows": id of a figure, table or
        listing → its number, and the outputs of runs that it is made from.
    """
    tables: dict[str, Any] = {}
    texts = {"abstract": document.abstract} if document.abstract else {}
    texts |= {chapter.section.id: chapter.html for chapter in document.chapters}
    said = []
    for name, text in texts.items():
        html = document.fragments.undrawn(NUMBERED.sub(r"\1", text))
        tables |= {unescape(target): _rows(body) for _, target, body in BODY.findall(html)}
        paragraphs = _paragraphs(BODY.sub(r"\1</figure>", html))
        said.append({"section": name, "paragraphs": paragraphs})
    shows = {one.id: {"number": one.number, "outputs": one.shows} for one in document.listed}
    return {"text": said, "tables": tables, "shows": shows}


def _paragraphs(html: str) -> list[str]:
    return [text for part in BREAK.split(SILENT.sub("", html)) if (text := _plain(part))]


def _rows(html: str) -> list[list[str]]:
    """Return the cells of a table, row by row; [] of what is none."""
    rows = re.findall(r"<tr>(.*?)</tr>", html, re.DOTALL)
    cells = (re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in rows)
    return [[_plain(cell) for cell in row] for row in cells]


def _plain(html: str) -> str:
    """Return the text of HTML in one line; pictures by what is said of them."""
    cells = re.sub(r"(?<=</t[hd]>)(?=\s*<t[hd])", " | ", html)
    return " ".join(unescape(re.sub(r"<[^>]*>", "", ALT.sub(r"\1", cells))).split())
