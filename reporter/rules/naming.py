"""Rules and authors → the name of what is handed in."""

from __future__ import annotations

import re
import unicodedata
from string import Formatter
from typing import TYPE_CHECKING

from reporter.errors import ReportError
from reporter.fields import LONGEST_PART

if TYPE_CHECKING:
    from reporter.report import Report
    from reporter.rules.reading import Rules


def archive_name(rules: Rules, of: Report) -> str:
    """Return the archive's name, "aml_12345-67890_a3.zip"; several authors in their order.

    Raises:
        ReportError: the report lacks what the name says, or the name is too long.
    """
    pattern, file = rules.given.archive, of.folder / "report.toml"
    texts: dict[str, str] = {}
    for _, field, _, _ in Formatter().parse(pattern):
        if field is not None:
            key, parts = _said(field, rules, of)
            texts[field] = "-".join(_fit(part) for part in parts)
            if not parts or not all(_fit(part) for part in parts):
                raise ReportError(
                    f"{file}: report.{key}: missing or empty{_whose(parts, of)}, but the archive's "
                    f"name has {{{field}}}; add {key.removeprefix('authors.')} = …"
                )
    name = f"{pattern.format(**texts)}.zip"
    if len(name.encode()) > LONGEST_PART:
        raise ReportError(
            f"{file}: the archive's name {name[:40]}… has {len(name.encode())} bytes, and files "
            f"may have {LONGEST_PART}; shorten what it is made of"
        )
    return name


def _whose(parts: tuple[str, ...], of: Report) -> str:
    """Return " for B. Example": of several authors, those who lack what the name has."""
    authors = of.report.authors
    if not parts[1:] or len(parts) != len(authors):
        return ""
    lacking = (one.name for one, part in zip(authors, parts, strict=True) if not _fit(part))
    return f" for {', '.join(lacking)}"


def _said(field: str, rules: Rules, of: Report) -> tuple[str, tuple[str, ...]]:
    """Return the key of `[report]` that a field comes from, and its texts, one for each author."""
    cover, set_by_course = of.report, rules.assignment
    match field:
        case "id":
            return "authors.id", tuple(author.id for author in cover.authors)
        case "surname":
            names = (author.name.split() for author in cover.authors)
            return "authors.name", tuple(parts[-1] for parts in names)
        case "assignment" if set_by_course:
            return field, (set_by_course.name,)
        case _:
            return field, (getattr(set_by_course, field, "") or getattr(cover, field),)


def _fit(text: str) -> str:
    """Return a text as names of files have it: letters, digits, ., _ and -."""
    return re.sub(r"[^\w.-]+", "-", unicodedata.normalize("NFC", text)).strip("-.")
