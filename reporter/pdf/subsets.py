"""Faces → the glyphs that a PDF shows, cut out by fontTools on every machine.

WeasyPrint cuts with HarfBuzz where its subset library is installed and with fontTools elsewhere,
and the two write other bytes. Tables of the layout, which no PDF needs, are dropped unread: reading
them takes fontTools longer than all the rest.
"""

from __future__ import annotations

import io
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

LAYOUT = ("GSUB", "GPOS", "GDEF")


@contextmanager
def cut_alike() -> Iterator[None]:
    """Let WeasyPrint cut faces the same way everywhere."""
    from weasyprint.pdf.fonts import Font

    kept = Font.subset
    Font.subset = _subset
    try:
        yield
    finally:
        Font.subset = kept


def _subset(font: Any, to_unicode: dict[int, str], hinting: bool) -> None:  # noqa: FBT001 - theirs
    if not to_unicode:
        return
    font.file_content = _without_layout(font.file_content, font.index)
    font._fonttools_subset(to_unicode, hinting)  # noqa: SLF001 - WeasyPrint offers no choice


def _without_layout(content: bytes, index: int) -> bytes:
    from fontTools.ttLib import TTFont

    face = TTFont(io.BytesIO(content), fontNumber=index, lazy=True, recalcTimestamp=False)
    for table in LAYOUT:
        if table in face:
            del face[table]
    smaller = io.BytesIO()
    face.save(smaller, reorderTables=None)
    return smaller.getvalue()
