"""{% claim EXPRESSION %} sentence {% else %} sentence {% endclaim %}: prose bound to results."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from jinja2 import nodes
from jinja2.ext import Extension

from reporter.prose.values import Desk, Missing, Value

if TYPE_CHECKING:
    from jinja2.parser import Parser

Verdict = Literal["holds", "fails", "broken", "not judged", "undecided"]


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One claim as it was judged: `reading` names the values that it rests on."""

    where: str
    text: str
    verdict: Verdict
    reading: str


class ClaimExtension(Extension):
    """Adds the claim tag; `environment.judge` is called with what the expression gave."""

    tags = {"claim"}  # noqa: RUF012 - Jinja's way

    def parse(self, parser: Parser) -> list[nodes.Node]:
        """Turn the tag into: remember what is read, evaluate, judge, show the fitting branch."""
        line = next(parser.stream).lineno
        expression = parser.parse_expression()
        body = parser.parse_statements(("name:else", "name:endclaim"))
        otherwise: list[nodes.Node] = []
        has_else = next(parser.stream).value == "else"
        if has_else:
            otherwise = parser.parse_statements(("name:endclaim",), drop_needle=True)
        judge = self.call_method(
            "judge",
            [
                self.call_method("begin"),
                expression,
                nodes.Const(parser.filename or parser.name or ""),
                nodes.Const(line),
                nodes.Const(has_else),
            ],
        )
        mark = nodes.Output([self.call_method("mark")])
        return [nodes.If(judge, [mark, *body], [], [mark, *otherwise]).set_lineno(line)]

    def begin(self) -> None:
        """Forget what was read before this claim."""
        self._court.desk.begin()

    def judge(self, _begun: None, truth: object, file: str, line: int, has_else: bool) -> bool:  # noqa: FBT001 - Jinja calls it by position
        """Record the verdict; true means that the first branch is shown."""
        return self._court.judge(truth, file, line, has_else=has_else)

    def mark(self) -> str:
        """Return what stands before a sentence that does not simply hold."""
        return self._court.mark()

    @property
    def _court(self) -> Court:
        court = self.environment.court  # type: ignore[attr-defined] # set by the composer
        assert isinstance(court, Court)
        return court


class Court:
    """Judges the claims of one report and keeps the verdicts."""

    def __init__(self, desk: Desk, folder: Path) -> None:
        self.desk, self.folder = desk, folder
        self.claims: list[Claim] = []
        self._marks: dict[str, str] = {}  # verdict → the one mark of it

    def judge(self, truth: object, file: str, line: int, *, has_else: bool) -> bool:
        """Record a claim from its value and from what was read; tell which branch to show.

        Without an else the sentence stands, whatever came of it, with a mark before it.
        """
        holds = bool(truth) and not self.desk.is_odd
        read = list(self.desk.read)
        verdict = self._verdict(read, holds=holds, has_else=has_else)
        names = {value.source: f"{value.source} = {value.plain()}" for value in read}
        claim = Claim(
            where=f"{Path(file).relative_to(self.folder).as_posix()}:{line}",
            text=", ".join(value.source for value in read),
            verdict=verdict,
            reading=", ".join(names.values()),
        )
        self.claims.append(claim)
        return holds or not has_else or verdict == "undecided"

    def mark(self) -> str:
        """Return a visible mark for the last claim, "" when it was judged and says what is so."""
        claim = self.claims[-1]
        if claim.verdict == "holds" or (claim.verdict == "fails" and not self.desk.is_odd):
            return ""
        css = claim.verdict.replace(" ", "-")
        is_read = claim.verdict in ("broken", "fails")
        note = f"{claim.verdict}: {claim.reading}" if is_read else claim.verdict
        html = f'<span class="claim {css}">[claim {escape(note)}]</span> '
        if claim.verdict == "broken":
            return self.desk.fragments.put(html, f"[claim {note}] ")
        if note not in self._marks:
            self._marks[note] = self.desk.fragments.put(html, f"[claim {note}] ")
        return self._marks[note]

    def without_repeats(self, text: str) -> str:
        """Return a text in which claims inside claims are marked once; it keeps its lines."""

        def once(found: re.Match[str]) -> str:
            return "\n" * found[0].count("\n") + found[1]

        for mark in self._marks.values():
            text = re.sub(rf"({mark})\s*(?:{mark}\s*)+", once, text)
        return text

    @staticmethod
    def _verdict(read: list[Value | Missing], *, holds: bool, has_else: bool) -> Verdict:
        if any(isinstance(value, Missing) for value in read):
            return "undecided"
        if any(isinstance(value, Value) and value.is_provisional for value in read):
            return "not judged"
        if holds:
            return "holds"
        return "fails" if has_else else "broken"
