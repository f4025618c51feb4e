"""Citations of a text → what stands for them, and the list of references, as a CSL style says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from html import escape, unescape
from typing import TYPE_CHECKING, Any

from reporter import shipped, trust
from reporter.errors import ReportError, nearest
from reporter.prose import bibliography
from reporter.prose.csl import CITED, CLOSE, OPEN, Cite, StyledWorks, tidy
from reporter.prose.numbering import SPACE, Problem
from reporter.prose.texts import read_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

SHIPPED = ("numeric", "author-year")
LEAST_RANGE = 3  # "[1, 2]", but "[1–3]"
LEAST_OTHERS = 3  # "A and B", but "A et al."
ADDRESS = re.compile(r"https?://[^\s<]*[^\s<.,;:]")


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A line of the list of references: `label` is "[1]", or "" where authors stand for it."""

    key: str
    label: str
    html: str


def style_file(folder: Path, name: str) -> Path:
    """Return the CSL file of a style: a shipped one by name, or a .csl file of the workspace.

    Raises:
        ReportError: no such style.
    """
    if name in SHIPPED:
        return shipped.folder("templates") / "_base" / f"{name}.csl"
    path = folder / name
    if path.suffix != ".csl" or not path.is_file():
        hint = nearest(name, SHIPPED) if path.suffix != ".csl" else f"; put the file into {folder}"
        raise ReportError(f"report.citations: there is no style {name!r}{hint}")
    if not trust.is_inside(folder, path):
        raise ReportError(f"report.citations: {name} leads out of the folder; put a copy there")
    return path


class References:
    """The bibliography of one report; what is asked for first is settled last."""

    def __init__(self, path: Path, style: Path, language: str = "en") -> None:
        self.path, self.style, self.language = path, style, language
        self.reached: list[str] = []  # keys in the order of the text

    @cached_property
    def entries(self) -> dict[str, dict[str, Any]]:
        """Return every entry as CSL-JSON, by key."""
        return bibliography.read(self.path)

    @property
    def keys(self) -> tuple[str, ...]:
        """Return the keys of the bibliography."""
        return tuple(self.entries)

    def missing(self, cites: Iterable[Cite]) -> list[str]:
        """Return the keys that the bibliography lacks."""
        return [cite.key for cite in cites if cite.key not in self.entries]

    def reach(self, cites: Iterable[Cite]) -> None:
        """Remember what is cited; called in the order of the text."""
        for cite in cites:
            if cite.key in self.entries and cite.key not in self.reached:
                self.reached.append(cite.key)

    def uncited(self) -> tuple[Problem, ...]:
        """Return a note for each entry that nothing cites."""
        left = [key for key in self.entries if key not in self.reached]
        source = read_text(self.path) if left else ""
        notes = []
        for key in left:
            head = re.search(rf"@\w+\s*[{{(]\s*{re.escape(key)}\s*,", source)
            line = source.count("\n", 0, head.start()) + 1 if head else 1
            where = f"{self.path.name}:{line}"
            notes.append(Problem(where=where, message=f"{key} is cited nowhere"))
        return tuple(notes)

    def cited(self, cites: Sequence[Cite], *, is_textual: bool = False) -> str:
        """Return a citation with links, "[1–3]" or "(Able, 2001)", once everything is reached.

        Args:
            cites: what is cited together.
            is_textual: whether the authors are part of the sentence, "Able [1]".
        """
        known = [cite for cite in cites if cite.key in self.entries]
        holes = [f'<span class="missing">{escape(key)}?</span>' for key in self.missing(cites)]
        html = self._linked(self._settled.cite(known)) if known else "[]"
        if is_textual and known:
            html = self._in_text(known[0], html)
        if holes:
            html = html[:-1] + ", ".join([""] * bool(known) + holes) + html[-1]
        return f'<span class="citation">{html}</span>'

    def listed(self) -> tuple[Entry, ...]:
        """Return what is cited, in the order of the style."""
        if not self.reached:
            return ()
        return tuple(
            Entry(key=key, label=label, html=_with_addresses(html))
            for key, label, html in self._settled.entries()
        )

    @cached_property
    def _settled(self) -> StyledWorks:
        return StyledWorks(self.style, self.language, [self.entries[key] for key in self.reached])

    def _linked(self, text: str) -> str:
        """Turn what stands for each key into a link; three numbers or more in a row become one."""
        if self._settled.collapses:
            text = _collapsed(text)
        return CITED.sub(lambda m: f'<a href="#ref-{escape(m[1])}">{m[2]}</a>', text)

    def _in_text(self, cite: Cite, html: str) -> str:
        names = short_names(self.entries[cite.key])
        if self._settled.is_numeric:
            return f"{names}{SPACE}{html}"
        year = self._settled.years[cite.key]
        return f'<a href="#ref-{escape(cite.key)}">{names} ({year})</a>'


def short_names(item: dict[str, Any]) -> str:
    """Return "Able", "Able and Best", "Able et al.", or the title of what nobody signed."""
    people = item.get("author") or item.get("editor")
    if not people:
        return tidy(item.get("title", item["id"]))
    names = [
        person.get("literal")
        or " ".join(filter(None, (person.get("non-dropping-particle"), person.get("family"))))
        for person in people
    ]
    if len(names) >= LEAST_OTHERS or names[1:] == ["et al."]:
        return f"{names[0]} et al."
    return " and ".join(names)


def _collapsed(text: str) -> str:
    """Return "1–3" for "1, 2, 3"; a number with a page stays by itself."""
    before, *pieces = re.split(f"({OPEN}.*?{CLOSE})", text)
    runs: list[list[tuple[str, str]]] = []  # what stands for a work, what stands after it
    for cited, after in zip(pieces[::2], pieces[1::2], strict=True):
        if runs and _number(cited) and _number(cited) == _number(runs[-1][-1][0]) + 1:
            runs[-1].append((cited, after))
        else:
            runs.append([(cited, after)])
    parts = [before]
    for run in runs:
        if len(run) >= LEAST_RANGE:
            parts += [run[0][0], "–", *run[-1]]
        else:
            parts += [part for pair in run for part in pair]
    return "".join(parts)


def _number(cited: str) -> int:
    """Return the number that stands for a work, 0 where more or something else does."""
    number = re.fullmatch(r"\D*(\d+)\D*", CITED.sub(r"\2", cited))
    return int(number[1]) if number else 0


def _with_addresses(html: str) -> str:
    """Turn every address in a reference into a link."""

    def link(found: re.Match[str]) -> str:
        address = escape(unescape(found[0]))
        return f'<span class="address"><a href="{address}">{found[0]}</a></span>'

    return ADDRESS.sub(link, html)
