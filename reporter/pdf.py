"""HTML → PDF by WeasyPrint, from the page alone: no file and no network is read."""

from __future__ import annotations

import logging
import os
import re

# WeasyPrint may end a line too early after an inline element and then stretch it; on paper nobody
# sees the element that names a value's source, so its text stands there alone.
SOURCES = re.compile(r"</?data\b[^>]*>")


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
    page = HTML(string=SOURCES.sub("", html), url_fetcher=closed)
    return bytes(page.write_pdf(pdf_variant="pdf/ua-1") or b"")
