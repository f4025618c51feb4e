"""Rules of a course and a report → which of them it breaks, and by what."""

from __future__ import annotations

import re
from decimal import Decimal
from html import unescape
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from reporter.check.finding import Finding
from reporter.check.handed_in import OUTPUTS, attached, sources
from reporter.check.paging import counted, smallest
from reporter.errors import ReportError, nearest
from reporter.prose.questions import points_text, read_questions
from reporter.prose.wording import listed
from reporter.rules import archive_name
from reporter.rules.sentences import counted_text, duration_text, moment_text, size_text
from reporter.submission import ALL

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from reporter.check.subject import Subject
    from reporter.rules import Rules

Breach = tuple[str, ...]  # what is wrong, what to do, and where, if that is not the rule itself


def judged(rules: Rules, subject: Subject) -> list[Finding]:
    """Return what a report breaks of its rules; its archive is judged by `of_archive`."""
    return [one for found in broken(rules, subject).values() for one in found]


def broken(rules: Rules, subject: Subject) -> dict[str, list[Finding]]:
    """Return what breaks each rule, by its key of `[submission]`; [] of one that is kept."""
    sizes = _files(rules, subject)
    found = {key: judge(rules, subject) for key, judge in OF_A_REPORT.items()}
    found |= {key: judge(rules, sizes) for key, judge in OF_FILES.items()}
    return {key: [_broken(rules, key, *one) for one in told] for key, told in found.items()}


def noted(rules: Rules, subject: Subject) -> list[Finding]:
    """Return what is good to know of the rules: the time that is left."""
    due = rules.given.due
    if due is None or subject.now >= due:
        return []
    left = duration_text(due - subject.now)
    return [_broken(rules, "deadline", f"{left} left until {moment_text(due)}")]


def of_files(rules: Rules, sizes: Mapping[str, int]) -> list[Finding]:
    """Return what breaks the rules on files.

    Args:
        rules: of the course.
        sizes: path in the archive → bytes, of every file that is handed in.
    """
    found = {key: judge(rules, sizes) for key, judge in OF_FILES.items()}
    return [_broken(rules, key, *one) for key, told in found.items() for one in told]


def of_archive(rules: Rules, name: str, size: int) -> list[Finding]:
    """Return what breaks the rule on the archive's size; `size` is in bytes."""
    most = rules.given.max_size
    if most is None or size <= most:
        return []
    told = _too_large(name, size, most)
    return [_broken(rules, "max_size", told, "attach less, or smaller pictures")]


def _broken(rules: Rules, key: str, message: str, remedy: str = "", where: str = "") -> Finding:
    return Finding(group="rules", where=where or rules.where(key), message=message, remedy=remedy)


def _name(rules: Rules, subject: Subject) -> Iterator[Breach]:
    try:
        archive_name(rules, subject.document.report)
    except ReportError as exc:
        message, _, remedy = str(exc).rpartition("; ")
        message = message.removeprefix(f"{subject.folder / 'report.toml'}: ")
        yield message, remedy, "report.toml"


def _formats(rules: Rules, subject: Subject) -> Iterator[Breach]:
    for ending in rules.given.formats:
        if not (subject.output / f"report.{ending}").is_file():
            yield (
                f"report.{ending} is to be handed in, and there is none",
                "make it by `report build`",
            )


def _files(rules: Rules, subject: Subject) -> dict[str, int]:
    """Return the sizes of what a bundle of the report would have beside its stored results."""
    found = {name: subject.output / name for name in OUTPUTS} | {subject.lock.name: subject.lock}
    found |= sources(subject.document, rules) | attached(subject.document.report, rules)[0]
    return {name: path.stat().st_size for name, path in found.items() if path.is_file()}


def _required(rules: Rules, sizes: Mapping[str, int]) -> Iterator[Breach]:
    for pattern in rules.given.required_files:
        if not any(PurePosixPath(name).match(pattern) for name in sizes):
            yield f"no file like {pattern} is handed in", f'add attach = ["{pattern}"]'


def _forbidden(rules: Rules, sizes: Mapping[str, int]) -> Iterator[Breach]:
    for name in sizes:
        for pattern in filter(PurePosixPath(name).match, rules.given.forbidden):
            told = f"{name} is handed in, and {pattern} is forbidden"
            yield told, "take it out of attach, or out of the report"


def _file_sizes(rules: Rules, sizes: Mapping[str, int]) -> Iterator[Breach]:
    for pattern, most in rules.given.file_sizes.items():
        for name, size in sizes.items():
            if size > most and PurePosixPath(name).match(pattern):
                yield _too_large(name, size, most), "make it smaller"


def _too_large(name: str, size: int, most: int) -> str:
    return f"{name} has {size:,} bytes, {most:,} ({size_text(most)}) at most"


def _pages(rules: Rules, subject: Subject) -> Iterator[Breach]:
    rule = rules.given.pages
    if rule is None or subject.pages is None:
        return
    pages = counted(subject.pages, rule.without)
    if len(pages) > rule.limit:
        page, part = list(pages.items())[rule.limit]
        told = (
            f"{len(pages)} pages count, {rule.limit} at most: page {page}, in {part}, "
            "is the first too many"
        )
        yield told, "shorten the text, or show fewer figures"


def _letters(rules: Rules, subject: Subject) -> Iterator[Breach]:
    least = rules.given.min_font_size
    if least is None or subject.pages is None:
        return
    without = rules.given.pages.without if rules.given.pages else ()
    small = smallest(subject.pages, {"appendix", *without})  # which nobody wrote
    if small and small.size < least:
        told = f"“{small.text}” is set in {small.size:g} points, {least:g} at least"
        remedy = "say it in a paragraph, whose letters are larger"
        yield told, remedy, f"report.pdf, page {small.page}"


def _sections(rules: Rules, subject: Subject) -> Iterator[Breach]:
    there = [chapter.section.id for chapter in subject.document.chapters]
    for name in _lacking(rules.given.sections, there):
        told = f"the section {name} is required, and there is none"
        yield told, f"write sections/NN-{name}.md{_hint(name, there)}"


def _questions(rules: Rules, subject: Subject) -> Iterator[Breach]:
    asked, questions = rules.given.questions, read_questions(subject.folder)
    if ALL in asked:
        asked = dict.fromkeys(questions, asked[ALL])
        if not questions:
            yield "every question is to be answered, and there is none", "write questions.md"
    for name, points in asked.items():
        if name not in questions:
            told = f"the question {name} is required, and there is none"
            yield told, f"add ## {name} to questions.md"
            continue
        question = questions[name]
        if not question.is_answered:
            told = f"the question {name} is required, and has no answer"
            yield told, "write one", question.where
        if points and question.points != Decimal(str(points)):
            here = points_text(question.points) if question.points else "no points"
            told = f"{name} has {here} here, and {points_text(Decimal(str(points)))} by the rules"
            yield told, f"write {{points={points:g}}}", question.where


def _figures(rules: Rules, subject: Subject) -> Iterator[Breach]:
    return _shown(subject, "figure", rules.given.figures)


def _tables(rules: Rules, subject: Subject) -> Iterator[Breach]:
    return _shown(subject, "table", rules.given.tables)


def _shown(subject: Subject, noun: str, names: Iterable[str]) -> Iterator[Breach]:
    there = [one.id for one in subject.document.listed]
    for name in _lacking(names, there):
        told = f"the {noun} {name} is required, and there is none"
        yield told, f'show it in a section with id="{name}"{_hint(name, there)}'


def _runs(rules: Rules, subject: Subject) -> Iterator[Breach]:
    finished = subject.document.finished
    for name in rules.given.runs:
        if name not in finished:
            told = f"the run {name} is required, and there is none"
            yield told, f"add [runs.{name}]{_hint(name, finished)}"
        elif not finished[name].results:
            told = f"a result of the run {name} is required, and there is none"
            yield told, "compute it by `report run`"


def _ai_use(rules: Rules, subject: Subject) -> Iterator[Breach]:
    rule, document = rules.given.ai_use, subject.document
    if rule is None:
        return
    chapters = {chapter.section.id: chapter for chapter in document.chapters}
    if rule.section not in chapters:
        told = f"the use of AI is to be stated in the section {rule.section}, and there is none"
        yield told, f"write sections/NN-{rule.section}.md{_hint(rule.section, chapters)}"
        return
    chapter = chapters[rule.section]
    html = document.fragments.undrawn(chapter.html)
    where = chapter.section.path.relative_to(subject.folder).as_posix()
    text = re.sub(r"<[^>]*>", " ", re.sub(r"<h2.*?</h2>", "", html, flags=re.DOTALL))
    words = len(re.findall(r"\w[\w'’.-]*", text))
    if words < rule.words:
        told = f"the use of AI is stated in {counted_text(words, 'word')}, {rule.words} at least"
        yield told, "say what was used, where and for what", where
    if rule.form == "table" and "<table" not in html:
        told = "the use of AI is to be stated by a table, and there is none"
        yield told, "add a table: tool, where, for what", where


def _hardware(rules: Rules, subject: Subject) -> Iterator[Breach]:
    """Look for the time of each run and for what computed it, as the appendix has them."""
    if not rules.given.hardware:
        return
    text = _built_text(subject)
    runs = {name: run for name, run in subject.document.finished.items() if run.results}
    lacking = [
        name
        for name, run in runs.items()
        if not re.search(rf"(?<!\S){re.escape(name)} seed [^·]{{1,80}} · [\d.,]+ s\b", text)
        or not all(f"device {stored.record['device']}" in text for stored in run.results)
    ]
    if lacking or not runs:
        computed = listed(lacking) or "any run"
        told = f"the built report doesn't say what computed {computed} in what time"
        yield told, "build the whole report anew"


def _built_text(subject: Subject) -> str:
    """Return what stands on the pages, or else in the HTML, with single spaces."""
    if subject.pages:
        return " ".join(" ".join(subject.pages.texts).split())
    html = (subject.html or b"").decode(errors="replace")
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())


def _deadline(rules: Rules, subject: Subject) -> Iterator[Breach]:
    due = rules.given.due
    if due and subject.now >= due:
        told = f"{moment_text(due)} passed {duration_text(subject.now - due)} ago"
        yield told, "ask whether late work is taken"


def _lacking(names: Iterable[str], there: Collection[str]) -> list[str]:
    return [name for name in names if name not in there]


def _hint(name: str, there: Iterable[str]) -> str:
    hint = nearest(name, there)
    return hint if "mean" in hint else ""


OF_A_REPORT: Mapping[str, Callable[[Rules, Subject], Iterator[Breach]]] = {
    "archive": _name,
    "formats": _formats,
    "pages": _pages,
    "min_font_size": _letters,
    "sections": _sections,
    "questions": _questions,
    "figures": _figures,
    "tables": _tables,
    "runs": _runs,
    "ai_use": _ai_use,
    "hardware": _hardware,
    "deadline": _deadline,
}
OF_FILES: Mapping[str, Callable[[Rules, Mapping[str, int]], Iterator[Breach]]] = {
    "required_files": _required,
    "forbidden": _forbidden,
    "file_sizes": _file_sizes,
}
