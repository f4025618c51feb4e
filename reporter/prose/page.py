"""A composed document → one HTML file that needs nothing else; the PDF is set from it too."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from reporter import fonts, shipped
from reporter.prose import appendix
from reporter.prose.bibtex import sources
from reporter.prose.markdown import first_sentence
from reporter.prose.styles import SPACE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reporter.prose.composed import Chapter, Document

LISTED = {"figures": "fig", "tables": "tbl", "listings": "lst"}
STYLE = "\ue020"  # stands for the style sheets: the text says which faces they hold
BASE = shipped.BASE


def whole(document: Document) -> str:
    """Return the page of the whole report."""
    return _page(document, document.chapters, is_whole=True)


def section(document: Document, name: str) -> str:
    """Return the page of one section, numbered as in the whole report."""
    chapters = [chapter for chapter in document.chapters if chapter.section.id == name]
    return _without_lost_links(_page(document, chapters, is_whole=False))


def _without_lost_links(html: str) -> str:
    """Return the page of a section whose links to other sections and the appendix are text."""
    ids = set(re.findall(r'\sid="([^"]*)"', html))
    shown = re.sub(r' <span class="origin">.*?</span>', "", html)
    return re.sub(
        r'<a class="ref" href="#([^"]*)">(.*?)</a>',
        lambda link: link[0] if link[1] in ids else link[2],
        shown,
    )


def _page(document: Document, chapters: Iterable[Chapter], *, is_whole: bool) -> str:
    environment = _environment()
    parts = [
        {"id": chapter.section.id, "html": Markup(document.set(chapter.html))}  # noqa: S704 - ours
        for chapter in chapters
    ]
    cover = document.report.report
    html = environment.get_template("page.html.j2").render(
        cover=cover,
        date=f"{cover.date.day} {cover.date:%B} {cover.date.year}",
        is_whole=is_whole,
        abstract=Markup(document.set(document.abstract)),  # noqa: S704 - ours
        notes=document.notes,
        changes=document.changes,
        unanswered=document.unanswered,
        failures=[run for run in document.finished.values() if run.error] if is_whole else [],
        broken=document.broken,
        contents=_contents(document) if cover.contents else [],
        lists=_lists(document),
        chapters=parts,
        references=[(e.key, e.label, Markup(e.html)) for e in document.references],  # noqa: S704 - ours
        groups=appendix.groups(document.finished.values()),
        machine=appendix.shared_machine(document.finished.values()),
        methods={name: Markup(html) for name, html in document.methods.items()},  # noqa: S704 - ours
        bibtex=sources(document.report.folder / "references.bib"),
        style=STYLE,
        dark=Markup(_text("dark.css")),  # noqa: S704 - ours
        script=Markup(_text("page.js")),  # noqa: S704 - ours
        policy=_policy(),
    )
    head, _, rest = html.partition(f"<style>\n{STYLE}")  # which no text holds
    return f"{head}<style>\n{_style(symbols=bool(fonts.lacking(html)))}{rest}"


def _contents(document: Document) -> list[dict[str, Any]]:
    """Return the lines of the table of contents."""
    return [
        {**vars(heading), "html": Markup(document.line(heading.html))}  # noqa: S704 - ours
        for chapter in document.chapters
        for heading in chapter.headings
    ]


def _lists(document: Document) -> dict[str, list[dict[str, Any]]]:
    """Return the lines of the lists that the report asks for, by title."""
    return {
        f"List of {name}": [
            {**vars(one), "html": Markup(document.line(first_sentence(one.caption)))}  # noqa: S704 - ours
            for one in document.listed
            if one.kind == LISTED[name]
        ]
        for name in document.report.report.lists
    }


def _together(text: str) -> str:
    """Join the last two words of a title of several, so that none stands in a line by itself."""
    before, _, last = text.rpartition(" ")
    return f"{before}{SPACE}{last}" if " " in before else text


def _text(name: str) -> str:
    return (BASE / name).read_text(encoding="utf-8")


def _policy() -> str:
    """Return what a browser may load for the page: its own script, and nothing from elsewhere."""
    digest = base64.b64encode(hashlib.sha256(_text("page.js").encode()).digest()).decode()
    return (
        "default-src 'none'; img-src data:; font-src data:; style-src 'unsafe-inline'; "
        f"script-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )


@cache
def _face(family: str, weight: int, style: str, package: str, file: str) -> str:
    """Return the rule of a face, which holds its file."""
    path = fonts.path(package, file)
    kind = "opentype" if path.suffix == ".otf" else "truetype"
    content = base64.b64encode(path.read_bytes()).decode()
    return (
        f'@font-face{{font-family:"{family}";font-weight:{weight};font-style:{style};'
        f'src:url(data:font/{path.suffix[1:]};base64,{content}) format("{kind}")}}'
    )


def _style(*, symbols: bool = False) -> str:
    """Return all style sheets, with the faces embedded."""
    faces = (*fonts.FACES, *([fonts.SYMBOLS] if symbols else []))
    sheets = [path.read_text(encoding="utf-8") for path in sorted(BASE.glob("[0-9]*.css"))]
    return "\n".join([*(_face(*face) for face in faces), *sheets])


@cache
def _environment() -> Environment:
    """Return what compiles the page's template, again only after a change of it."""
    environment = Environment(
        loader=FileSystemLoader(BASE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["together"] = _together
    return environment
