"""questions.md → its questions with marks and answers, and how many of them are open."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING

from reporter.errors import ReportError, nearest
from reporter.prose.texts import read_text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

HEAD = re.compile(r"^##(?!#).*$", re.MULTILINE)
NAMED = re.compile(r"## +(q-[\w-]+) *(?:\{([^{}]*)\})? *")
ANSWER = re.compile(r"^### +Answer *$", re.MULTILINE)
COMMENTS = {"<!--": "-->", "{#": "#}"}
INLINE_CODE = re.compile(r"(?<!`)(`+)(?!`)[^\n]*?(?<!`)\1(?!`)")
FENCE = re.compile(
    r"^ {0,3}(`{3,}|~{3,})[^\n]*\n(?:.*?^ {0,3}\1[`~]*[ \t]*$|.*\Z)", re.DOTALL | re.MULTILINE
)


@dataclass(frozen=True, kw_only=True)
class Question:
    """One question of questions.md with its answer, "" while there is none; without comments."""

    id: str
    path: Path
    line: int
    text: str
    answer: str
    answer_line: int
    points: Decimal | None = None
    is_bonus: bool = False

    @cached_property
    def is_answered(self) -> bool:
        """Tell whether there is any answer; comments and white space are none."""
        return bool(self.answer.strip())

    @property
    def where(self) -> str:
        """Return file and line, as problems name them."""
        return f"{self.path.name}:{self.line}"


def read_questions(folder: Path) -> dict[str, Question]:
    """Read questions.md, if there is one: `## q-id {points=2 bonus}`, text, `### Answer`, text.

    Raises:
        ReportError: a head of level two that is none, an unknown mark, an id or a mark given
            twice; with file and line.
    """
    path = folder / "questions.md"
    if not path.is_file():
        return {}
    text = _without_comments(read_text(path))
    heads = list(HEAD.finditer(_without_code(text)))
    ends = [*(head.start() for head in heads), len(text)][1:]
    found: dict[str, Question] = {}
    for head, end in zip(heads, ends, strict=True):
        question = _question(path, text, head, end)
        if question.id in found:
            raise ReportError(
                f"{path}:{question.line}: a second question {question.id!r}; rename it"
            )
        found[question.id] = question
    return found


def summary(questions: Collection[Question]) -> str:
    """Return "4 answered, 3 open (q-a, q-b, q-c), 12 points"; bonus points are counted apart."""
    waiting = [question.id for question in questions if not question.is_answered]
    parts = [
        f"{len(questions) - len(waiting)} answered",
        f"{len(waiting)} open" + (f" ({', '.join(waiting)})" if waiting else ""),
    ]
    if any(question.points is not None for question in questions):
        regular = sum((q.points or Decimal() for q in questions if not q.is_bonus), Decimal())
        bonus = sum((q.points or Decimal() for q in questions if q.is_bonus), Decimal())
        parts.append(points_text(regular) + (f" + {bonus.normalize():f} bonus" if bonus else ""))
    return ", ".join(parts)


def points_text(points: Decimal) -> str:
    """Return "1 point", "2.5 points"."""
    return f"{points.normalize():f} {'point' if points == 1 else 'points'}"


def _blank(found: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", found[0])


def _without_code(text: str) -> str:
    """Return `text` with fenced blocks blanked, for a line of code is no heading."""
    return FENCE.sub(_blank, text)


def _without_comments(text: str) -> str:
    """Return `text` with comments blanked, except in code; every line keeps its place."""
    prose = INLINE_CODE.sub(_blank, _without_code(text))
    kept, done = [], 0
    for start, end in comments(prose):
        kept += [text[done:start], re.sub(r"[^\n]", " ", text[start:end])]
        done = end
    return "".join([*kept, text[done:]])


def comments(prose: str) -> Iterator[tuple[int, int]]:
    """Yield where comments stand, in time that grows as the text does: many may lack their end."""
    done, last = 0, {opening: prose.rfind(end) for opening, end in COMMENTS.items()}
    for opening in re.finditer("|".join(COMMENTS), prose):
        if done <= opening.start() and opening.end() <= last[opening[0]]:
            end = COMMENTS[opening[0]]
            done = prose.index(end, opening.end()) + len(end)
            yield opening.start(), done


def _question(path: Path, text: str, head: re.Match[str], end: int) -> Question:
    line = text.count("\n", 0, head.start()) + 1
    named = NAMED.fullmatch(head[0])
    if not named:
        raise ReportError(
            f"{path}:{line}: {head[0].strip()!r} should look like ## q-name {{points=2 bonus}}; "
            "headings inside a question begin with ###"
        )
    points, is_bonus = _marks((named[2] or "").split(), f"{path}:{line}: question {named[1]!r}")
    body = text[head.end() : end]
    answer = ANSWER.search(_without_code(body))
    asked, answered = (body[: answer.start()], body[answer.end() :]) if answer else (body, "")
    return Question(
        id=named[1],
        path=path,
        line=line,
        text=asked,
        answer=answered,
        answer_line=line + asked.count("\n"),
        points=points,
        is_bonus=is_bonus,
    )


def _marks(words: list[str], where: str) -> tuple[Decimal | None, bool]:
    """Read "points=2" and "bonus", each once at most."""
    points = None
    for word in words:
        key, sign, number = word.partition("=")
        if key not in ("points", "bonus") or (key == "bonus" and sign):
            hint = nearest(word, ("points=2", "bonus"))
            raise ReportError(f"{where}: unknown mark {word!r}{hint}")
        if key == "points" and not re.fullmatch(r"\d+(\.\d+)?", number):
            raise ReportError(f"{where}: {word!r} should name a number of points, such as points=2")
        if [other.partition("=")[0] for other in words].count(key) > 1:
            raise ReportError(f"{where}: the mark {key!r} stands there twice; keep one")
        points = Decimal(number) if key == "points" else points
    return points, "bonus" in words
