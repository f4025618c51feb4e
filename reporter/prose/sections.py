"""Section files → their text, with what their first lines say of them."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reporter.errors import ReportError, nearest, shown
from reporter.prose.texts import read_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

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
