"""HTML → PDF by WeasyPrint, from the page alone: no file and no network is read."""

from __future__ import annotations

import logging
import os
import re

# Where a line is full right before an inline element, WeasyPrint 70 sets it anew and ends it at its
# first word. On paper nobody sees the element that names a value's source, so its text stands there
# alone; a space before another element moves into it, which leaves the break to the element.
SOURCES = re.compile(r"</?data\b[^>]*>")
INLINE = re.compile(r' (<(?:em|strong|code|a|span class="(?:citation|claim)[^"]*")(?: [^>]*)?>)')


def render(html: str) -> bytes:
    """Return the tagged PDF of a self-contained page, the same bytes on every day.

    Raises:
        FatalURLFetchingError: the page asks for something outside itself.
    """
    os.environ.setdefault("SOURCE_DATE_EPOCH", "0")
    from weasyprint import HTML
    from weasyprint.urls import URLFetcher

    for name in ("weasyprint", "fontTools"):  # they warn of rules that are for screens
        logging.getLogger(name).setLevel(logging.ERROR)
    closed = URLFetcher(allowed_protocols=("data",), fail_on_errors=True)
    text = INLINE.sub(r"\1 ", SOURCES.sub("", html))
    page = HTML(string=text, url_fetcher=closed)
    return bytes(page.write_pdf(pdf_variant="pdf/ua-1") or b"")
