"""The faces of pages and figures: files of installed packages, never the machine's own."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

SERIF, SANS, MONO = "Source Serif Pro", "Source Sans Pro", "DejaVu Sans Mono"
FACES = (  # family, weight, style, package, file
    (SERIF, 400, "normal", "font_source_serif_pro", "files/SourceSerifPro-Regular.otf"),
    (SERIF, 400, "italic", "font_source_serif_pro", "files/SourceSerifPro-It.otf"),
    (SERIF, 600, "normal", "font_source_serif_pro", "files/SourceSerifPro-Semibold.otf"),
    (SERIF, 600, "italic", "font_source_serif_pro", "files/SourceSerifPro-SemiboldIt.otf"),
    (SANS, 400, "normal", "font_source_sans_pro", "files/SourceSansPro-Regular.otf"),
    (SANS, 400, "italic", "font_source_sans_pro", "files/SourceSansPro-It.otf"),
    (SANS, 600, "normal", "font_source_sans_pro", "files/SourceSansPro-Semibold.otf"),
    (MONO, 400, "normal", "matplotlib", "mpl-data/fonts/ttf/DejaVuSansMono.ttf"),
)
# ∈ ∀ ⇒ and the like, for pages that have them
SYMBOLS = ("STIX Two Math", 400, "normal", "ziamath", "fonts/STIXTwoMath-Regular.ttf")


def path(package: str, file: str) -> Path:
    """Return where a face lies, without importing the package that carries it."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError(f"{package} is not installed, but its faces are needed")
    return Path(spec.submodule_search_locations[0]) / file


def lacking(text: str, *, symbols: bool = False) -> list[str]:
    """Return the characters of a text that no face of the page has, or `symbols` neither."""
    known = _characters(*FACES[0][3:]) | (_characters(*SYMBOLS[3:]) if symbols else frozenset())
    return sorted(
        sign
        for sign in set(text)
        if sign.isprintable() and not sign.isspace() and sign not in known
    )


@cache
def _characters(package: str, file: str) -> frozenset[str]:
    from fontTools.ttLib import TTFont

    with TTFont(path(package, file), lazy=True) as face:
        return frozenset(map(chr, face.getBestCmap()))
