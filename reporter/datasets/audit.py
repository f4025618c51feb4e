"""A data set → what is wrong or odd with its files: every one of them is read and decoded."""

from __future__ import annotations

import hashlib
import io
import os
import struct
import warnings
from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Literal

from PIL import Image, UnidentifiedImageError

from reporter.datasets.looks import mark, near
from reporter.inputs import IMAGE_FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from reporter.inputs import Dataset, Example

Part = Literal["train", "test"]
BROKEN = (OSError, SyntaxError, ValueError, EOFError, IndexError, struct.error)  # of Pillow
BROKEN_OR_HUGE = (*BROKEN, Image.DecompressionBombError)
LIMIT = 10  # bits of 64 in which the marks of two images that look alike differ, at most
MOST = 1000  # look-alikes listed


@dataclass(frozen=True, kw_only=True)
class File:
    """One image file: its path below the data set's folder, the set and class it is in."""

    path: str
    part: Part
    kind: str


@dataclass(frozen=True, kw_only=True)
class Corrupt:
    """A file that can't be decoded to its last pixel."""

    file: File
    reason: str


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two files that are the same, or look alike.

    Attributes:
        distance: bits of 64 in which their marks differ; None for byte-identical files.
    """

    first: File
    second: File
    distance: int | None = None

    @property
    def where(self) -> Literal["train", "test", "across"]:
        """Return the set that both are in, or "across" the two."""
        return self.first.part if self.first.part == self.second.part else "across"

    @property
    def conflicts(self) -> bool:
        """Tell whether the two are of different classes."""
        return self.first.kind != self.second.kind


@dataclass(frozen=True, kw_only=True)
class Spread:
    """Smallest, middle and largest of a number of pixels."""

    least: int
    middle: float
    most: int


@dataclass(frozen=True, kw_only=True)
class Audit:
    """What the files of a data set are like.

    Attributes:
        images: how many files were read.
        corrupt: files that can't be decoded; they take no part in what follows but the balance.
        identical: pairs of byte-identical files.
        lookalikes: pairs that look alike and are not byte-identical, the nearest first; up to
            `MOST`, for a person to look at.
        lookalike_count: how many there are.
        limit: highest distance of a look-alike.
        balance: class, training images, test images.
        width: in pixels; None if no file can be decoded.
        height: as `width`.
        modes: colour mode in Pillow's words ("RGB", "L") and number of images, most first.
    """

    name: str
    images: int
    corrupt: tuple[Corrupt, ...]
    identical: tuple[Pair, ...]
    lookalikes: tuple[Pair, ...]
    lookalike_count: int
    limit: int
    balance: tuple[tuple[str, int, int], ...]
    width: Spread | None
    height: Spread | None
    modes: tuple[tuple[str, int], ...]

    @property
    def leaked(self) -> tuple[Pair, ...]:
        """Return the byte-identical pairs of a training and a test image."""
        return tuple(pair for pair in self.identical if pair.where == "across")

    @property
    def conflicting(self) -> tuple[Pair, ...]:
        """Return the byte-identical pairs of two classes."""
        return tuple(pair for pair in self.identical if pair.conflicts)

    @property
    def is_sound(self) -> bool:
        """Tell whether every file decodes, none leaks and none has two labels."""
        return not (self.corrupt or self.leaked or self.conflicting)


@dataclass(frozen=True, kw_only=True)
class _Seen:
    """What one decoded file was found to be."""

    file: File
    digest: str
    size: tuple[int, int]
    mode: str
    mark: int


def audit(
    data: Dataset, *, limit: int = LIMIT, progress: Callable[[int, int], None] = lambda *_: None
) -> Audit:
    """Read and decode every image of `data`, and compare all pairs.

    Args:
        data: images with classes.
        limit: bits of 64 in which the marks (`looks.mark`) of look-alikes differ, at most.
        progress: is told how many files are done, and of how many.
    """
    corrupt: list[Corrupt] = []
    seen: list[_Seen] = []
    total = len(data.train) + len(data.test)
    for done, (file, path) in enumerate(_files(data), 1):
        try:
            seen.append(_look(file, path))
        except BROKEN_OR_HUGE as exc:
            corrupt.append(Corrupt(file=file, reason=_reason(exc, path)))
        progress(done, total)
    found, count = near([s.mark for s in seen], [s.digest for s in seen], limit=limit, most=MOST)
    return Audit(
        name=data.name,
        images=total,
        corrupt=tuple(corrupt),
        identical=tuple(_identical(seen)),
        lookalikes=tuple(
            Pair(first=seen[i].file, second=seen[j].file, distance=distance)
            for distance, i, j in found
        ),
        lookalike_count=count,
        limit=limit,
        balance=_balance(data),
        width=_spread([s.size[0] for s in seen]),
        height=_spread([s.size[1] for s in seen]),
        modes=tuple(Counter(sorted(s.mode for s in seen)).most_common()),
    )


def _files(data: Dataset) -> Iterator[tuple[File, Path]]:
    """Yield every file with its path below the folder that holds them all."""
    sides: tuple[tuple[Part, tuple[Example, ...]], ...] = (
        ("train", data.train),
        ("test", data.test),
    )
    folders = {e.path.parent.parent for _, examples in sides for e in examples}
    root = Path(os.path.commonpath(folders))
    for part, examples in sides:
        for e in examples:
            path = e.path.relative_to(root).as_posix()
            yield File(path=path, part=part, kind=data.classes[e.label]), e.path


def _look(file: File, path: Path) -> _Seen:
    """Read a file once, and decode all of it."""
    content = path.read_bytes()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of metadata and palettes: the pixels are what is asked
        with Image.open(io.BytesIO(content), formats=IMAGE_FORMATS) as image:
            image.load()
            return _Seen(
                file=file,
                digest=hashlib.sha256(content).hexdigest(),
                size=image.size,
                mode=image.mode,
                mark=mark(image),
            )


def _reason(exc: Exception, path: Path) -> str:
    """Return why a file can't be decoded, in one line without the place of the data set."""
    if not path.stat().st_size:
        return "empty file"
    if isinstance(exc, UnidentifiedImageError):
        return "no image format that is known"
    return " ".join(str(exc).replace(str(path), path.name).split()) or type(exc).__name__


def _identical(seen: Sequence[_Seen]) -> Iterator[Pair]:
    """Yield every two files of the same content, in the order of the first."""
    same: dict[str, list[File]] = defaultdict(list)
    for one in seen:
        same[one.digest].append(one.file)
    for files in same.values():
        for first, second in combinations(files, 2):
            yield Pair(first=first, second=second)


def _balance(data: Dataset) -> tuple[tuple[str, int, int], ...]:
    train = Counter(example.label for example in data.train)
    test = Counter(example.label for example in data.test)
    return tuple((kind, train[label], test[label]) for label, kind in enumerate(data.classes))


def _spread(values: Sequence[int]) -> Spread | None:
    if not values:
        return None
    return Spread(least=min(values), middle=median(values), most=max(values))
