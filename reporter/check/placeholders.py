"""Sections, questions and the cover → what was to be written later, and was not.

Found are TODO, TBD, FIXME and XXX, also in comments; "lorem ipsum"; "your answer here" and the
like; a line that is only "…"; headings with nothing below them; comments that came with a shipped
report; authors such as "A. Example". Code, templates and mathematics are not looked at, and
`{# kept #}` on a line lets it stand.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from reporter import shipped
from reporter.check import lines
from reporter.check.finding import Finding
from reporter.check.texts import Passage, blanked, file_name, prose
from reporter.prose.questions import FENCE, INLINE_CODE, comments
from reporter.prose.templates import HEADING_ID
from reporter.prose.texts import read_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reporter.report import Author, Report

WORDS = re.compile(
    r"\b(?:TODO|TBD|FIXME|XXX)\b|(?i:\blorem ipsum\b|\byour (?:answer|text|name|title) here\b)"
)
DOTS = re.compile(r"^[ \t>*-]*(?:…|\.\.\.)[ \t]*$", re.MULTILINE)
MARK = re.compile(r"\{#-?\s*\w+\s*-?#\}")  # such as {# kept #}
HEADING = re.compile(r"^(#{1,6})(?:[ \t]+(.*?))?[ \t]*$")
NOBODY = re.compile(r"[A-Z]\. Example|(?i:your name|first last|john doe|jane doe)")
RESERVED = re.compile(r"@(?:[\w-]+\.)*example(?:\.(?:org|com|net|edu))?$")


def placeholders(report: Report) -> list[Finding]:
    """Return a finding for everything that stands where something is still to be written."""
    found = [*_words(report), *_comments(report), *_headings(report)]
    return [*([] if is_shipped(report) else authors(report)), *found]


def is_shipped(report: Report) -> bool:
    """Tell whether a report is one of those that come with the program, in its own folder."""
    return report.folder.is_relative_to(shipped.folder("templates"))


def authors(report: Report) -> list[Finding]:
    """Return a finding for every author who is nobody."""
    return [
        _finding(
            lines.of_text(report.folder, author.name),
            f"author {_shown(author)} is a placeholder",
            "write who hands it in",
        )
        for author in report.report.authors
        if NOBODY.fullmatch(author.name)
        or re.fullmatch("0+", author.id)
        or RESERVED.search(author.email)
    ]


def _shown(author: Author) -> str:
    more = ", ".join(filter(None, (author.id, author.email)))
    return f"{author.name} ({more})" if more else author.name


def _words(report: Report) -> Iterator[Finding]:
    """Yield words in prose and on the cover, and lines of nothing but dots."""
    for passage in (*prose(report), *_cover(report)):
        found = [*WORDS.finditer(passage.text), *DOTS.finditer(passage.text)]
        for one in sorted(found, key=re.Match.start):
            told = f"a placeholder, {one[0].strip()!r}"
            yield _finding(passage.where(one.start()), told, "write it")


def _cover(report: Report) -> Iterator[Passage]:
    """Yield what the title page says, where it stands."""
    cover = report.report
    for text in (cover.title, cover.subtitle, cover.course, cover.assignment, cover.term):
        place = lines.of_text(report.folder, text).partition(":")[2] if text else ""
        yield Passage(file="report.toml", line=int(place or 1), text=text)


def _comments(report: Report) -> Iterator[Finding]:
    """Yield comments that say what is to do, or that a shipped report came with."""
    known = frozenset() if is_shipped(report) else _shipped_comments()
    for name, text in _texts(report):
        for start, end in comments(_bare(text)):
            where = f"{name}:{text.count(chr(10), 0, start) + 1}"
            word = WORDS.search(text, start, end)
            if word:
                yield _finding(where, f"a comment says {word[0]!r}", "do it, or remove it")
            elif _plain(text[start:end]) in known:
                yield _finding(where, "a comment of the shipped report", "remove it")


def _headings(report: Report) -> Iterator[Finding]:
    """Yield headings without a word, and those with nothing below them."""
    for name, whole in _texts(report):
        if name == "questions.md":
            continue  # a question without an answer is told as such
        last: tuple[int, int, str] | None = None  # level, line, text
        for number, level, text in _outline(whole):
            if level and not text:
                told = "a heading without words"
                yield _finding(f"{name}:{number}", told, "write it, or remove it")
            if last and level and level <= last[0]:
                yield _empty(name, last)
            last = (level, number, text) if level else None
        if last:
            yield _empty(name, last)


def _empty(name: str, heading: tuple[int, int, str]) -> Finding:
    _, line, text = heading
    told = f"the heading {text!r} has nothing below it"
    return _finding(f"{name}:{line}", told, "write it, or remove the heading")


def _outline(whole: str) -> Iterator[tuple[int, int, str]]:
    """Yield line, level and text of headings; of any other line that is not blank, level 0."""
    code = FENCE.sub(lambda found: re.sub(r"[^\n]+", "code", found[0]), whole)
    text, done = "", 0
    for start, end in comments(_bare(code)):
        text += code[done:start] + re.sub(r"[^\n]", " ", code[start:end])
        done = end
    for number, line in enumerate((text + code[done:]).split("\n"), 1):
        heading = HEADING.match(HEADING_ID.sub("", line))
        if heading:
            yield number, len(heading[1]), heading[2] or ""
        elif line.strip():
            yield number, 0, ""


def _texts(report: Report) -> list[tuple[str, str]]:
    """Return the files in which an author writes, by name."""
    paths = [report.folder / "abstract.md", *report.sources(), report.folder / "questions.md"]
    return [(file_name(report, path), read_text(path)) for path in paths if path.is_file()]


@cache
def _shipped_comments() -> frozenset[str]:
    """Return the comments in the texts of all shipped reports."""
    texts = [read_text(path) for path in shipped.folder("templates").rglob("*.md")]
    found = [_plain(text[start:end]) for text in texts for start, end in comments(_bare(text))]
    return frozenset(comment for comment in found if not MARK.fullmatch(comment))


def _bare(text: str) -> str:
    """Return a text without code and ids, in which every sign keeps its place."""
    return blanked(text, (HEADING_ID, FENCE, INLINE_CODE))


def _plain(text: str) -> str:
    return " ".join(text.split())


def _finding(where: str, message: str, remedy: str) -> Finding:
    return Finding(group="text", where=where, message=message, remedy=remedy)
