"""Rules → a plain sentence for each, as `report rules` prints them."""

from __future__ import annotations

from decimal import Decimal
from string import Formatter
from typing import TYPE_CHECKING

from reporter.prose.questions import points_text
from reporter.prose.wording import closed, listed
from reporter.submission import ALL, APART

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Mapping

    from reporter.rules.reading import Rules
    from reporter.submission import AiUse, Canvas, PageLimit

STANDING_FOR = {  # fields of an archive's name
    "name": "the report's name",
    "course": "the course",
    "assignment": "the assignment",
    "term": "the term",
    "id": "the authors' ids",
    "surname": "the authors' surnames",
}
PLURAL = frozenset({"contents", "references"})


def sentences(rules: Rules) -> tuple[str, ...]:
    """Return what is asked, a sentence for each rule."""
    return tuple(by_key(rules).values())


def by_key(rules: Rules) -> dict[str, str]:
    """Return the sentences by the key of `[submission]` that says so."""
    given = rules.given
    said = {
        "archive": _archive(given.archive),
        "formats": f"hand in {listed([f'report.{ending}' for ending in given.formats])}",
        "max_size": f"the archive has at most {size_text(given.max_size or 0)}",
        "file_sizes": "files have at most: "
        + ", ".join(f"{name} {size_text(size)}" for name, size in given.file_sizes.items()),
        "pages": given.pages and _pages(given.pages),
        "min_font_size": f"no text is smaller than {given.min_font_size or 0:g} points; labels in "
        "figures, formulas, listings, single words and the appendix do not count",
        "sections": _required("section", given.sections),
        "questions": _questions(given.questions),
        "figures": _required("figure", given.figures),
        "tables": _required("table", given.tables),
        "runs": f"results of {_named('run', given.runs)} are required",
        "attach": f"files like {listed(given.attach)} are handed in with it",
        "required_files": f"hand in a file like {listed(given.required_files)}",
        "forbidden": f"hand in no file like {listed(given.forbidden, 'or')}",
        "ai_use": given.ai_use and _ai_use(given.ai_use),
        "hardware": "say on what hardware the runs were computed and how long they took",
        "deadline": given.due and f"hand in before {moment_text(given.due)}",
        "shared_store": "the course has one store of results for all, so records may be alike",
        "canvas": given.canvas and _canvas(given.canvas),
    }
    asked = [key for key in said if key in rules.sources and getattr(given, key)]
    return {key: closed(said[key] or "") for key in asked}


def size_text(count: int) -> str:
    """Return a size as rules have it: "20 MB", "500 kB"; decimal."""
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= factor and count * 1000 % factor == 0:
            return f"{Decimal(count) / factor:f} {unit}"
    return counted_text(count, "byte")


def counted_text(count: int, noun: str) -> str:
    """Return "1 page", "5 pages"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def moment_text(moment: dt.datetime) -> str:
    """Return "4 May 2026, 23:59 (Europe/Berlin)"."""
    zone = getattr(moment.tzinfo, "key", None) or str(moment.tzinfo)
    seconds = f"{moment:%H:%M:%S}" if moment.second else f"{moment:%H:%M}"
    return f"{moment.day} {moment:%B} {moment.year}, {seconds} ({zone})"


def duration_text(span: dt.timedelta) -> str:
    """Return "2 days 3 hours", "1 minute"; what is less is passed over."""
    minutes = int(span.total_seconds()) // 60
    counts = {"day": minutes // (24 * 60), "hour": minutes // 60 % 24, "minute": minutes % 60}
    parts = [counted_text(count, unit) for unit, count in counts.items() if count]
    return " ".join(parts[:2]) or "less than a minute"


def _archive(pattern: str) -> str:
    fields = [field for _, field, _, _ in Formatter().parse(pattern) if field]
    told = [f"{{{field}}} for {STANDING_FOR[field]}" for field in dict.fromkeys(fields)]
    return f"name the archive {pattern}.zip" + (f"; write {listed(told)}" if told else "")


def _pages(rule: PageLimit) -> str:
    parts = [part if part in APART else f"section {part}" for part in rule.without]
    verb = "do" if len(parts) > 1 or PLURAL & {*parts} else "does"
    apart = f"; {listed(parts)} {verb} not count" if parts else ""
    return f"at most {counted_text(rule.limit, 'page')}{apart}"


def _questions(asked: Mapping[str, float | None]) -> str:
    points = {name: points_text(Decimal(str(value))) for name, value in asked.items() if value}
    if ALL in asked:
        return "answer every question" + (f", for {points[ALL]} each" if points else "")
    names = [f"{name} ({points[name]})" if name in points else name for name in asked]
    return f"answer {_named('question', names)}"


def _ai_use(rule: AiUse) -> str:
    form = "by a table and in" if rule.form == "table" else "in"
    words = counted_text(rule.words, "word")
    return f"say in the section {rule.section}, {form} {words} or more, how AI was used"


def _canvas(at: Canvas) -> str:
    return f"hand in on Canvas, {at.url}, course {at.course}, assignment {at.assignment}"


def _required(noun: str, names: Collection[str]) -> str:
    return f"{_named(noun, names)} {'is' if len(names) == 1 else 'are'} required"


def _named(noun: str, names: Collection[str]) -> str:
    """Return "the run full", "the runs full and last-fc"."""
    return f"the {noun}{'' if len(names) == 1 else 's'} {listed(list(names))}"
