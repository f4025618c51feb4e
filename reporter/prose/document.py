"""Sections, questions and results → the text of a report, numbered, with its claims judged."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import TemplateError, TemplateSyntaxError

from reporter.errors import ReportError, nearest
from reporter.prose.answers import Answers
from reporter.prose.claims import Claim, Court
from reporter.prose.fragments import Fragments
from reporter.prose.markdown import Hooks, MathError, parser
from reporter.prose.numbering import Numbering, Problem
from reporter.prose.pictures import embedded
from reporter.prose.questions import read_questions
from reporter.prose.references import References
from reporter.prose.sections import (
    Section,
    check_names,
    named_questions,
    read_sections,
    used_runs,
)
from reporter.prose.templates import bare, templates, with_lines
from reporter.prose.tools import NAMES, Tools, filters
from reporter.prose.values import Desk
from reporter.prose.views import Runs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reporter.prose.views import Finished
    from reporter.report import Report


MISTAKES = (  # what an author's template can raise
    TemplateError,
    ReportError,
    TypeError,
    AttributeError,
    ArithmeticError,
    ValueError,
    LookupError,
)
PRIVATE = re.compile("[\ue000-\ue011]")  # the characters that pieces and ids are marked with


@dataclass(frozen=True, kw_only=True)
class Heading:
    """A line of the table of contents."""

    level: int
    number: str
    id: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Chapter:
    """One section as it was composed; `html` still holds marks."""

    section: Section
    html: str
    headings: tuple[Heading, ...]


@dataclass(frozen=True, kw_only=True)
class Document:
    """A composed report: everything but the drawing of figures is done."""

    report: Report
    finished: Mapping[str, Finished]
    abstract: str
    chapters: tuple[Chapter, ...]
    references: tuple[tuple[str, str], ...]
    methods: Mapping[str, str]
    claims: tuple[Claim, ...]
    problems: tuple[Problem, ...]
    fragments: Fragments
    unanswered: tuple[tuple[str, str], ...] = ()  # id and number of placed questions
    changes: tuple[str, ...] = ()  # of report.toml by --set, said on the first page

    def set(self, html: str) -> str:
        """Put the pieces into a text, drawing the figures in it."""
        return self.fragments.set(html)

    @property
    def notes(self) -> tuple[str, ...]:
        """Return what is provisional about the report, for its first page."""
        jobs = [job for run in self.finished.values() for job in run.jobs]
        return tuple(dict.fromkeys(note for job in jobs for note in job.notes))

    @property
    def broken(self) -> tuple[Claim, ...]:
        """Return the claims that fail and have no other branch."""
        return tuple(claim for claim in self.claims if claim.verdict == "broken")


def needed_runs(report: Report, only: Iterable[str]) -> tuple[str, ...] | None:
    """Return the runs that the sections called `only` use; None (all runs) when it is empty.

    Raises:
        ReportError: an unknown section, or a template with a syntax error, whether used or not.
    """
    wanted = set(only)
    sections = {section.id: section for section in read_sections(report)}
    environment = bare(NAMES, filters())
    questions = read_questions(report.folder)
    named = named_questions(_texts(report), questions)
    used = {
        name: used_runs(section, questions, environment, report.runs, named)
        for name, section in sections.items()
    }
    texts = [(question.text + question.answer, question.path) for question in questions.values()]
    abstract = report.folder / "abstract.md"
    if abstract.is_file():
        texts.append((abstract.read_text(encoding="utf-8"), abstract))
    check_names(texts, environment, report.runs)
    for name in sorted(wanted - set(sections)):
        raise ReportError(f"no section is called {name!r}{nearest(name, sections)}")
    names = dict.fromkeys(run for name in sections if name in wanted for run in used[name])
    return tuple(names) if wanted else None


def compose(
    report: Report,
    finished: Mapping[str, Finished],
    figure_cache: Path,
    *,
    changes: tuple[str, ...] = (),
) -> Document:
    """Write the report's text over the results of its runs.

    Args:
        report: as it was opened.
        finished: its runs with what they returned.
        figure_cache: where drawn figures are kept.
        changes: settings that differ from report.toml, for the first page.

    Raises:
        ReportError: template syntax, an undefined name or value; with file and line.
    """
    return replace(_Composer(report, finished, figure_cache).document(), changes=changes)


class _Composer:
    """Holds what one composition shares: pieces, numbers, verdicts, citations."""

    def __init__(self, report: Report, finished: Mapping[str, Finished], cache: Path) -> None:
        self.report, self.finished = report, finished
        self.fragments = Fragments()
        desk = Desk(self.fragments)
        self.court, self.numbering = Court(desk, report.folder), Numbering()
        self.references = References(report.folder / "references.bib")
        self.headings: list[Heading] = []
        self.section_id = ""
        hooks = Hooks(
            heading=self._heading,
            refer=self._refer,
            cite=self._cite,
            equation=self._equation,
            image=self._image,
        )
        self.markdown = parser(hooks)
        questions = read_questions(report.folder)
        self.answers = Answers(
            desk=desk,
            numbering=self.numbering,
            known=questions,
            named=named_questions(_texts(report), questions),
            compose=self._compose,
        )
        tools = Tools(
            desk=desk,
            finished=finished,
            numbering=self.numbering,
            answers=self.answers,
            court=self.court,
            figure_cache=cache,
            credits={name: image.credit or "" for name, image in report.images.items()},
            render=self._markdown,
        )
        names = {"runs": Runs(desk, finished), **tools.functions()}
        self.environment = templates(self.court, names, filters())

    def document(self) -> Document:
        """Compose abstract and sections in reading order."""
        abstract = self.report.folder / "abstract.md"
        summary = ""
        if abstract.is_file():
            summary = self._compose(abstract.read_text(encoding="utf-8"), str(abstract), 1)
        chapters = tuple(self._chapter(section) for section in read_sections(self.report))
        methods = {
            job.experiment: self._markdown(job.method, False)
            for run in self.finished.values()
            for job in run.jobs
        }
        self.answers.finish()
        self.numbering.finish()
        return Document(
            report=self.report,
            finished=self.finished,
            abstract=summary,
            chapters=chapters,
            references=tuple(self.references.listed()),
            methods=dict(sorted(methods.items())),
            claims=tuple(self.court.claims),
            problems=tuple(self.numbering.problems),
            fragments=self.fragments,
            unanswered=tuple(self.answers.unanswered.items()),
        )

    def _chapter(self, section: Section) -> Chapter:
        self.headings, self.section_id = [], section.id
        title = f"# {section.title}\n\n" if section.title else ""
        html = self._compose(section.text, str(section.path), 1, before=title)
        if not self.headings:
            raise ReportError(f"{section.path}: has no title; begin it with # Title")
        return Chapter(section=section, html=html, headings=tuple(self.headings))

    def _compose(self, text: str, path: str, line: int, *, before: str = "") -> str:
        """Render a template text that starts at a line of a file, then its Markdown."""
        place = Path(path).relative_to(self.report.folder).as_posix()
        outer, self.numbering.place = self.numbering.place, place
        try:
            text = before + self._rendered("\n" * (line - 1) + text, path)
            return self._markdown(text, is_inline=False)
        except MathError as exc:
            raise ReportError(f"{path}: {exc}") from exc
        finally:
            self.numbering.place = outer

    def _rendered(self, text: str, path: str) -> str:
        text = PRIVATE.sub("", text)
        try:
            tree = with_lines(self.environment.parse(text, name=path, filename=path))
            code = self.environment.compile(tree, name=path, filename=path)
            globals_ = self.environment.make_globals(None)
            template = self.environment.template_class.from_code(self.environment, code, globals_)
            return self.court.without_repeats(template.render())
        except TemplateSyntaxError as exc:
            raise ReportError(f"{path}:{exc.lineno}: template syntax: {exc.message}") from exc
        except MISTAKES as exc:
            line = _line_in(exc, path)
            if line is None or str(exc).startswith(f"{path}:"):
                raise
            raise ReportError(f"{path}:{line}: {exc}") from exc

    def _markdown(self, text: str, is_inline: bool) -> str:  # noqa: FBT001 - as Tools asks
        render = self.markdown.renderInline if is_inline else self.markdown.render
        return str(render(text))

    def _heading(self, level: int, target: str, text: str) -> str:
        if not self.section_id:
            return ""
        is_first = not self.headings
        target = target or f"sec-{self.section_id}" + ("" if is_first else f"-{len(self.headings)}")
        number = self.numbering.heading(level, target)
        plain = self.fragments.plain(text)
        self.headings.append(Heading(level=level, number=number, id=target, text=plain))
        html = f'<a class="anchor" id="{target}"></a><span class="secnum">{number}</span> '
        return self.fragments.put(html, f"{number} ")

    def _refer(self, target: str) -> str:
        self.numbering.refer(target)
        return self.fragments.put(lambda: self.numbering.link(target), target)

    def _cite(self, keys: tuple[str, ...]) -> str:
        html, missing = self.references.cite(keys)
        for key in missing:
            hint = nearest(key, self.references.keys)
            self.numbering.problem(self.numbering.place, f"no reference is called @{key}{hint}")
        return self.fragments.put(html)

    def _image(self, source: str, alt: str) -> str:
        """Return a picture of the workspace; one that is missing, or silent, is told."""
        html = embedded(self.report.folder, source, self.fragments.plain(alt))
        place = self.numbering.place
        if html is None:
            told = f"no picture {source} in the report's folder; put it there or correct the path"
            self.numbering.problem(place, told)
            html = f'<span class="missing">{escape(source)}?</span>'
        elif not alt:
            self.numbering.problem(place, f"{source} has no alt text; write ![what it shows](…)")
        return self.fragments.put(html)

    def _equation(self, target: str, html: str) -> str:
        number = self.numbering.number("eq", target)
        counted = f'<span class="eqnum">({number})</span>'
        return f'<div class="equation" id="{target}">{html}{counted}</div>\n'


def _texts(report: Report) -> list[str]:
    """Return the templates that may place questions."""
    paths = [*report.sources(), report.folder / "abstract.md", report.folder / "questions.md"]
    return [path.read_text(encoding="utf-8") for path in paths if path.is_file()]


def _line_in(exc: BaseException, path: str) -> int | None:
    """Return the line of the template that raised, the innermost one in `path`."""
    line = None
    trace = exc.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == path:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
