"""A picture file of a workspace → HTML that carries it along."""

from __future__ import annotations

import base64
import mimetypes
from html import escape
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from pathlib import Path


def is_picture(folder: Path, source: str) -> bool:
    """Tell whether `source` is the path of a picture below `folder`."""
    path, kind = _named(source)
    is_below = not path.is_absolute() and ".." not in path.parts
    return is_below and kind.startswith("image/") and (folder / path).is_file()


def is_readable(folder: Path, source: str) -> bool:
    """Tell whether the file of a picture holds one, as its name says."""
    from PIL import Image

    path, kind = _named(source)
    if kind == "image/svg+xml":
        return b"<svg" in (folder / path).read_bytes()
    try:
        with Image.open(folder / path) as image:
            image.verify()
    except Exception:  # noqa: BLE001 - its decoders raise whatever they stumble over
        return False
    return True


def embedded(folder: Path, source: str, alt: str) -> str:
    """Return the picture `source`, a path below `folder`."""
    path, kind = _named(source)
    content = base64.b64encode((folder / path).read_bytes()).decode()
    text = escape(alt, quote=True)
    return f'<img class="inserted" alt="{text}" src="data:{kind};base64,{content}">'


def _named(source: str) -> tuple[PurePosixPath, str]:
    path = PurePosixPath(unquote(source))
    return path, mimetypes.guess_type(path.name)[0] or ""
