"""Things with an id → their numbers; references to them, wherever they stand; what dangles."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from html import escape

from reporter.errors import nearest

SPACE = "\N{NO-BREAK SPACE}"
SPELLED = {
    "fig": "Figure",
    "tbl": "Table",
    "sec": "Section",
    "eq": "Equation",
    "lst": "Listing",
    "q": "Question",
}


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Something that is broken in the text, and where."""

    where: str
    message: str


class Numbering:
    """Numbers of one report, given in reading order."""

    def __init__(self) -> None:
        self.numbers: dict[str, str] = {}
        self.problems: list[Problem] = []
        self.place = ""  # the file that is being set
        self._wanted: list[tuple[str, str]] = []
        self._counts: Counter[str] = Counter()
        self._headings = [0, 0, 0, 0, 0, 0]

    def number(self, kind: str, target: str) -> str:
        """Return the next number of a kind and keep it for `target`."""
        self._counts[kind] += 1
        self._keep(target, str(self._counts[kind]))
        return str(self._counts[kind])

    def heading(self, level: int, target: str) -> str:
        """Return the number of a heading, "2" or "2.1", and keep it for `target`."""
        self._headings[level - 1] += 1
        self._headings[level:] = [0] * (6 - level)
        text = ".".join(str(count) for count in self._headings[:level])
        self._keep(target, text)
        return text

    def refer(self, target: str) -> None:
        """Remember that the text refers to `target`, whose number may come later."""
        self._wanted.append((target, self.place))

    def link(self, target: str) -> str:
        """Return a link to `target` as it reads in text, once everything is numbered."""
        if target not in self.numbers:
            return f'<span class="missing">@{escape(target)}?</span>'
        kind = SPELLED[target.split("-", maxsplit=1)[0]]
        return f'<a class="ref" href="#{escape(target)}">{kind}{SPACE}{self.numbers[target]}</a>'

    def finish(self) -> None:
        """Tell of every reference that leads nowhere."""
        for target, place in self._wanted:
            if target not in self.numbers:
                kind = target.split("-")[0]
                known = [name for name in self.numbers if name.split("-")[0] == kind]
                self.problem(place, f"reference @{target} leads nowhere{nearest(target, known)}")

    def problem(self, where: str, message: str) -> None:
        """Keep a problem; the same one is kept once."""
        found = Problem(where=where, message=message)
        if found not in self.problems:
            self.problems.append(found)

    def _keep(self, target: str, number: str) -> None:
        if target in self.numbers:
            self.problem(self.place, f"a second {target!r}; remove one, or give it another id")
        self.numbers.setdefault(target, number)
