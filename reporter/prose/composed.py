"""What a composed report is: its text with marks, and all that was found while composing it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reporter.prose.claims import Claim
    from reporter.prose.fragments import Fragments
    from reporter.prose.numbering import Listed, Problem
    from reporter.prose.references import Entry
    from reporter.prose.sections import Section
    from reporter.prose.views import Finished
    from reporter.report import Report


@dataclass(frozen=True, kw_only=True)
class Heading:
    """A line of the table of contents."""

    level: int
    number: str
    id: str
    text: str  # as the document holds it: without elements
    html: str  # with marks


@dataclass(frozen=True, kw_only=True)
class Chapter:
    """One section as it was composed; `html` still holds marks."""

    section: Section
    html: str
    headings: tuple[Heading, ...]


@dataclass(frozen=True, kw_only=True)
class Document:
    """A composed report: everything but the drawing of figures is done."""

    report: Report
    finished: Mapping[str, Finished]
    abstract: str
    chapters: tuple[Chapter, ...]
    references: tuple[Entry, ...]
    uncited: tuple[Problem, ...]  # entries of references.bib that the text leaves out
    listed: tuple[Listed, ...]  # figures, tables and listings with their captions
    methods: Mapping[str, str]
    claims: tuple[Claim, ...]
    problems: tuple[Problem, ...]
    fragments: Fragments
    pictures: Mapping[str, str]  # of the workspace that the text names → digest of content
    unanswered: tuple[tuple[str, str], ...] = ()  # id and number of placed questions
    changes: tuple[str, ...] = ()  # of report.toml by --set, said on the first page

    def set(self, html: str) -> str:
        """Put the pieces into a text, drawing the figures in it."""
        return self.fragments.set(html)

    def line(self, html: str) -> str:
        """Put the pieces into a line of a list that is a link itself, so that no other is in it."""
        shown = re.sub(r'<(sup|section) class="footnote.*?</\1>', "", html, flags=re.DOTALL)
        return re.sub(r"</?a\b[^>]*>", "", self.fragments.set(shown))

    @property
    def notes(self) -> tuple[str, ...]:
        """Return what is provisional about the report, for its first page."""
        jobs = [job for run in self.finished.values() for job in run.jobs]
        return tuple(dict.fromkeys(note for job in jobs for note in job.notes))

    @property
    def broken(self) -> tuple[Claim, ...]:
        """Return the claims that fail and have no other branch."""
        return tuple(claim for claim in self.claims if claim.verdict == "broken")
