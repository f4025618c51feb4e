"""A bundle that anyone may have made, zip or folder → its manifest and files, and nothing else.

Nothing is taken on trust: no member leads out of the bundle, none is a link, two can't be one file
on a system that folds case or accents, and neither sizes that are announced nor those that are
unpacked fill a disk.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import struct
import unicodedata
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reporter.bundle import manifest
from reporter.check.finding import Finding
from reporter.check.handed_in import MOST_BYTES
from reporter.datasets.archives import BROKEN, RATIO, insist_inside, insist_plain
from reporter.datasets.downloads import CHUNK, megabytes
from reporter.errors import ReportError, shown, visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

MOST_FILES = 20_000
ROOM = 50e6  # bytes that may be unpacked, however small the archive is
LONGEST_PART, LONGEST = 200, 500  # bytes of one name, and of a path
PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # which Python unpacks piece by piece
LITTER = frozenset({".ds_store", "thumbs.db", "desktop.ini"})
UNREADABLE = (*BROKEN, ValueError, LookupError, struct.error, OverflowError)
REMEDY = "hand in what `report bundle` wrote"


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A bundle: its manifest, and its other files by path; readable within `read`.

    Attributes:
        path: of the zip or the folder.
        sizes: bytes of every file but the manifest, by path, sorted.
        content: reads one of them; ReportError if it is damaged.
    """

    path: Path
    manifest: manifest.Manifest
    sizes: Mapping[str, int]
    content: Callable[[str], bytes]

    def differing(self) -> tuple[Finding, ...]:
        """Return where the files are not those that the manifest names, by path."""
        known = self.manifest.files
        told = dict.fromkeys(known, "is in the manifest, not in the bundle")
        told |= {path: self._fault(path) for path in self.sizes}
        return tuple(
            Finding(group="files", where=visible(path), message=message, remedy=REMEDY)
            for path, message in sorted(told.items())
            if message
        )

    def _fault(self, path: str) -> str:
        if path not in self.manifest.files:
            return "is in the bundle, not in the manifest"
        try:
            found = hashlib.sha256(self.content(path)).hexdigest()
        except ReportError:
            return "is damaged"
        return "" if found == self.manifest.files[path] else "is not what the manifest says"

    def unpack(self, folder: Path) -> None:
        """Write every file but the manifest below a folder, as a new one of this user."""
        for path in self.sizes:
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(self.content(path))


@contextlib.contextmanager
def read(path: Path) -> Iterator[Opened]:
    """Open a bundle, the zip that was handed in or a folder into which it was unpacked.

    One that a file manager packed again, in a folder and with files of its own, is as good.

    Raises:
        ReportError: no bundle is there, it is damaged, of another format, or refused.
    """
    if not (path.is_file() or path.is_dir()):
        raise ReportError(f"{path}: no such file; name a bundle's zip or its unpacked folder")
    with contextlib.ExitStack() as stack:
        sizes, content = _folder(path) if path.is_dir() else _zip(path, stack)
        _insist_distinct(path, sizes)
        around = _around(sizes)
        own = around + manifest.NAME
        if own not in sizes:
            raise ReportError(f"{path}: no bundle: {_instead(sizes)}")
        if sizes[own] > ROOM:
            raise _refused(path, manifest.NAME, f"has {megabytes(sizes[own])}")
        made = manifest.parsed(content(own), str(path))
        paths = {name.removeprefix(around): name for name in sorted(sizes) if name != own}
        files = {
            short: sizes[name]
            for short, name in paths.items()
            if short in made.files or not _is_litter(name)
        }
        yield Opened(
            path=path, manifest=made, sizes=files, content=lambda name: content(paths[name])
        )


def _is_litter(name: str) -> bool:
    """Tell whether a file manager put a file there by itself."""
    last = name.rpartition("/")[2]
    return name.startswith("__MACOSX/") or last.startswith("._") or last.casefold() in LITTER


def _around(sizes: Mapping[str, int]) -> str:
    """Return the folder that all was packed in by who packed it again, "" for none."""
    tops = {name.partition("/")[0] for name in sizes if not _is_litter(name)}
    return f"{min(tops)}/" if len(tops) == 1 and manifest.NAME not in sizes else ""


def _instead(sizes: Mapping[str, int]) -> str:
    """Return what is there in place of a bundle, and what to do."""
    within = next((name for name in sorted(sizes) if name.lower().endswith(".zip")), "")
    if within:
        return f"it holds {shown(within)}; unpack it and name that"
    return f"{manifest.NAME} is missing; {REMEDY}"


def _zip(path: Path, stack: contextlib.ExitStack) -> tuple[dict[str, int], Callable[[str], bytes]]:
    if not zipfile.is_zipfile(path):
        raise ReportError(f"{path}: can't be read as a bundle ({_kind(path)}); {REMEDY}")
    with _told(path):
        opened = stack.enter_context(zipfile.ZipFile(path))
    members = opened.infolist()
    size, needed = path.stat().st_size, sum(member.file_size for member in members)
    _insist_small(path, len(members), max(needed, size))
    if needed > max(ROOM, RATIO * size):
        told = f"{megabytes(needed)} in {megabytes(size)} are too much for its size"
        raise ReportError(f"{path}: refused: {told}; {REMEDY}")
    for member in members:
        insist_plain(path, member)
        _insist_portable(path, member.filename.removesuffix("/"))
        if member.orig_filename != member.filename or member.compress_type not in PACKED:
            raise _refused(path, member.filename, "is packed in another way")
    found = [member for member in members if not member.is_dir()]
    twice = {member.filename for member in found if opened.NameToInfo[member.filename] != member}
    for name in sorted(twice):
        raise _refused(path, name, "is there twice")

    def content(name: str) -> bytes:
        with _told(path), opened.open(name) as file:
            return b"".join(iter(lambda: file.read(CHUNK), b""))  # of a bomb no more than announced

    return {member.filename: member.file_size for member in found}, content


def _kind(path: Path) -> str:
    """Return what a file is that is no zip."""
    with path.open("rb") as file:
        head = file.read(4)
    if not head:
        return "it is empty"
    return {b"%PDF": "it is a PDF", b"PK\3\4": "its end is missing"}.get(head, "it is no zip")


def _folder(path: Path) -> tuple[dict[str, int], Callable[[str], bytes]]:
    sizes: dict[str, int] = {}
    for place, folders, names in os.walk(path):
        for name in (*folders, *names):
            file = Path(place, name)
            within = file.relative_to(path).as_posix()
            mode = file.lstat().st_mode
            insist_inside(path, within, is_special=not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)))
            _insist_portable(path, within)
            if stat.S_ISREG(mode):
                sizes[within] = file.lstat().st_size
        _insist_small(path, len(sizes), sum(sizes.values()))

    def content(name: str) -> bytes:
        with _told(path):
            return (path / name).read_bytes()

    return sizes, content


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    """Say in one line that a bundle can't be read."""
    try:
        yield
    except UNREADABLE as exc:
        raise ReportError(f"{path}: can't be read as a bundle ({exc}); {REMEDY}") from exc


def _insist_small(path: Path, count: int, needed: int) -> None:
    """Refuse what would fill a folder or a disk."""
    if count > MOST_FILES or needed > MOST_BYTES:
        bounds = f"{MOST_FILES:,} files of {megabytes(MOST_BYTES)} together are the most"
        raise ReportError(f"{path}: refused: {bounds}; {REMEDY}")


def _insist_portable(path: Path, name: str) -> None:
    """Refuse a path that some system would read otherwise."""
    parts = name.split("/")
    is_long = len(os.fsencode(name)) > LONGEST or any(
        len(os.fsencode(part)) > LONGEST_PART for part in parts
    )
    if is_long or not name.isprintable() or "\\" in name or {"", "."} & {*parts}:
        raise _refused(path, name, "is no plain path")


def _insist_distinct(path: Path, names: Mapping[str, int]) -> None:
    """Refuse two names for one file where case or accents don't count, and files in a file."""
    known: dict[str, str] = {}
    for name in names:
        folded = unicodedata.normalize("NFC", name).casefold()
        if folded in known:
            raise _refused(path, name, f"is {shown(known[folded])} to some systems")
        known[folded] = name
    for folded, name in known.items():
        above = folded.rpartition("/")[0]
        while above:
            if above in known:
                raise _refused(path, name, "lies within a file")
            above = above.rpartition("/")[0]


def _refused(path: Path, name: str, fault: str) -> ReportError:
    return ReportError(f"{path}: refused: {shown(name)} {fault}; {REMEDY}")
