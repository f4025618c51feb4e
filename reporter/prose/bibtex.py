"""references.bib → the BibTeX of each entry, for readers who cite it too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reporter.prose.texts import read_text

if TYPE_CHECKING:
    from pathlib import Path


def sources(path: Path) -> dict[str, str]:
    """Return key → source; a file that can't be read is told where it is cited from."""
    if not path.is_file():
        return {}
    from pybtex.database import BibliographyData, parse_string

    entries = parse_string(read_text(path), "bibtex").entries
    return {
        key: BibliographyData({key: entry}).to_string("bibtex").strip()
        for key, entry in entries.items()
    }
