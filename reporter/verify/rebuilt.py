"""An unpacked bundle → its pages, made again from its sources and its store, as a frozen build is.

Nothing of the bundle is run: experiments are not imported, templates run in their sandbox, nothing
is computed and nothing asked for outside of the folder.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reporter import pdf, runner
from reporter.build import Request, finish, make_plan, open_workplace, text_over
from reporter.errors import ReportError
from reporter.outputs import enclosures
from reporter.pdf import reading
from reporter.verify import paper
from reporter.verify.paper import Paper

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from reporter.pdf.reading import Pages
    from reporter.plan import Plan
    from reporter.prose.composed import Document
    from reporter.workplace import Workplace


@dataclass(frozen=True, kw_only=True)
class Rebuilt:
    """What a bundle's sources and store give.

    Attributes:
        enclosed: results.json, tables and the like, as the PDF carries them.
    """

    at: Workplace
    plan: Plan
    document: Document
    html: bytes
    enclosed: Mapping[str, bytes]
    paper: Paper
    pages: Pages


def rebuilt(folder: Path, render: Callable[..., bytes] = pdf.render) -> Rebuilt:
    """Make the pages of an unpacked bundle again.

    Args:
        folder: it holds the bundle's files, and nothing of caches.
        render: makes a PDF of a page and what it encloses.

    Raises:
        ReportError: its sources, lock or store don't give any.
    """
    from reporter.prose import page

    request = Request(folder=folder, root=folder / "build", is_frozen=True)
    try:
        at = open_workplace(request)
        plan = make_plan(request, at, None)
        document = text_over(at, finish(at, runner.stored(plan, at.store)))
        html = page.whole(document)
        enclosed = enclosures(at, document)
        printed = render(html, enclosed)
        pages = reading.read(printed, paper.PDF)
    except ReportError as exc:
        raise ReportError(str(exc).replace(f"{folder}/", "")) from exc
    return Rebuilt(
        at=at,
        plan=plan,
        document=document,
        html=html.encode(),
        enclosed=enclosed,
        paper=Paper(content=printed, texts=pages.texts),
        pages=pages,
    )
