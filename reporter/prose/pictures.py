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


def embedded(folder: Path, source: str, alt: str) -> str | None:
    """Return the picture `source`, a path below `folder`; None if there is no such picture."""
    path = PurePosixPath(unquote(source))
    kind, _ = mimetypes.guess_type(path.name)
    is_below = not path.is_absolute() and ".." not in path.parts
    if not is_below or not (folder / path).is_file() or not (kind or "").startswith("image/"):
        return None
    content = base64.b64encode((folder / path).read_bytes()).decode()
    text = escape(alt, quote=True)
    return f'<img class="inserted" alt="{text}" src="data:{kind};base64,{content}">'
