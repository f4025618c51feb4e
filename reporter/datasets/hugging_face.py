"""A data set on the Hugging Face hub → class folders with a sample of its images.

The sample is drawn in one pass over the stream, so that no disk has to hold the whole: each row of
a class has a number that follows from seed, class and row, and the rows with the lowest are kept
(bottom-k sampling; E. Cohen and H. Kaplan, "Summarizing Data Using Bottom-k Sketches", PODC 2007).
A class's sample does not depend on the other classes, and a larger one contains the smaller.
"""

from __future__ import annotations

import hashlib
import heapq
import io
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from reporter.datasets.downloads import space
from reporter.errors import ReportError, nearest
from reporter.inputs import IMAGE_FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from reporter.datasets.origins import HuggingFace

    Progress = Callable[[int, int | None], None]  # rows done, and of how many where that is known

ENDINGS = {"TIFF": ".tif", "PNG": ".png", "WEBP": ".webp", "GIF": ".gif", "BMP": ".bmp"}


def sample(origin: HuggingFace, target: Path, progress: Progress = lambda *_: None) -> Path:
    """Write the sample below `target`, one folder for each class, in the bytes that the hub has.

    Raises:
        ReportError: the package datasets is missing, the hub can't be reached, a column or class is
            not there, or a class has too few images.
    """
    drawn: dict[str, _Drawn] = {}
    with space(target.parent, None):
        for row, kind, image in _rows(origin):
            if not origin.classes or kind in origin.classes:
                if kind not in drawn:
                    drawn[kind] = _Drawn(origin, kind, target)
                    _insist_on_own_folder(origin, drawn, kind)
                drawn[kind].offer(row, image)
            progress(row + 1, None)
    for kind in origin.classes or sorted(drawn):
        if kind not in drawn:
            raise ReportError(f"{origin.words}: no image of class {kind!r}{nearest(kind, drawn)}")
        count = len(drawn[kind].rows)
        if origin.per_class is not None and count < origin.per_class:
            raise ReportError(
                f"{origin.words}: class {kind!r} has {count} images, per_class is "
                f"{origin.per_class}; lower it or leave the class out"
            )
    return target


def _insist_on_own_folder(origin: HuggingFace, drawn: Mapping[str, _Drawn], kind: str) -> None:
    """Refuse two classes whose names make one folder."""
    for other, one in drawn.items():
        if other != kind and one.folder == drawn[kind].folder:
            told = f"classes {other!r} and {kind!r} would share the folder {one.folder.name!r}"
            raise ReportError(f"{origin.words}: {told}; leave one out")


class _Drawn:
    """The rows of one class that are kept so far, and their files."""

    def __init__(self, origin: HuggingFace, kind: str, target: Path) -> None:
        self.key, self.most = f"{origin.seed}/{kind}", origin.per_class
        self.folder = target / (re.sub(r"[/\\\0]|^\.+", "-", kind) or "-")
        self.rows: list[tuple[int, Path]] = []  # a heap: the highest number, negative, comes first

    def offer(self, row: int, image: Mapping[str, Any]) -> None:
        """Keep a row if its number is among the lowest."""
        digest = hashlib.sha256(f"{self.key}/{row}".encode()).digest()
        number = int.from_bytes(digest[:8], "big")
        is_full = len(self.rows) == self.most
        if is_full and number >= -self.rows[0][0]:
            return
        try:
            content = image["bytes"] or Path(image["path"]).read_bytes()
        except OSError as exc:
            told = f"{self.key}: row {row} comes without its image ({exc}); choose another data set"
            raise ReportError(told) from exc
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{row:07d}{_ending(content)}"
        path.write_bytes(content)
        heapq.heappush(self.rows, (-number, path))
        if is_full:
            heapq.heappop(self.rows)[1].unlink()


def _stream(origin: HuggingFace) -> tuple[Any, tuple[str, ...]]:
    """Open the split; return its rows, and the names of its classes where it knows them."""
    try:
        import datasets
    except ImportError as exc:
        raise ReportError(
            f"{origin.words} needs the package datasets; pip install 'reporter[hf]'"
        ) from exc
    try:
        stream = datasets.load_dataset(
            origin.repo, split=origin.split, revision=origin.revision, streaming=True
        )
    except (OSError, ValueError) as exc:
        raise _unreachable(origin, exc) from exc
    features = stream.features or {}
    for column in (origin.image, origin.label):
        if features and column not in features:
            raise ReportError(f"{origin.words}: no column {column!r}{nearest(column, features)}")
    names = tuple(getattr(features.get(origin.label), "names", None) or ())
    for kind in origin.classes:
        if names and kind not in names:
            raise ReportError(f"{origin.words}: no class {kind!r}{nearest(kind, names)}")
    return stream.cast_column(origin.image, datasets.Image(decode=False)), names


def _rows(origin: HuggingFace) -> Iterator[tuple[int, str, Mapping[str, Any]]]:
    """Yield number, class and undecoded image of every row that has both."""
    stream, names = _stream(origin)
    try:
        for number, row in enumerate(stream):
            label, image = row[origin.label], row[origin.image]
            if label is None or image is None or (names and label < 0):
                continue  # not labelled
            yield number, (names[label] if names else str(label)), image
    except (OSError, ValueError) as exc:
        raise _unreachable(origin, exc) from exc


def _ending(content: bytes) -> str:
    """Return the ending of an image's format; .jpg too for what the audit will call corrupt."""
    try:
        with Image.open(io.BytesIO(content), formats=IMAGE_FORMATS) as image:
            return ENDINGS.get(str(image.format), ".jpg")
    except OSError:
        return ".jpg"


def _unreachable(origin: HuggingFace, exc: Exception) -> ReportError:
    reason = str(exc).strip().split("\n")[0] or type(exc).__name__
    return ReportError(
        f"{origin.words}, split {origin.split!r}: can't be read ({reason}); check repo, revision, "
        "split and the connection"
    )
