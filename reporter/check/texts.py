"""Sections, abstract, answers and results → the words in them, those of prose in their places."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import TYPE_CHECKING, Any

from jinja2 import nodes

from reporter.prose.questions import FENCE, INLINE_CODE, read_questions
from reporter.prose.sections import read_sections
from reporter.prose.templates import HEADING_ID, bare
from reporter.prose.texts import read_text
from reporter.prose.tools import NAMES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from reporter.report import Report

SPOKEN = ("caption", "captions", "alt", "first")  # arguments that a reader sees
UNREAD = (  # what is no prose, in the order in which it is taken out
    HEADING_ID,
    FENCE,
    INLINE_CODE,
    re.compile(r"\{#.*?#\}|<!--.*?-->|\{\{.*?\}\}|\{%.*?%\}", re.DOTALL),
    re.compile(r"\$\$.*?\$\$", re.DOTALL),
    re.compile(r"(?<!\\)\$[^$\n]+\$"),
    re.compile(r"\]\([^)]*\)|https?://\S+|\[@[^\]]*\]|@[\w.-]+|\[\^[^\]]*\]"),
)


@dataclass(frozen=True, kw_only=True)
class Passage:
    """A text with all that is no prose blanked, and where it stands: "sections/01-data.md", 3."""

    file: str
    line: int
    text: str

    def where(self, start: int) -> str:
        """Return the place of what begins at a sign of the text."""
        return f"{self.file}:{self.line + self.text.count(chr(10), 0, start)}"


def prose(report: Report) -> Iterator[Passage]:
    """Yield the prose of a report.

    Captions, alt texts and labels in the calls of templates follow the text that they stand in.
    """
    sources = [(section.path, 1, section.text) for section in read_sections(report)]
    abstract = report.folder / "abstract.md"
    if abstract.is_file():
        sources.append((abstract, 1, read_text(abstract)))
    sources += [
        (question.path, question.answer_line, question.answer)
        for question in read_questions(report.folder).values()
    ]
    for path, first, text in sources:
        name = file_name(report, path)
        yield Passage(file=name, line=first, text=blanked(text, UNREAD))
        for line, words in _spoken("\n" * (first - 1) + text):
            yield Passage(file=name, line=line, text=blanked(words, UNREAD))


def strings(value: Any) -> Iterator[str]:
    """Yield every text in plain data and artifacts, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from strings([*value, *value.values()])
    elif isinstance(value, list | tuple):
        for one in value:
            yield from strings(one)
    elif is_dataclass(value):
        yield from strings([getattr(value, field.name) for field in fields(value)])


def file_name(report: Report, path: Path) -> str:
    """Return what findings call a file of a report's folder."""
    return path.relative_to(report.folder).as_posix()


def blanked(text: str, patterns: Iterable[re.Pattern[str]]) -> str:
    """Return a text in which what is found is blanked; every sign keeps its place."""
    for pattern in patterns:
        text = pattern.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)
    return text


def _spoken(text: str) -> Iterator[tuple[int, str]]:
    """Yield captions, alt texts and labels that stand in a template's calls, with their lines."""
    tree = bare(NAMES).parse(text)
    for call in tree.find_all(nodes.Call):
        shown = [argument.value for argument in call.kwargs if argument.key in SPOKEN]
        labels = [pair.value for tables in call.find_all(nodes.Dict) for pair in tables.items]
        for expression in (*shown, *labels):
            for node in (expression, *expression.find_all(nodes.Const)):
                if isinstance(node, nodes.Const) and isinstance(node.value, str):
                    yield node.lineno, node.value
