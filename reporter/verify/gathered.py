"""What a user names, files and folders → the bundles in it, each with what it is called."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from reporter.bundle import manifest
from reporter.errors import ReportError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


HANDED_IN = (".zip", ".pdf", ".rar", ".7z", ".tar", ".gz", ".tgz")


def gathered(paths: Iterable[Path]) -> tuple[tuple[Path, str], ...]:
    """Return every bundle, in the order of names below the folders that were given.

    A folder is a bundle if it has a manifest and a report.toml; else all zips and unpacked bundles
    below it are meant, and what was handed in instead of a zip.

    Raises:
        ReportError: a path is missing, or a folder has no bundle.
    """
    found: dict[Path, str] = {}
    for path in paths:
        if not path.exists():
            raise ReportError(f"{path}: no such file; name a bundle, or a folder of bundles")
        below = {path: path.name} if path.is_file() or _is_bundle(path) else dict(_below(path))
        if not below:
            raise ReportError(f"{path}: no bundle there: neither a zip nor an unpacked one")
        found |= {one: name for one, name in below.items() if one not in found}
    return tuple(found.items())


def _below(root: Path) -> Iterator[tuple[Path, str]]:
    for place, folders, names in os.walk(root):
        folder = Path(place)
        unpacked = [name for name in folders if _is_bundle(folder / name)]
        zipped = [name for name in names if name.lower().endswith(HANDED_IN) and name[0] != "."]
        for name in sorted([*unpacked, *zipped]):
            yield folder / name, (folder / name).relative_to(root).as_posix()
        folders[:] = sorted(name for name in folders if name not in unpacked)


def _is_bundle(folder: Path) -> bool:
    return all((folder / name).is_file() for name in (manifest.NAME, "report.toml"))
