"""The faces of pages and figures: files of installed packages, never the machine's own."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

SERIF, SANS, MONO = "Source Serif Pro", "Source Sans Pro", "DejaVu Sans Mono"
FACES = (  # family, weight, style, package, file
    (SERIF, 400, "normal", "font_source_serif_pro", "files/SourceSerifPro-Regular.otf"),
    (SERIF, 400, "italic", "font_source_serif_pro", "files/SourceSerifPro-It.otf"),
    (SERIF, 600, "normal", "font_source_serif_pro", "files/SourceSerifPro-Semibold.otf"),
    (SANS, 400, "normal", "font_source_sans_pro", "files/SourceSansPro-Regular.otf"),
    (SANS, 400, "italic", "font_source_sans_pro", "files/SourceSansPro-It.otf"),
    (SANS, 600, "normal", "font_source_sans_pro", "files/SourceSansPro-Semibold.otf"),
    (MONO, 400, "normal", "matplotlib", "mpl-data/fonts/ttf/DejaVuSansMono.ttf"),
)


def path(package: str, file: str) -> Path:
    """Return where a face lies, without importing the package that carries it."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError(f"{package} is not installed, but its faces are needed")
    return Path(spec.submodule_search_locations[0]) / file
