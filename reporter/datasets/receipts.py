"""A folder that was fetched ⇄ its digest file, which tells whether it is still what was fetched."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from reporter.datasets.digests import Digests
from reporter.datasets.folders import IMAGE_ENDINGS
from reporter.errors import ReportError
from reporter.shapes import insist

if TYPE_CHECKING:
    from pathlib import Path

    from reporter.datasets.origins import Origin

DIGEST_FILE = ".digest.json"


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What was acquired: its origin as plain data, number of images, digest of all of them."""

    source: dict[str, Any]
    images: int
    content: str


def write(folder: Path, origin: Origin) -> Receipt:
    """Write the digest file of a folder."""
    images, content = _content(folder, Digests(folder / "none"))
    made = Receipt(source=_plain(origin), images=images, content=content)
    text = json.dumps(asdict(made), indent=1, sort_keys=True) + "\n"
    (folder / DIGEST_FILE).write_text(text, encoding="utf-8")
    return made


def read(folder: Path) -> Receipt | None:
    """Return what the folder's digest file says, None without one.

    Raises:
        ReportError: the file is damaged.
    """
    path = folder / DIGEST_FILE
    try:
        found = Receipt(**json.loads(path.read_text(encoding="utf-8")))
        insist(found)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, RecursionError) as exc:
        raise ReportError(f"{path}: not a digest file; remove it to keep the images") from exc
    return found


def insist_unchanged(folder: Path, origin: Origin, digests: Digests, where: str) -> None:
    """Compare a folder with its digest file; a folder without one is the user's own.

    Raises:
        ReportError: it came from another origin, or its images changed since.
    """
    known = read(folder)
    if known is None:
        return
    name = where.removeprefix("data.")
    remedy = f"`report data get {name} --again` fetches it"
    if _meaning(known.source) != _meaning(_plain(origin)):
        raise ReportError(f"{where}: {folder} was made from another source; {remedy}")
    images, content = _content(folder, digests)
    if (images, content) != (known.images, known.content):
        what = f"{images} images where {known.images} were" if images != known.images else "images"
        raise ReportError(
            f"{where}: {folder} holds {what} that changed since it was fetched; {remedy}, or "
            f"remove {DIGEST_FILE} there to keep them"
        )


def _content(folder: Path, digests: Digests) -> tuple[int, str]:
    """Return how many images lie below a folder, and the sha-256 over their paths and contents."""
    total, images = hashlib.sha256(), 0
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in IMAGE_ENDINGS and path.is_file():
            name = path.relative_to(folder).as_posix()
            total.update(f"{name} {digests.of(path)}\n".encode())
            images += 1
    return images, total.hexdigest()


def _plain(origin: Origin) -> dict[str, Any]:
    """Return an origin as JSON has it."""
    table: dict[str, Any] = json.loads(json.dumps(asdict(origin)))
    return table


def _meaning(source: dict[str, Any]) -> dict[str, Any]:
    """Return what determines the images: an archive is the same wherever it comes from."""
    return {key: value for key, value in source.items() if key != "url"}
