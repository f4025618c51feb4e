"""Digests of images → a row of numbers for each, computed once for all runs that share a cache.

A recipe says all that determines a row but the image. Its rows lie in one file, named after it,
each with its image's digest and a checksum; one that is cut off or damaged counts as missing.
Rows are added under a lock that ends with its process: of two runs that lack the same rows one
computes them and the other waits, and a run that is killed leaves what it had.

Shape legend: N images, B of a batch, W bytes of a row.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import zlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
import torch

from reporter.environment import limit_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    Compute = Callable[[list[int]], Iterable[torch.Tensor]]

FOLDER = "rows"  # of the cache


@dataclass(frozen=True, kw_only=True)
class Kind:
    """What the rows of one file have in common.

    Attributes:
        recipe: plain values; with the image they determine a row.
        shape: of a row.
        dtype: of its numbers.
    """

    recipe: Mapping[str, object]
    shape: tuple[int, ...]
    dtype: torch.dtype

    @cached_property
    def name(self) -> str:
        """Return a sha-256 that is another one for another kind."""
        plain = {"recipe": self.recipe, "shape": self.shape, "dtype": str(self.dtype)}
        return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()

    def digest(self, image: str) -> str:
        """Return a sha-256 that stands for the content of an image's row."""
        return hashlib.sha256(f"{self.name} {image}".encode()).hexdigest()


def rows_of(
    cache: Path | None, kind: Kind, digests: Sequence[str], compute: Compute
) -> tuple[torch.Tensor, int]:
    """Return each image's row (N, …), on the CPU, and how many were computed now.

    Images with the same digest share a row. Where the cache can't be read or written, all rows
    are computed.

    Args:
        cache: the folder that runs share, None for no such.
        kind: what the rows are.
        digests: at most 64 characters that stand for each image's content.
        compute: yields the rows of the images with these indices, batch by batch, in their order.
    """
    rows = torch.empty((len(digests), *kind.shape), dtype=kind.dtype)
    bytes_NW = rows.flatten(1).view(torch.uint8).numpy()
    first = {digest: index for index, digest in reversed([*enumerate(digests)])}
    file = RowFile(cache / FOLDER / kind.name if cache else None, width=bytes_NW.shape[1])
    missing, done = file.read(first, bytes_NW), 0
    if missing:
        with file.locked():
            missing = file.read(missing, bytes_NW)  # another run may have added them meanwhile
            file.make_room(len(missing))
            indices = sorted(missing.values())
            for batch in compute(indices) if indices else ():
                new = indices[done : done + len(batch)]
                bytes_NW[new] = batch.cpu().contiguous().flatten(1).view(torch.uint8).numpy()
                file.append([digests[index] for index in new], bytes_NW[new])
                done += len(new)
    shared = len(first) < len(digests)
    return (rows[[first[digest] for digest in digests]] if shared else rows), done


class RowFile:
    """One file of rows; it need not exist, and with no path it never will.

    Args:
        path: where it lies.
        width: bytes of a row.
    """

    def __init__(self, path: Path | None, *, width: int) -> None:
        self.path = path
        self.record = np.dtype([("digest", "S64"), ("checksum", "<u4"), ("row", "u1", (width,))])
        self.opened: BinaryIO | None = None

    def read(self, wanted: Mapping[str, int], bytes_NW: NDArray[np.uint8]) -> dict[str, int]:
        """Put each wanted digest's row at its index; return what is missing or damaged."""
        missing = dict(wanted)
        records = self.records()
        known = np.char.decode(records["digest"], "ascii", "replace")  # a damaged one is no other
        for place, digest in enumerate(known.tolist()):
            if digest in missing:
                row = records["row"][place]
                if records["checksum"][place] == checksum(digest, row):
                    bytes_NW[missing.pop(digest)] = row
        return missing

    def records(self) -> NDArray[np.void]:
        """Return all whole records, mapped into memory; the file counts as used now."""
        with contextlib.suppress(OSError):
            if self.path and (count := self.path.stat().st_size // self.record.itemsize):
                with contextlib.suppress(OSError):  # in a folder that is only read
                    os.utime(self.path)
                return np.asarray(np.memmap(self.path, self.record, mode="r", shape=(count,)))
        return np.empty(0, self.record)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep others from adding rows inside the block, where files can be locked at all."""
        with contextlib.suppress(ImportError, OSError):
            self.opened = opened_alone(self.path) if self.path else None
            if self.opened:
                whole = os.fstat(self.opened.fileno()).st_size // self.record.itemsize
                self.opened.truncate(whole * self.record.itemsize)
        try:
            yield
        finally:
            self.close()

    def close(self) -> None:
        """Add no more rows, and let others."""
        opened, self.opened = self.opened, None
        if opened:
            with contextlib.suppress(OSError):  # a full disk, once more
                opened.close()

    def append(self, digests: Sequence[str], bytes_BW: NDArray[np.uint8]) -> None:
        """Add rows; when the disk is full, add no more."""
        if not self.opened:
            return
        records = np.empty(len(digests), self.record)
        records["digest"], records["row"] = digests, bytes_BW
        records["checksum"] = [checksum(*pair) for pair in zip(digests, bytes_BW, strict=True)]
        try:
            self.opened.write(records.tobytes())
            self.opened.flush()
        except OSError:
            self.close()

    def make_room(self, count: int) -> None:
        """Remove the files used longest ago until so many more rows fit; a reader keeps its own.

        Files that a run adds to stay. Rows that would not fit into an empty folder are not kept.
        """
        total, limit = count * self.record.itemsize, limit_bytes()
        if not self.opened or not self.path or total > limit:
            self.close()
            return
        with contextlib.suppress(OSError):  # another run removes files, too
            used = {file: file.stat() for file in self.path.parent.iterdir()}
            total += sum(stat.st_size for stat in used.values())
            for file in sorted(used, key=lambda file: used[file].st_mtime_ns):
                if total > limit and removed(file):
                    total -= used[file].st_size


def digest_of_source(file: str) -> str:
    """Return the sha-256 of a module's code, for recipes: code determines rows, too."""
    return hashlib.sha256(Path(file).read_bytes()).hexdigest()


def checksum(digest: str, row: NDArray[np.uint8]) -> int:
    """Return what tells a damaged row."""
    return zlib.crc32(row.data, zlib.crc32(digest.encode()))


def opened_alone(path: Path) -> BinaryIO:
    """Open a file to append to it, when no other process has it so."""
    import fcntl

    path.parent.mkdir(parents=True, exist_ok=True)
    while True:
        file = path.open("ab")
        fcntl.flock(file, fcntl.LOCK_EX)
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                return file
        file.close()  # it was removed while we waited


def removed(path: Path) -> bool:
    """Remove a file unless some process, this one included, adds rows to it."""
    import fcntl

    with path.open("rb") as file, contextlib.suppress(BlockingIOError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink()
        return True
    return False
