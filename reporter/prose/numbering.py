"""Things with an id → their numbers; references to them, wherever they stand; what dangles."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from html import escape
from itertools import groupby
from typing import TYPE_CHECKING, Literal

from reporter.errors import nearest
from reporter.prose.wording import listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reporter.prose.places import Places

SPACE = "\N{NO-BREAK SPACE}"
SPELLED = {
    "fig": "Figure",
    "tbl": "Table",
    "sec": "Section",
    "eq": "Equation",
    "lst": "Listing",
    "q": "Question",
}
NAME = r"[A-Za-z0-9](?:[\w.-]*\w)?"  # what may follow the kind in an id
LEAST_RANGE = 3  # "Figures 3 and 4", but "Figures 3–5"


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Something that is broken in the text or about a question, and where."""

    where: str
    message: str
    about: Literal["text", "questions"] = "text"


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A line of a list of figures, tables or listings.

    Attributes:
        caption: still holds marks.
        shows: the outputs of runs that it is made from, such as "full.confusion".
    """

    kind: str
    id: str
    number: str
    caption: str
    shows: tuple[str, ...] = ()


class Numbering:
    """Numbers of one report, given in reading order."""

    def __init__(self, places: Places) -> None:
        self.places = places
        self.numbers: dict[str, str] = {}
        self.listed: list[Listed] = []
        self.problems: list[Problem] = []
        self._parts: set[str] = set()
        self._wanted: list[tuple[str, str]] = []
        self._counts: Counter[str] = Counter()
        self._headings = [0, 0, 0, 0, 0, 0]

    def number(self, kind: str, target: str, where: str = "") -> str:
        """Return the next number of a kind and keep it for `target`."""
        self._counts[kind] += 1
        if not re.fullmatch(f"{kind}-{NAME}", target):
            told = f"the id {target!r} should look like {kind}-name, with letters, digits, . _ -"
            self.problem(where or self.places.here(), told)
        self._keep(target, str(self._counts[kind]), where)
        return str(self._counts[kind])

    def heading(self, level: int, target: str) -> str:
        """Return the number of a heading, "2" or "2.1", and keep it for `target`."""
        self._headings[level - 1] += 1
        self._headings[level:] = [0] * (6 - level)
        text = ".".join(str(count) for count in self._headings[:level])
        self._keep(target, text)
        return text

    def part(self, target: str, number: str, letter: str) -> str:
        """Keep "3b" for the part `target`.b of a figure; return the part's id."""
        part = f"{target}.{letter}"
        self.numbers.setdefault(part, number + letter)
        self._parts.add(part)
        return part

    def enlist(self, listed: Listed) -> None:
        """Keep what a list of all figures, tables or listings says of one."""
        self.listed.append(listed)

    def refer(self, targets: Iterable[str]) -> None:
        """Remember that the text refers to `targets`, whose numbers may come later."""
        where = self.places.here()
        self._wanted += [(target, where) for target in targets]

    def link(self, targets: Iterable[str]) -> str:
        """Return links to `targets` as they read in text, once everything is numbered.

        "Figure 3", "Figures 3–5", "Figures 3 and 5"; each kind by itself.
        """
        known = [target for target in dict.fromkeys(targets) if target in self.numbers]
        lost = [
            f'<span class="missing">@{escape(target)}?</span>'
            for target in dict.fromkeys(targets)
            if target not in self.numbers
        ]
        kinds = [list(group) for _, group in groupby(sorted(known, key=_kind), key=_kind)]
        kinds.sort(key=lambda group: min(known.index(target) for target in group))
        return listed([*map(self._links, kinds), *lost])

    def finish(self) -> None:
        """Tell of every reference that leads nowhere."""
        for target, where in self._wanted:
            if target not in self.numbers:
                known = [name for name in self.numbers if _kind(name) == _kind(target)]
                if "." not in target:
                    known = [name for name in known if name not in self._parts]
                self.problem(where, f"reference @{target} leads nowhere{nearest(target, known)}")

    def problem(
        self, where: str, message: str, about: Literal["text", "questions"] = "text"
    ) -> None:
        """Keep a problem; the same one is kept once."""
        found = Problem(where=where, message=message, about=about)
        if found not in self.problems:
            self.problems.append(found)

    def _links(self, targets: Sequence[str]) -> str:
        """Return the links to targets of one kind."""
        ordered = sorted(targets, key=lambda target: _place(self.numbers[target]))
        word = SPELLED[_kind(ordered[0])] + ("s" if len(ordered) > 1 else "")
        shown = {target: self.numbers[target] for target in ordered}
        shown[ordered[0]] = f"{word}{SPACE}{shown[ordered[0]]}"
        links = {
            target: f'<a class="ref" href="#{escape(target)}">{text}</a>'
            for target, text in shown.items()
        }
        parts: list[str] = []
        for run in _runs(ordered, self.numbers):
            texts = [links[target] for target in run]
            parts += [f"{texts[0]}–{texts[-1]}"] if len(run) >= LEAST_RANGE else texts
        return listed(parts)

    def _keep(self, target: str, number: str, where: str = "") -> None:
        if target in self.numbers:
            here = where or self.places.here()
            self.problem(here, f"a second {target!r}; remove one, or give it another id")
        self.numbers.setdefault(target, number)


def _kind(target: str) -> str:
    return target.partition("-")[0]


def _place(number: str) -> tuple[tuple[int, str], ...]:
    """Return what numbers are ordered by: "2.1" before "2.10", "3a" before "3b"."""
    return tuple((int(digits), letter) for digits, letter in re.findall(r"(\d+)([a-z]?)", number))


def _runs(targets: Iterable[str], numbers: dict[str, str]) -> list[list[str]]:
    """Return ordered targets as runs whose numbers follow one another."""
    runs: list[list[str]] = []
    for target in targets:
        if runs and _follows(numbers[runs[-1][-1]], numbers[target]):
            runs[-1].append(target)
        else:
            runs.append([target])
    return runs


def _follows(first: str, second: str) -> bool:
    """Tell whether a number is the next one: "2.2" after "2.1", "3b" after "3a"."""
    (*before, (digits, letter)), (*after, last) = _place(first), _place(second)
    following = (digits, chr(ord(letter) + 1)) if letter else (digits + 1, "")
    return before == after and last == following
