"""An origin → a folder of images with a digest file."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from reporter.datasets.archives import unpack
from reporter.datasets.downloads import download
from reporter.datasets.hugging_face import sample
from reporter.datasets.origins import Archive
from reporter.datasets.receipts import read, write
from reporter.errors import ReportError

if TYPE_CHECKING:
    from collections.abc import Callable

    from reporter.datasets.origins import Origin
    from reporter.datasets.receipts import Receipt

    Watch = Callable[[str, int, int | None], None]  # what is done, how far, of how much


def acquire(origin: Origin, target: Path, watch: Watch = lambda *_: None) -> Receipt:
    """Fetch a data set and make it the folder `target`, whole or not at all.

    What `acquire` made there before is replaced; a folder that it did not make is left alone.

    Args:
        origin: where it comes from.
        target: the folder; what is partly fetched lies beside it until all is there.
        watch: is told "fetching" with bytes, "unpacking" with files, "drawing" with rows.

    Raises:
        ReportError: whatever hinders it, in one line.
    """
    if target.exists() and read(target) is None:
        raise ReportError(f"{target} is there, and not from `report data get`; move it away")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        scratch = tempfile.mkdtemp(prefix=".getting-", dir=target.parent)
    except OSError as exc:
        raise ReportError(
            f"{target}: can't be written ({exc.strerror}); `report init DIR` makes a workspace of "
            "your own"
        ) from exc
    try:
        return _into(Path(scratch), origin, target, watch)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _into(scratch: Path, origin: Origin, target: Path, watch: Watch) -> Receipt:
    new = scratch / "new"
    file = None
    if isinstance(origin, Archive):
        file = target.with_name(f".{target.name}-{origin.sha256[:12].lower()}")
        download(origin.url, origin.sha256, file, progress=lambda *at: watch("fetching", *at))
        unpack(file, new, origin.folder, lambda *at: watch("unpacking", *at))
    else:
        new.mkdir()
        sample(origin, new, lambda *at: watch("drawing", *at))
    made = write(new, origin)
    if not made.images:
        raise ReportError(f"{origin.words}: no image in it; look at its folders and set folder")
    _swap(new, target, scratch / "old")
    if file is not None:
        file.unlink()
    return made


def _swap(new: Path, target: Path, old: Path) -> None:
    """Put a folder in the place of another; if that fails, the other is there again."""
    if target.exists():
        target.rename(old)
    try:
        new.rename(target)
    except BaseException:
        if old.exists():
            old.rename(target)
        raise
