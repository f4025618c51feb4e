"""Questions with their answers → blocks of the report, in the order in which they are placed."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING

from reporter.errors import ReportError, nearest
from reporter.prose.questions import points_text
from reporter.prose.styles import SPACE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reporter.prose.numbering import Numbering
    from reporter.prose.questions import Question
    from reporter.prose.values import Desk

OPEN = '<div class="answer open"><p>This question is not answered yet.</p></div>'


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What places questions, and remembers which have their place.

    Attributes:
        known: every question of questions.md by id, in the order of the file.
        named: ids that some text of the report places by name, so that `questions` leaves them.
        compose: renders a template text of a file, starting at a line.
        unanswered: number of each placed question without an answer.
    """

    desk: Desk
    numbering: Numbering
    known: Mapping[str, Question]
    named: frozenset[str]
    compose: Callable[[str, str, int], str]
    placed: list[str] = field(default_factory=list)
    unanswered: dict[str, str] = field(default_factory=dict)
    _within: list[str] = field(default_factory=list)

    @property
    def is_placing(self) -> bool:
        """Tell whether a question is being set; headings in it are no sections."""
        return bool(self._within)

    @property
    def placing(self) -> str:
        """Return the question that is being set, "" when none is."""
        return self._within[-1] if self._within else ""

    def question(self, id: str) -> str:
        """Place a question of questions.md with its answer, or with room for one."""
        if id not in self.known:
            raise ReportError(f"no question is called {id!r}{nearest(id, self.known)}")
        if id in self._within:
            raise ReportError(f"question {id!r} is placed within itself")
        question = self.known[id]
        number = self.numbering.number("q", id)
        self.placed.append(id)
        self._within.append(id)
        asked = self.compose(question.text, str(question.path), question.line)
        body = self._answer(question, number)
        self._within.remove(id)
        html = (
            f'<section class="question" id="{escape(id)}"><div class="asked">'
            f'<p class="label">Question{SPACE}{number}{_credit(question)}</p>{asked}</div>'
            f"{body}</section>\n"
        )
        return self.desk.fragments.put(html, is_block=True)

    def questions(self) -> str:
        """Place every question that no text places by its id, in the order of questions.md."""
        left = [name for name in self.known if name not in (*self.named, *self.placed)]
        return "\n\n".join(self.question(name) for name in left)

    def finish(self) -> None:
        """Tell of every question that was placed nowhere."""
        for name, question in self.known.items():
            if name in self.placed:
                continue
            self.numbering.problem(
                question.where,
                f"question {name!r} of questions.md is placed nowhere; add {{{{ questions() }}}}",
                "questions",
            )
            if not question.is_answered:
                self._tell_open(question)

    def _answer(self, question: Question, number: str) -> str:
        answer = ""
        if question.is_answered:
            answer = self.compose(question.answer, str(question.path), question.answer_line)
        if answer.strip():
            return f'<div class="answer">{answer}</div>'
        self._tell_open(question)
        self.unanswered[question.id] = number
        return OPEN

    def _tell_open(self, question: Question) -> None:
        told = f"question {question.id!r} has no answer yet"
        self.numbering.problem(question.where, told, "questions")


def _credit(question: Question) -> str:
    """Return what a question is worth, as it stands beside its number."""
    credit = [] if question.points is None else [points_text(question.points)]
    credit += ["bonus"] if question.is_bonus else []
    return f' <span class="points">({", ".join(credit)})</span>' if credit else ""
