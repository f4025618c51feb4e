"""A zip or tar file → its folder, whole or not at all, and nothing outside it."""

from __future__ import annotations

import lzma
import shutil
import stat
import tarfile
import tempfile
import time
import zipfile
import zlib
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, Any

from reporter.datasets.downloads import CHUNK, megabytes, space
from reporter.errors import ReportError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Self

    Progress = Callable[[int, int | None], None]  # members done, and of how many

MOST_MEMBERS = 2_000_000
RATIO, ROOM = 100, 1e9  # what is unpacked may be so many times the archive's size, or so many bytes
LONGEST_HEADER = 1_000_000  # bytes of a name in a tar file, which is read at once
APART = b"xgXLK"  # types of a header whose names stand apart from it
BROKEN = (
    *(tarfile.TarError, zipfile.BadZipFile, NotImplementedError),
    *(zlib.error, lzma.LZMAError, EOFError, OSError),
)


def unpack(
    archive: Path, target: Path, inside: str = "", progress: Progress = lambda *_: None
) -> Path:
    """Make the folder `inside` the archive the folder `target`, which must not exist.

    Everything is unpacked into a scratch folder beside `target` and then renamed. An archive with a
    member that is absolute, climbs out by "..", or is a symbolic link, a device or a pipe is
    refused: images need none of them. Hard links must lead to members. Modes and owners are those
    of a new file. What would become far more than the archive, or millions of files, is refused
    before it is unpacked; an archive in the archive stays one.

    Raises:
        ReportError: the member that is refused, a broken archive, a missing folder, a full disk.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=".unpacking-", dir=target.parent))
    try:
        if zipfile.is_zipfile(archive):
            _unpack_zip(archive, scratch, progress)
        else:
            _unpack_tar(archive, scratch, progress)
        folder = _folder(scratch, inside)
        folder.chmod(0o755)
        folder.rename(target)
    except BROKEN as exc:
        raise ReportError(
            f"{archive}: can't be unpacked into {target.parent} ({exc}); if the folder can be "
            "written, make the archive anew"
        ) from exc
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return target


def _unpack_zip(archive: Path, scratch: Path, progress: Progress) -> None:
    with zipfile.ZipFile(archive) as opened:
        members = opened.infolist()
        for member in members:
            insist_plain(archive, member)
        needed = sum(member.file_size for member in members)
        _insist_on_bounds(archive, len(members), needed)
        with space(scratch, needed):
            for done, member in enumerate(members, 1):
                opened.extract(member, scratch)
                progress(done, len(members))


class _Header(tarfile.TarInfo):
    """A header of a tar file that asks for no more memory than names need."""

    @classmethod
    def frombuf(cls, *found: Any) -> Self:
        """Read a header; refuse one that announces a name of many megabytes."""
        header = super().frombuf(*found)
        if header.type in APART and header.size > LONGEST_HEADER:
            raise tarfile.ReadError(f"a name of {header.size} bytes")
        return header


def _unpack_tar(archive: Path, scratch: Path, progress: Progress) -> None:
    try:
        found = tarfile.open(archive, tarinfo=_Header)  # noqa: SIM115 - closed below
    except tarfile.ReadError as exc:
        raise ReportError(f"{archive}: neither a zip nor a tar file; correct the url") from exc
    with found as opened:
        members, needed = (
            [],
            0,
        )  # read once before anything is written: nothing is before all is seen
        for member in opened:
            members.append(member)
            needed += member.size
            _insist_on_bounds(archive, len(members), needed)
        while opened.fileobj is not None and opened.fileobj.read(CHUNK):
            pass  # to the checksum at the end, which tells a damaged archive from a short one
        for member in members:
            is_special = not (member.isreg() or member.isdir() or member.islnk())
            insist_inside(archive, member.name, is_special=is_special)
        try:
            with space(scratch, needed):
                for done, stored in enumerate(members, 1):
                    member = stored.replace(mtime=int(time.time()), deep=False)  # new to us
                    opened.extract(member, scratch, filter="data")
                    progress(done, len(members))
        except (tarfile.FilterError, KeyError) as exc:  # a hard link that leads nowhere, or outside
            raise ReportError(f"{archive}: refused: {exc}; ask who made the archive") from exc


def _insist_on_bounds(archive: Path, count: int, needed: int) -> None:
    """Refuse what would fill a disk or a folder."""
    if count <= MOST_MEMBERS and (needed <= ROOM or needed <= RATIO * archive.stat().st_size):
        return
    told = f"{count:,} members or more, of {megabytes(needed)}, are too many for its size"
    raise ReportError(f"{archive}: refused: {told}; ask who made the archive")


def insist_plain(archive: Path, member: zipfile.ZipInfo) -> None:
    """Refuse a member of a zip file that is no plain file or folder inside it."""
    mode = member.external_attr >> 16
    is_special = stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR)
    insist_inside(archive, member.filename, is_special=is_special)
    if member.flag_bits & 1:
        raise ReportError(f"{archive}: {member.filename!r} is encrypted; give it open")


def insist_inside(archive: Path, name: str, *, is_special: bool) -> None:
    """Refuse a member that would write, or lead, outside the folder."""
    windows = PureWindowsPath(name)  # understands both separators, and drives
    if windows.drive or windows.root or PurePosixPath(name).is_absolute():
        fault = "has an absolute path"
    elif ".." in windows.parts:
        fault = "climbs out of the folder"
    elif is_special:
        fault = "is a link, a device or a pipe"
    else:
        return
    raise ReportError(f"{archive}: refused: {name!r} {fault}; ask who made the archive")


def _folder(scratch: Path, inside: str) -> Path:
    """Return the folder of the data set within what was unpacked."""
    folder = scratch / inside
    if folder.is_dir() and folder.resolve().is_relative_to(scratch.resolve()):
        return folder
    there = ", ".join(sorted(_folders(scratch))[:8]) or "no folder"
    raise ReportError(f"archive.folder: no folder {inside!r} in the archive; it holds {there}")


def _folders(scratch: Path) -> Iterator[str]:
    """Yield the upper two levels."""
    for path in scratch.iterdir():
        if path.is_dir():
            yield path.name
            yield from (f"{path.name}/{below.name}" for below in path.iterdir() if below.is_dir())
