"""Files of a report → the lines in which something of them stands."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from reporter.prose.texts import read_text

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from reporter.check.finding import Finding

KEPT = re.compile(r"\{#-?\s*kept\s*-?#\}|#\s*kept\s*$")  # lets stand what a line holds


def of_table(folder: Path, name: str) -> str:
    """Return where a table of report.toml stands: "report.toml:12" for "runs.full"."""
    part, _, last = name.partition(".")
    head = rf"\s*\[\s*{part}\s*\.\s*[\"']?{re.escape(last)}[\"']?\s*\]"
    return _place(folder, head)


def of_text(folder: Path, text: str) -> str:
    """Return where a text stands first in report.toml."""
    return _place(folder, f".*{re.escape(text)}")


def unkept(folder: Path, found: Iterable[Finding], mark: re.Pattern[str] = KEPT) -> list[Finding]:
    """Return the findings whose lines have no mark that lets stand what they hold."""
    texts: dict[str, list[str]] = {}
    left = []
    for one in found:
        path = folder / one.file
        if one.file and one.file not in texts:
            texts[one.file] = read_text(path).split("\n") if path.is_file() else []
        of_file, line = texts.get(one.file, []), one.line or 0
        if not (0 < line <= len(of_file) and mark.search(of_file[line - 1])):
            left.append(one)
    return left


def _place(folder: Path, pattern: str) -> str:
    lines = read_text(folder / "report.toml").splitlines()
    found = (number for number, line in enumerate(lines, 1) if re.match(pattern, line))
    number = next(found, None)
    return f"report.toml:{number}" if number else "report.toml"
