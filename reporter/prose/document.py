"""Sections, questions and results → the text of a report, numbered, with its claims judged."""

from __future__ import annotations

import re
from dataclasses import replace
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import TemplateError, TemplateSyntaxError

from reporter.errors import ReportError, nearest
from reporter.prose.answers import Answers
from reporter.prose.claims import Court
from reporter.prose.composed import Chapter, Document, Heading
from reporter.prose.csl import Cite
from reporter.prose.effort import MarkdownError
from reporter.prose.failures import Gaps
from reporter.prose.fragments import Fragments
from reporter.prose.markdown import Hooks, parser, plain
from reporter.prose.needs import named_questions
from reporter.prose.notes import Notes
from reporter.prose.numbering import Numbering
from reporter.prose.pictures import embedded, fault, picture_digest
from reporter.prose.places import Places, line_in, rendered
from reporter.prose.placing import Placing
from reporter.prose.questions import read_questions
from reporter.prose.references import References, style_file
from reporter.prose.sections import Section, read_sections
from reporter.prose.templates import TOO_MUCH, compiled, said, syntax, templates
from reporter.prose.texts import read_text
from reporter.prose.tools import Tools
from reporter.prose.values import Desk
from reporter.prose.views import Runs

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    RecursionError,
)
PRIVATE = re.compile("[\ue000-\ue014]")  # the characters that pieces and ids are marked with


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
        self.places = Places(report.folder)
        self.court, self.numbering = Court(desk, report.folder), Numbering(self.places)
        self.references = References(
            report.folder / "references.bib",
            style_file(report.folder, report.report.citations),
            report.report.language,
        )
        self.gaps = Gaps(desk=desk, finished=finished)
        self.cites: list[Cite] = []
        self.headings: list[Heading] = []
        self.pictures: dict[str, str] = {}
        self.section_id = ""
        self.notes = Notes(self.fragments)
        hooks = Hooks(
            heading=self._heading,
            refer=self._refer,
            cite=self._cite,
            mention=lambda key: self._cite((Cite(key=key),), is_textual=True),
            equation=self._equation,
            image=self._image,
            piece=self.fragments.put,
            attribute=lambda html: self.fragments.put(lambda: escape(self._plain(html))),
            at=self.places.at,
            problem=lambda told: self.numbering.problem(self.places.here(), told),
            notes=self.notes,
        )
        self.markdown = parser(hooks)
        questions = read_questions(report.folder)
        self.answers = Answers(
            desk=desk,
            numbering=self.numbering,
            known=questions,
            named=named_questions(report, questions),
            compose=self._compose,
        )
        tools = Tools(
            at=Placing(
                desk=desk, finished=finished, numbering=self.numbering, render=self._markdown
            ),
            answers=self.answers,
            court=self.court,
            figure_cache=cache,
            credits={name: image.credit or "" for name, image in report.images.items()},
        )
        names = {"runs": Runs(desk, finished), **tools.functions()}
        self.environment = templates(self.court, names)

    def document(self) -> Document:
        """Compose abstract and sections in reading order."""
        abstract = self.report.folder / "abstract.md"
        summary = ""
        if abstract.is_file():
            summary = self._compose(read_text(abstract), str(abstract), 1)
        chapters = [self._chapter(section) for section in read_sections(self.report)]
        methods = self._methods()
        for text in (summary, *(chapter.html for chapter in chapters), *methods.values()):
            self.fragments.reach(text)
        self.references.reach(self.cites)  # what stands in attributes only
        self.answers.finish()
        self.numbering.finish()
        return Document(
            report=self.report,
            finished=self.finished,
            abstract=summary,
            chapters=tuple(map(self._with_contents, chapters)),
            references=self.references.listed(),
            uncited=self.references.uncited(),
            listed=tuple(self.numbering.listed),
            methods=methods,
            claims=tuple(self.court.claims),
            problems=tuple(self.numbering.problems),
            fragments=self.fragments,
            pictures=self.pictures,
            unanswered=tuple(self.answers.unanswered.items()),
        )

    def _methods(self) -> dict[str, str]:
        """Return what each experiment says of itself."""
        texts = {job.experiment: job.method for run in self.finished.values() for job in run.jobs}
        methods = {}
        for name, text in sorted(texts.items()):
            with self.places.within(f"experiment {name}"):
                methods[name] = self._markdown(text, is_inline=False)
        return methods

    def _with_contents(self, chapter: Chapter) -> Chapter:
        """Return a chapter whose headings read as they will be set."""
        headings = [replace(one, text=self._plain(one.html)) for one in chapter.headings]
        return replace(chapter, headings=tuple(headings))

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
        with self.places.within(place):
            text, lines = self._rendered("\n" * (line - 1) + text, path)
            self.places.lines = (1,) * before.count("\n") + lines
            try:
                html = self._markdown(before + text, is_inline=False)
                return self.gaps.boxed(html, (self.section_id, self.answers.placing))
            except (MarkdownError, RecursionError) as exc:
                file = self.report.folder / self.places.here()
                told = TOO_MUCH if isinstance(exc, RecursionError) else exc
                raise ReportError(f"{file}: {told}") from exc

    def _rendered(self, text: str, path: str) -> tuple[str, tuple[int, ...]]:
        """Render a template text; return it, and which line of the file each of its lines is."""
        text = PRIVATE.sub("", text)
        try:
            code = compiled(text, path)
            globals_ = self.environment.make_globals(None)
            template = self.environment.template_class.from_code(self.environment, code, globals_)
            shown, lines = rendered(template)
            return self.court.without_repeats(shown), lines
        except TemplateSyntaxError as exc:
            raise ReportError(f"{path}:{exc.lineno}: {syntax(exc)}") from exc
        except (SyntaxError, RecursionError, MemoryError) as exc:
            raise ReportError(f"{path}:{line_in(exc, path) or 1}: {TOO_MUCH}") from exc
        except MISTAKES as exc:
            line = line_in(exc, path)
            if line is None or str(exc).startswith(f"{self.report.folder}/"):
                raise
            raise ReportError(f"{path}:{line}: {said(exc, self.environment.globals)}") from exc

    def _markdown(self, text: str, is_inline: bool) -> str:  # noqa: FBT001 - as Tools asks
        render = self.markdown.renderInline if is_inline else self.markdown.render
        return str(render(text, self.notes.text()))

    def _plain(self, html: str) -> str:
        """Return inline HTML as an attribute holds it, once everything is numbered."""
        return self.fragments.plain(plain(html))

    def _heading(self, level: int, target: str, html: str) -> str:
        if not self.section_id or self.answers.is_placing:
            return ""
        is_first = not self.headings
        target = target or f"sec-{self.section_id}" + ("" if is_first else f"-{len(self.headings)}")
        number = self.numbering.heading(level, target)
        self.headings.append(Heading(level=level, number=number, id=target, text="", html=html))
        anchor = (
            f'<a class="anchor" id="{escape(target)}"></a><span class="secnum">{number}</span> '
        )
        return self.fragments.put(anchor, f"{number} ")

    def _refer(self, targets: tuple[str, ...]) -> str:
        self.numbering.refer(targets)

        def link() -> str:
            return self.numbering.link(targets)

        return self.fragments.put(link, lambda: plain(link()))

    def _cite(self, cites: tuple[Cite, ...], *, is_textual: bool = False) -> str:
        for key in self.references.missing(cites):
            told = nearest(key, self.references.keys) or "; add it to references.bib"
            self.numbering.problem(self.places.here(), f"no reference is called @{key}{told}")

        self.cites += cites

        def cited() -> str:
            return self.references.cited(cites, is_textual=is_textual)

        return self.fragments.put(
            cited, lambda: plain(cited()), reached=lambda: self.references.reach(cites)
        )

    def _image(self, source: str, alt: str) -> str:
        """Return a picture of the workspace; one that is missing, or silent, is told."""
        where = self.places.here()
        self.pictures[source] = picture_digest(self.report.folder, source)
        wrong = fault(self.report.folder, source)
        if wrong:
            self.numbering.problem(where, wrong)
            return self.fragments.put(f'<span class="missing">{escape(source)}?</span>')
        if not alt.strip():
            self.numbering.problem(where, f"{source} has no alt text; write ![what it shows](…)")
        return self.fragments.put(
            lambda: embedded(self.report.folder, source, self._plain(alt)), lambda: self._plain(alt)
        )

    def _equation(self, target: str, html: str) -> str:
        where = self.places.here()

        def numbered() -> str:
            counted = f'<span class="eqnum">({self.numbering.numbers[target]})</span>'
            return f'<div class="equation" id="{escape(target)}">{html}{counted}</div>\n'

        return self.fragments.put(
            numbered, is_block=True, reached=lambda: self.numbering.number("eq", target, where)
        )
