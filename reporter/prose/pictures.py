"""A picture file of a workspace → HTML that carries it along, or why it is not set."""

from __future__ import annotations

import base64
import hashlib
import io
import mimetypes
import warnings
from functools import lru_cache
from html import escape
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from reporter import trust
from reporter.inputs import IMAGE_FORMATS
from reporter.prose import vectors

MOST_BYTES = 32_000_000
MOST_PIXELS = 100_000_000
VECTORS = "image/svg+xml"


def fault(folder: Path, source: str) -> str:
    """Return what is wrong with the picture `source`, a path below `folder`; "" for nothing."""
    path, kind = _named(source)
    file = folder / path
    is_below = not path.is_absolute() and ".." not in path.parts
    if not (is_below and kind.startswith("image/") and file.is_file()):
        return f"no picture {source} in the report's folder; put it there or correct the path"
    if not trust.is_inside(folder, file):
        return f"{source} leads out of the report's folder; put a copy there"
    stat = file.stat()
    wrong = _fault(file, kind, stat.st_size, stat.st_mtime_ns)
    return f"{source} {wrong}" if wrong else ""


def picture_digest(folder: Path, source: str) -> str:
    """Return what tells a picture from another, without decoding it; "" where none can be read."""
    path = folder / _named(source)[0]
    if not (path.is_file() and trust.is_inside(folder, path)):
        return ""
    size = path.stat().st_size
    return hashlib.sha256(path.read_bytes()).hexdigest() if size <= MOST_BYTES else f"{size} bytes"


def embedded(folder: Path, source: str, alt: str) -> str:
    """Return the picture `source`, one without fault."""
    path, kind = _named(source)
    content = base64.b64encode((folder / path).read_bytes()).decode()
    text = escape(alt, quote=True)
    return f'<img class="inserted" alt="{text}" src="data:{kind};base64,{content}">'


@lru_cache(maxsize=256)
def _fault(file: Path, kind: str, size: int, _mtime: int) -> str:
    """Decode a picture once, however often its page is set."""
    if size > MOST_BYTES:
        return f"has {size / 1e6:.0f} MB; {MOST_BYTES / 1e6:.0f} are the most, so make it smaller"
    content = file.read_bytes()
    return vectors.fault(content) if kind == VECTORS else _raster_fault(content)


def _raster_fault(content: bytes) -> str:
    from PIL import Image

    try:
        with (
            warnings.catch_warnings(action="ignore"),  # of sizes: they are judged here
            Image.open(io.BytesIO(content), formats=IMAGE_FORMATS) as image,
        ):
            if image.width * image.height > MOST_PIXELS:
                return f"has {image.width} × {image.height} pixels; make it smaller"
            image.load()
    except Image.DecompressionBombError:
        return "has far too many pixels; make it smaller"
    except Exception:  # noqa: BLE001 - its decoders raise whatever they stumble over
        return "is no picture, or damaged; save it anew"
    return ""


def _named(source: str) -> tuple[PurePosixPath, str]:
    path = PurePosixPath(unquote(source))
    return path, mimetypes.guess_type(path.name)[0] or ""
