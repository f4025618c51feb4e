"""HTML → PDF by WeasyPrint, from the page alone: no file and no network is read."""

from __future__ import annotations

import logging
import os
import re
from typing import Any

from reporter.pdf.floats import ordered
from reporter.pdf.flow import blocks, left_holes, move, page_room
from reporter.pdf.subsets import cut_alike

# Where a line is full right before an inline element, WeasyPrint 70 sets it anew and ends it at its
# first word. On paper nobody sees the element that names a value's source, so its text stands there
# alone; a space before another element moves into it, which leaves the break to the element.
SOURCES = re.compile(r"</?data\b[^>]*>")
INLINE = re.compile(r' (<(?:em|strong|code|a|span class="(?:citation|claim)[^"]*")(?: [^>]*)?>)')
VARIANT = "pdf/ua-1"
ROUNDS = 3  # of placing figures: the first mostly does


def render(html: str) -> bytes:
    """Return the tagged PDF of a self-contained page, the same bytes on every day.

    Raises:
        FatalURLFetchingError: the page asks for something outside itself.
    """
    os.environ.setdefault("SOURCE_DATE_EPOCH", "0")
    for name in ("weasyprint", "fontTools"):  # they warn of rules that are for screens
        logging.getLogger(name).setLevel(logging.ERROR)
    text = INLINE.sub(r"\1 ", SOURCES.sub("", html))
    with cut_alike():
        return bytes(laid_out(text).write_pdf(pdf_variant=VARIANT) or b"")


def laid_out(html: str) -> Any:
    """Return WeasyPrint's document of a page, with figures where they leave no hole."""
    from weasyprint import HTML
    from weasyprint.urls import URLFetcher

    closed = URLFetcher(allowed_protocols=("data",), fail_on_errors=True)
    page = HTML(string=html, url_fetcher=closed)
    tree, images = page.etree_element, dict[Any, Any]()
    document = page.render(pdf_variant=VARIANT, cache=images)
    found = now = blocks(document, tree)
    late = set[Any]()
    for _ in range(ROUNDS):
        holes = left_holes(document)
        room, start = page_room(document) if holes else (0.0, 0.0)
        wanted = ordered(found, room=room, start=start, late=late) if holes else now
        if wanted == now and not late.issuperset(holes):  # it fits only nearly
            late.update(holes)
            wanted = ordered(found, room=room, start=start, late=late)
        if wanted == now:
            break
        move(tree, now, wanted)
        document, now = page.render(pdf_variant=VARIANT, cache=images), wanted
    return document
