"""HTML → PDF by WeasyPrint, from the page alone: no file and no network is read."""

from __future__ import annotations

import base64
import logging
import os
from datetime import UTC, datetime
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from reporter.errors import TextError
from reporter.pdf import paper
from reporter.pdf.archive import archived
from reporter.pdf.floats import ordered
from reporter.pdf.flow import blocks, holes, move, page_room
from reporter.pdf.lines import filled
from reporter.pdf.subsets import cut_alike

if TYPE_CHECKING:
    from collections.abc import Mapping

VARIANT = "pdf/a-3a"
KINDS = {  # of enclosed files; the machine's own list differs from another's
    ".csv": "text/csv",
    ".json": "application/json",
    ".lock": "application/json",
    ".toml": "application/toml",
}
ROUNDS = 3  # of placing figures: the first mostly does


def render(html: str, enclosed: Mapping[str, bytes] | None = None) -> bytes:
    """Return a self-contained page as PDF/A-3a and PDF/UA-1, the same bytes on every day.

    Args:
        html: the page.
        enclosed: files to attach, by name.

    Raises:
        TextError: the page asks for something outside itself.
    """
    os.environ.setdefault("SOURCE_DATE_EPOCH", "0")
    for name in ("weasyprint", "fontTools"):  # they warn of rules that are for screens
        logging.getLogger(name).setLevel(logging.ERROR)
    refused: list[str] = []
    page = _page(html, refused)
    tree = page.etree_element
    paper.settle(tree)
    with filled():
        document = laid_out(page)
    with cut_alike():
        content = document.write_pdf(pdf_variant=VARIANT, attachments=_attachments(enclosed or {}))
    if refused:
        raise TextError(f"the page asks for {refused[0]}, which is not part of it; leave it out")
    return archived(bytes(content), paper.links(tree), paper.formulas(tree))


def laid_out(page: Any) -> Any:
    """Return WeasyPrint's document of a page, with figures where they leave no hole."""
    tree, images = page.etree_element, dict[Any, Any]()
    document = page.render(pdf_variant=VARIANT, cache=images)
    found = now = blocks(document, tree)
    room, start = page_room(document)
    late = set[Any]()
    for _ in range(ROUNDS):
        wanted = ordered(found, room=room, start=start, late=late)
        if wanted == now:
            break
        move(tree, now, wanted)
        document, now = page.render(pdf_variant=VARIANT, cache=images), wanted
        late |= {hole.after for hole in holes(document) if hole.nearly_fits}
    return document


def engine() -> Any:
    """Return WeasyPrint, whose import tells Pillow to take cut-off pictures for whole: not here."""
    from PIL import ImageFile

    before = ImageFile.LOAD_TRUNCATED_IMAGES
    import weasyprint

    ImageFile.LOAD_TRUNCATED_IMAGES = before
    return weasyprint


def _page(html: str, refused: list[str]) -> Any:
    """Open a page that can ask for nothing outside itself; what it asks for is `refused`."""

    class Closed(engine().urls.URLFetcher):  # type: ignore[misc] # WeasyPrint is imported late
        def fetch(self, url: str, headers: Any = None) -> Any:
            if not url.startswith("data:"):
                refused.append(url)
            return super().fetch(url, headers)

    closed = Closed(allowed_protocols=("data",), allow_redirects=False)
    return engine().HTML(string=html, url_fetcher=closed)


def _attachments(enclosed: Mapping[str, bytes]) -> list[Any]:
    day = datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]), UTC)
    return [
        engine().Attachment(
            url=f"data:{KINDS[PurePath(name).suffix]};base64,{base64.b64encode(content).decode()}",
            name=name,
            created=day,
            modified=day,
            relationship="Source" if name.startswith("report.") else "Data",
        )
        for name, content in enclosed.items()
    ]
