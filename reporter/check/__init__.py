"""A composed report → what is to be mended before it is handed in."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING

from reporter import fonts
from reporter.check.typed import typed_numbers
from reporter.prose.numbering import Problem

if TYPE_CHECKING:
    from reporter.prose.composed import Document


def findings(document: Document) -> list[Problem]:
    """Return every problem of a report that was composed over what is stored.

    Found are: runs without a result, broken claims, references and citations that lead nowhere,
    questions without an answer or placed nowhere, figures without alt text, ids given twice,
    numbers typed by hand.
    """
    runs = [
        Problem(where=f"run {run.name}", message=run.error)
        for run in document.finished.values()
        if run.error
    ]
    claims = [
        Problem(where=claim.where, message=f"the claim does not hold: {claim.reading}")
        for claim in document.broken
    ]
    return [*runs, *claims, *document.problems, *typed_numbers(document)]


def notes(document: Document) -> tuple[Problem, ...]:
    """Return what need not be mended: entries that nothing cites, characters without a face."""
    text = "".join(unescape(document.set(chapter.html)) for chapter in document.chapters)
    signs = fonts.lacking(re.sub(r"<[^>]*>", "", text), symbols=True)
    told = f"no embedded face has {' '.join(signs)}; a face of the machine may set it otherwise"
    return (*document.uncited, *([Problem(where="the text", message=told)] if signs else []))
