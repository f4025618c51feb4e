"""Runs without a result → what stands where they are used: a mark, a box with the reason.

A box names the runs, what went wrong in one line, and the log. In flowing text a dash stands for
each value; its box follows the paragraph, for each run once in a section or answer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING

from reporter.prose.fragments import MARK
from reporter.prose.wording import listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reporter.prose.values import Desk
    from reporter.prose.views import Finished

NOT_RUN = "not run"  # how the reason begins of what was never started
TAGS = re.compile(r"<(/?)(?:p|ul|ol|li|blockquote|table|div|dl|section|h[1-6])\b[^>]*>")


def box(head: str, runs: Iterable[Finished]) -> str:
    """Return the box that stands for what runs would have shown; "" where all have results.

    `head` is HTML: what is missing.
    """
    reasons: dict[tuple[str, str], list[str]] = {}
    for run in runs:
        if run.error:
            reasons.setdefault((run.error, run.log), []).append(run.name)
    lines = [_line(names, error, log) for (error, log), names in reasons.items()]
    if not lines:
        return ""
    lines[0] = lines[0].replace("<strong>", f"<strong>{head}: ", 1)
    shown = "".join(f"<p>{line}</p>" for line in lines)
    return f'<div class="failed" role="note">{shown}</div>'


def word(run: Finished) -> str:
    """Return what became of a run without a result, in a word or two."""
    if run.log:
        return "failed"
    return NOT_RUN if run.error.startswith(NOT_RUN) else "no result"


def _line(names: list[str], error: str, log: str) -> str:
    """Return "run small failed. KeyError: …; log: logs/small-seed-0.log"."""
    several = len(names) > 1
    said = f"<strong>run{'s' if several else ''} {escape(listed(names))}"
    if error.startswith(NOT_RUN):
        return f"{said}</strong> {'were' if several else 'was'} {escape(error)}."
    return f"{said}{' failed' if log else ''}.</strong> {reason(error, log)}"


def reason(error: str, log: str) -> str:
    """Return an error as HTML, with the place of the log if there is one."""
    where = f'; log: <span class="log">{escape(log)}</span>' if log else ""
    return escape(error) + where


@dataclass(frozen=True, kw_only=True)
class Gaps:
    """Which values of a text are missing, and where that was told.

    Attributes:
        told: part of the report and run that it has named; a question is a part of its own.
    """

    desk: Desk
    finished: Mapping[str, Finished]
    told: set[tuple[tuple[str, str], str]] = field(default_factory=set)

    def boxed(self, html: str, part: tuple[str, str]) -> str:
        """Return composed HTML with a box after each block that first lacks values of a run.

        `part` is the section, and the question in it, that the HTML is of.
        """
        pieces, start = [], 0
        for end in _block_ends(html):
            block = html[start:end]
            pieces += [block, self._box(block, part)]
            start = end
        return "".join([*pieces, html[start:]])

    def _box(self, block: str, part: tuple[str, str]) -> str:
        lacking = dict.fromkeys(self.desk.lacking.get(mark[0], "") for mark in MARK.finditer(block))
        new = [name for name in lacking if name and (part, name) not in self.told]
        self.told.update((part, name) for name in new)
        return box("Values missing", (self.finished[name] for name in new))


def _block_ends(html: str) -> Iterable[int]:
    """Yield where each block ends that stands in no other block."""
    depth = 0
    for tag in TAGS.finditer(html):
        depth += -1 if tag[1] else 1
        if not depth:
            yield tag.end()
