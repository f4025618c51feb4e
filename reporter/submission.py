"""`[submission]` → what a course asks of what is handed in, typed."""

from __future__ import annotations

import datetime as dt
import re
import zoneinfo
from string import Formatter
from typing import TYPE_CHECKING, Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from reporter import fields
from reporter.errors import nearest, shown
from reporter.fields import Part

if TYPE_CHECKING:
    from collections.abc import Callable

UNITS = {"B": 1, "kB": 10**3, "KB": 10**3, "MB": 10**6, "GB": 10**9}  # decimal, as drives count
APART = ("cover", "contents", "references", "appendix")  # parts that a page limit may leave out
NAME_FIELDS = ("name", "course", "assignment", "term", "id", "surname")  # of an archive's name
ALL = "all"  # in place of a question's id: each of them


def _size(given: object) -> object:
    found = re.fullmatch(r"(\d{1,9}(?:\.\d{1,6})?) ?([kKMG]?B)", str(given))
    if not isinstance(given, str) or not found or not float(found[1]):
        raise ValueError('should be a size in quotes, such as "20 MB" or "500 kB"')
    return round(float(found[1]) * UNITS[found[2]])


def _archive(pattern: str) -> str:
    try:
        parts = list(Formatter().parse(pattern))
    except ValueError:
        raise ValueError("has a brace without its other one; write {id}") from None
    for _, field, style, conversion in parts:
        if field is not None and field not in NAME_FIELDS:
            raise ValueError(f"names an unknown field {shown(field)}{nearest(field, NAME_FIELDS)}")
        if style or conversion:
            raise ValueError(f"should have its fields bare: {{{field}}}")
    if re.search(r"[/\\]", pattern) or not pattern.strip():
        raise ValueError("should be the name of a file, without folders")
    return pattern.removesuffix(".zip")


def _pattern(pattern: str) -> str:
    fields.place(pattern)
    parts = pattern.split("/")
    is_odd = any("**" in part and part != "**" for part in parts)
    if pattern.startswith("~") or "\\" in pattern or is_odd or {"", ".", ".."} & {*parts}:
        raise ValueError("should be a pattern of files inside the report's folder: outputs/*.csv")
    return pattern


def _named(kind: str, *others: str) -> Callable[[str], str]:
    """Return what insists on an id of a kind, "fig-", or on one of the others; "": a section."""

    def insist(id: str) -> str:
        if id not in others and not re.fullmatch(rf"{kind}\w[\w.-]*", id):
            meant = f"{kind}name" if kind else 'the name of its file without number, "conclusion"'
            raise ValueError(f"should look like {meant}")
        return id

    return insist


def _apart(part: str) -> str:
    hint = nearest(part, APART)
    if part not in APART and "mean" in hint:
        raise ValueError(f"is no part of a report{hint}")
    return _named("")(part)


def _questions(given: object) -> object:
    """Return questions with points, of a list or of "all" without."""
    if given == ALL:
        return {ALL: None}
    if isinstance(given, list) and all(isinstance(one, str) for one in given):
        return dict.fromkeys(given)
    if not isinstance(given, dict):
        raise ValueError('should be "all", ["q-a", "q-b"], or { q-a = 2, q-b = 3 } with points')  # noqa: TRY004 - pydantic's way
    return given


def _moment(given: object) -> object:
    if not isinstance(given, dt.datetime):
        raise ValueError("should be a date and time without quotes: 2026-05-04T23:59:00+02:00")  # noqa: TRY004 - pydantic's way
    return given


def _zone(name: str) -> str:
    known = zoneinfo.available_timezones()
    if name not in known:
        hint = nearest(name, known)
        raise ValueError(
            "is no time zone" + (hint if "mean" in hint else "; name one: Europe/Berlin")
        )
    return name


Size = Annotated[int, BeforeValidator(_size)]  # bytes
Pattern = Annotated[str, AfterValidator(_pattern)]
SectionId = Annotated[str, AfterValidator(_named(""))]
FigureId = Annotated[str, AfterValidator(_named("fig-"))]
TableId = Annotated[str, AfterValidator(_named("tbl-"))]
QuestionId = Annotated[str, AfterValidator(_named("q-", ALL))]
Points = Annotated[float, Field(gt=0)] | None


class PageLimit(Part):
    """How many pages there may be, and what doesn't count."""

    limit: fields.Count
    without: tuple[Annotated[str, AfterValidator(_apart)], ...] = ()  # of APART, or sections


class AiUse(Part):
    """Where and how the use of AI is stated."""

    section: SectionId = "ai-use"
    form: Literal["statement", "table"] = "statement"
    words: Annotated[int, Field(ge=1)] = 20  # at least, of the section


class Canvas(Part):
    """Where `report submit` hands in."""

    url: Annotated[str, AfterValidator(fields.address)]
    course: fields.Count
    assignment: fields.Count

    @property
    def host(self) -> str:
        """Return the host, by which tokens are kept."""
        return urlsplit(self.url).hostname or ""


class HandedOut(Part):
    """A file of rules that a course hands out, kept in the report's folder."""

    path: fields.Place = "assignment.toml"
    url: Annotated[str, AfterValidator(fields.address)] | None = None  # where it can be fetched
    sha256: Annotated[str, AfterValidator(fields.sha256)] | None = None  # checked at each reading

    @model_validator(mode="after")
    def _is_sure(self) -> HandedOut:
        if self.url and not self.sha256:
            raise ValueError("has an address, but no sha256; add the one that the course tells")
        return self


class Submission(Part):
    """`[submission]`: what a course asks; of a report.toml or of an assignment.toml."""

    rules: Annotated[
        HandedOut | None,
        BeforeValidator(lambda given: {"path": given} if isinstance(given, str) else given),
    ] = None
    archive: Annotated[str, AfterValidator(_archive)] = "{name}"
    formats: tuple[Literal["pdf", "html"], ...] = ()
    max_size: Size | None = None  # of the archive
    file_sizes: dict[Pattern, Size] = {}
    pages: Annotated[
        PageLimit | None,
        BeforeValidator(lambda given: {"limit": given} if type(given) is int else given),
    ] = None
    min_font_size: Annotated[float, Field(gt=0)] | None = None  # points
    sections: tuple[SectionId, ...] = ()
    questions: Annotated[dict[QuestionId, Points], BeforeValidator(_questions)] = {}
    figures: tuple[FigureId, ...] = ()
    tables: tuple[TableId, ...] = ()
    runs: tuple[fields.Name, ...] = ()
    attach: tuple[Pattern, ...] = ()  # goes into the archive, too
    required_files: tuple[Pattern, ...] = ()
    forbidden: tuple[Pattern, ...] = ()
    ai_use: AiUse | None = None
    hardware: bool = False  # hardware and run times are stated
    deadline: Annotated[dt.datetime, BeforeValidator(_moment)] | None = None
    time_zone: Annotated[str, AfterValidator(_zone)] | None = None
    shared_store: bool = False  # whether the course has one, so that students' records are alike
    canvas: Canvas | None = None

    @model_validator(mode="after")
    def _is_a_moment(self) -> Submission:
        if self.deadline and self.deadline.tzinfo is None and not self.time_zone:
            raise ValueError(
                'has a deadline without a time zone; add time_zone = "Europe/Berlin" or an offset, '
                "+02:00"
            )
        return self

    @property
    def due(self) -> dt.datetime | None:
        """Return the deadline with its time zone."""
        zone = zoneinfo.ZoneInfo(self.time_zone) if self.time_zone else None
        if self.deadline is None or zone is None:
            return self.deadline
        is_local = self.deadline.tzinfo is None
        return self.deadline.replace(tzinfo=zone) if is_local else self.deadline.astimezone(zone)


class Course(Part):
    """`[assignment]`: what the archive's name says, whatever a report has there."""

    name: fields.Said
    course: str = ""
    term: str = ""


class Assignment(Part):
    """A whole assignment.toml."""

    schema_: Annotated[Literal[1], Field(alias="schema")]
    assignment: Course
    submission: Submission
