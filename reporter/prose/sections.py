"""Section files → their text, titles, and the runs that they use."""

from __future__ import annotations

import re
import tomllib
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from jinja2 import TemplateSyntaxError, meta, nodes

from reporter.errors import ReportError, nearest, shown
from reporter.prose.templates import TOO_MUCH, bare, parsed, syntax
from reporter.prose.texts import read_text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from pathlib import Path

    from jinja2 import Environment

    from reporter.prose.questions import Question
    from reporter.report import Report

FRONT = re.compile(r"\A\+\+\+\n(.*?)^\+\+\+\n", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Section:
    """One file of sections/: `text` keeps the file's line numbers."""

    id: str
    path: Path
    text: str
    title: str = ""
    runs: tuple[str, ...] | None = None  # as the file says; None: those it names


def read_sections(report: Report) -> tuple[Section, ...]:
    """Read the sections of a report in order.

    Raises:
        ReportError: no section at all, two with one id, or a bad +++ block.
    """
    sections = tuple(_section(path) for path in report.sources())
    if not sections:
        raise ReportError(f"{report.folder / 'sections'}: no section there; add 01-introduction.md")
    seen: dict[str, Path] = {}
    for section in sections:
        if section.id in seen:
            other = seen[section.id].name
            raise ReportError(f"{section.path}: section {section.id!r} is also {other}; rename one")
        seen[section.id] = section.path
    return sections


def _section(path: Path) -> Section:
    text = read_text(path)
    meta: dict[str, object] = {}
    front = FRONT.match(text)
    if front:
        try:
            meta = tomllib.loads(front[1])
        except (ValueError, RecursionError) as exc:
            raise ReportError(f"{path}: the block between +++ is not valid TOML: {exc}") from exc
        text = "\n" * front[0].count("\n") + text[front.end() :]
    elif text.startswith("+++\n"):
        raise ReportError(f"{path}:1: the block of +++ has no end; close it by a line of +++")
    title, runs = _front(meta, path)
    return Section(id=re.sub(r"^\d+-", "", path.stem), path=path, text=text, title=title, runs=runs)


def _front(meta: Mapping[str, object], path: Path) -> tuple[str, tuple[str, ...] | None]:
    """Return title and runs of a +++ block."""
    unknown = sorted(set(meta) - {"title", "runs"})
    if unknown:
        hint = nearest(unknown[0], ("runs", "title"))
        raise ReportError(f"{path}: the block between +++: unknown key {unknown[0]!r}{hint}")
    title, runs = meta.get("title", ""), meta.get("runs")
    if not isinstance(title, str):
        raise ReportError(f"{path}: title: {shown(title)} should be a text, in quotes")
    if runs is None:
        return title, None
    if not isinstance(runs, list) or not all(isinstance(run, str) for run in runs):
        raise ReportError(f'{path}: runs: {shown(runs)} should be a list such as ["a", "b"]')
    return title, tuple(runs)


def used_runs(
    section: Section,
    questions: Mapping[str, Question],
    environment: Environment,
    known: Collection[str],
    named: Collection[str] = (),
) -> tuple[str, ...]:
    """Return the runs that a section uses: as its +++ block says, or every one that it names.

    A section that calls `questions()` uses those of all questions that are not `named` anywhere.
    """
    words = list(_words(section.text, section.path, environment, known))
    if section.runs is not None:
        for run in section.runs:
            if run not in known:
                hint = nearest(run, known)
                raise ReportError(f"{section.path}: runs: no run is called {run!r}{hint}")
        return section.runs
    asked = list(words)
    if any(name == "questions" for name, _ in _look(section.text).free):
        asked += [name for name in questions if name not in named]
    for word in asked:
        if word in questions:
            question = questions[word]
            words += _words(question.text + question.answer, question.path, environment, known)
    names = [part for word in words for part in (word, _run_of(word))]
    return tuple(name for name in known if name in names)


def check_names(
    texts: Iterable[tuple[str, Path]], environment: Environment, known: Collection[str]
) -> None:
    """Look at the syntax and names of other templates of a report; ReportError for the first."""
    for text, path in texts:
        _words(text, path, environment, known)


def named_questions(texts: Iterable[str], questions: Collection[str]) -> frozenset[str]:
    """Return the ids of the questions that stand in the code of some template."""
    found: set[str] = set()
    for text in texts:
        with suppress(
            TemplateSyntaxError, RecursionError
        ):  # told with file and line where the text is set
            found |= {word for word in _look(text).constants if word in questions}
    return frozenset(found)


def _run_of(word: str) -> str:
    """Return the run in "run.artifact"; the run's own name may hold dots."""
    return word.rpartition(".")[0]


def _words(
    text: str, path: Path, environment: Environment, known: Collection[str]
) -> tuple[str, ...]:
    """Return every constant string of a template, after a look at its syntax and names.

    Raises:
        ReportError: with file and line, before anything is run.
    """
    try:
        seen = _look(text)
    except TemplateSyntaxError as exc:
        raise ReportError(f"{path}:{exc.lineno}: {syntax(exc)}") from exc
    except RecursionError as exc:
        raise ReportError(f"{path}:1: {TOO_MUCH}") from exc
    for name, line in seen.free:
        if name not in environment.globals:
            hint = nearest(name, environment.globals)
            raise ReportError(f"{path}:{line}: {name!r} is undefined{hint}")
    for name, line in seen.filters:
        if name not in environment.filters:
            hint = nearest(name, environment.filters)
            told = hint if "mean" in hint else ""
            raise ReportError(f"{path}:{line}: no filter is called {name!r}{told}")
    for run, line in seen.runs:
        if run not in known:
            raise ReportError(f"{path}:{line}: no run is called {run!r}{nearest(run, known)}")
    return (*(run for run, _ in seen.runs), *seen.constants)


@dataclass(frozen=True, kw_only=True)
class Look:
    """What stands in the code of a template: names with their lines, and constant strings."""

    free: tuple[tuple[str, int], ...]  # names that the template does not set itself
    filters: tuple[tuple[str, int], ...]
    runs: tuple[tuple[str, int], ...]
    constants: tuple[str, ...]


@lru_cache(maxsize=512)
def _look(text: str) -> Look:
    """Parse a template once, however often it is asked about."""
    environment = bare(())
    tree = parsed(environment, text)
    filters = tuple((node.name, node.lineno) for node in tree.find_all(nodes.Filter))
    environment.filters |= dict.fromkeys((name for name, _ in filters), str)  # judged by `_words`
    undeclared = meta.find_undeclared_variables(tree)
    names = [(node.name, node.lineno) for node in tree.find_all(nodes.Name)]
    return Look(
        free=tuple((name, line) for name, line in names if name in undeclared),
        filters=filters,
        runs=tuple(_looked_up(tree)),
        constants=tuple(
            node.value for node in tree.find_all(nodes.Const) if isinstance(node.value, str)
        ),
    )


def _looked_up(tree: nodes.Template) -> Iterable[tuple[str, int]]:
    """Yield each run that is named as runs["x"] or runs.x, with its line."""
    for item in tree.find_all(nodes.Getitem):
        is_text = isinstance(item.arg, nodes.Const) and isinstance(item.arg.value, str)
        if is_text and isinstance(item.node, nodes.Name) and item.node.name == "runs":
            yield item.arg.value, item.lineno  # type: ignore[attr-defined] # a constant
    for member in tree.find_all(nodes.Getattr):
        if isinstance(member.node, nodes.Name) and member.node.name == "runs":
            yield member.attr, member.lineno
