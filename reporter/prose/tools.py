"""What a section may call, and how a value prints: the words of the templates."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from reporter.artifacts import Text
from reporter.errors import ReportError, shown
from reporter.prose import failures
from reporter.prose.evidence import clearly_above, diff, wins
from reporter.prose.markdown import code
from reporter.prose.observe import Observer
from reporter.prose.origins import origin
from reporter.prose.panels import Figures
from reporter.prose.styles import SPACE, THIN, million_style, number_style, percent_style
from reporter.prose.tabular import Tables
from reporter.prose.values import Missing, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from reporter.prose.answers import Answers
    from reporter.prose.claims import Court
    from reporter.prose.placing import Placing
    from reporter.prose.styles import Format


MOST_DIGITS = 12  # after the point
NAMES = (  # what a template may call
    "figure",
    "figures",
    "table",
    "compare",
    "settings",
    "listing",
    "question",
    "questions",
    "observe",
    "diff",
    "wins",
    "clearly_above",
)


@dataclass(frozen=True, kw_only=True)
class Tools:
    """The functions of the templates, over the results of one report.

    Attributes:
        credits: photograph → where it was taken from; captions of figures that show it say so.
    """

    at: Placing
    answers: Answers
    court: Court
    figure_cache: Path
    credits: Mapping[str, str]

    def functions(self) -> dict[str, Callable[..., Any]]:
        """Return them by the names that templates use."""
        at = self.at
        observer = Observer(
            desk=at.desk, court=self.court, numbering=at.numbering, finished=at.finished
        )
        figures = Figures(at=at, cache=self.figure_cache, credits=self.credits)
        tables = Tables(at=at)
        return {
            "figure": figures.figure,
            "figures": figures.figures,
            "table": tables.table,
            "compare": tables.compare,
            "settings": tables.settings,
            "listing": self.listing,
            "question": self.answers.question,
            "questions": self.answers.questions,
            "observe": observer.observe,
            "diff": diff,
            "wins": wins,
            "clearly_above": clearly_above,
        }

    def listing(self, name: str, *, caption: str = "", id: str = "") -> str:
        """Place the text "run.artifact", a program's output or code, as a numbered listing."""
        target = id or "lst-" + name.replace(".", "-").replace("_", "-")
        number = self.at.numbering.number("lst", target)
        run, output = self.at.find(name)
        label = self.at.label("lst", target, number, caption, name, shows=[name]) + origin([run])
        if run.error:
            body = failures.box("Listing missing", [run])
        else:
            text = run.output(output)[0]
            if not isinstance(text, Text):
                raise ReportError(f"listing: {name!r} is a {type(text).__name__}, no text")
            body = code(text.body, text.language)
        html = (
            f'<figure id="{escape(target)}" class="listing"><figcaption>{label}</figcaption>'
            f"{body}</figure>\n"
        )
        return self.at.desk.fragments.put(html, is_block=True)


def filters() -> dict[str, Callable[..., Any]]:
    """Return the filters of templates: how a value prints."""
    return {
        "percent": _printer("percent", percent_style, f"{THIN}%", 1),
        "points": _printer("points", percent_style, f"{SPACE}points", 1),
        "number": _printer("number", number_style, "", 3),
        "millions": _printer("millions", million_style, f"{SPACE}million", 1),
    }


def _printer(
    name: str, style: Callable[[int], Format], suffix: str, usual: int
) -> Callable[..., Value | Missing]:
    """Return a filter that prints a value with so many digits after the point."""

    def printed(value: object, digits: int = usual) -> Value | Missing:
        if not isinstance(value, Value | Missing):
            raise ReportError(f"{name} prints a value of a run, and {shown(value)} is none")
        if not isinstance(digits, int) or not 0 <= digits <= MOST_DIGITS:
            told = f"should be a whole number from 0 to {MOST_DIGITS}"
            raise ReportError(f"{name}: digits={shown(digits)} {told}")
        return value.styled(style(digits), suffix)

    return printed
