"""Sections and questions → the runs that they use, and what is wrong with the names in them.

All of it is read off the templates before anything runs.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import TemplateSyntaxError, meta, nodes

from reporter.errors import ReportError, nearest
from reporter.prose.questions import read_questions
from reporter.prose.references import style_file
from reporter.prose.sections import read_sections
from reporter.prose.templates import TOO_MUCH, bare, parsed, syntax
from reporter.prose.texts import read_text
from reporter.prose.tools import NAMES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from jinja2 import Environment

    from reporter.prose.questions import Question
    from reporter.prose.sections import Section
    from reporter.report import Report


def needed_runs(report: Report, only: Iterable[str]) -> tuple[str, ...] | None:
    """Return the runs that the sections called `only` use; None (all runs) when it is empty.

    Raises:
        ReportError: an unknown section or style of citations, or a template with a syntax error,
            whether used or not.
    """
    style_file(report.folder, report.report.citations)
    wanted = set(only)
    used = used_by_section(report)
    environment = bare(NAMES)
    questions = read_questions(report.folder)
    texts = [(question.text + question.answer, question.path) for question in questions.values()]
    abstract = report.folder / "abstract.md"
    if abstract.is_file():
        texts.append((read_text(abstract), abstract))
    for text, path in texts:  # for a look at their syntax and names
        _words(text, path, environment, report.runs)
    for name in sorted(wanted - set(used)):
        raise ReportError(f"no section is called {name!r}{nearest(name, used)}")
    names = dict.fromkeys(run for name in used if name in wanted for run in used[name])
    return tuple(names) if wanted else None


def used_by_section(report: Report) -> dict[str, tuple[str, ...]]:
    """Return the runs that each section uses, in the order of the report."""
    environment = bare(NAMES)
    questions = read_questions(report.folder)
    named = named_questions(report, questions)
    return {
        section.id: _used_runs(section, questions, environment, report.runs, named)
        for section in read_sections(report)
    }


def _used_runs(
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


def named_questions(report: Report, questions: Collection[str]) -> frozenset[str]:
    """Return the ids of the questions that stand in the code of some template of a report."""
    paths = [*report.sources(), report.folder / "abstract.md", report.folder / "questions.md"]
    found: set[str] = set()
    for path in filter(Path.is_file, paths):
        with suppress(TemplateSyntaxError, RecursionError):  # told where the text is set
            found |= {word for word in _look(read_text(path)).constants if word in questions}
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
