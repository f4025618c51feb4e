"""references.bib → numbered references, in the order in which the text cites them."""

from __future__ import annotations

from functools import cached_property
from html import escape
from typing import TYPE_CHECKING, Any

from reporter.errors import ReportError

if TYPE_CHECKING:
    from pathlib import Path


class References:
    """The bibliography of one report."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.cited: list[str] = []

    @cached_property
    def _entries(self) -> Any:
        from pybtex.database import parse_string
        from pybtex.scanner import PybtexSyntaxError

        if not self.path.is_file():
            return {}
        try:
            return parse_string(self.path.read_text(encoding="utf-8"), "bibtex").entries
        except PybtexSyntaxError as exc:
            raise ReportError(f"{self.path}: {' '.join(str(exc).split())}") from exc

    @property
    def keys(self) -> tuple[str, ...]:
        """Return the keys of the bibliography."""
        return tuple(self._entries)

    def cite(self, keys: tuple[str, ...]) -> tuple[str, list[str]]:
        """Return "[1, 3]" with links, and the keys that the bibliography lacks."""
        missing = [key for key in keys if key not in self._entries]
        for key in keys:
            if key not in self.cited and key not in missing:
                self.cited.append(key)
        numbers = [
            f'<span class="missing">{escape(key)}?</span>'
            if key in missing
            else f'<a href="#ref-{escape(key)}">{self.cited.index(key) + 1}</a>'
            for key in keys
        ]
        return f'<span class="citation">[{", ".join(numbers)}]</span>', missing

    def listed(self) -> list[tuple[str, str]]:
        """Return key and HTML of each cited entry."""
        if not self.cited:
            return []
        from pybtex.plugin import find_plugin

        style = find_plugin("pybtex.style.formatting", "unsrt")()
        backend = find_plugin("pybtex.backends", "html")()
        entries = style.format_entries([self._entries[key] for key in self.cited])
        return [
            (key, entry.text.render(backend))
            for key, entry in zip(self.cited, entries, strict=True)
        ]
