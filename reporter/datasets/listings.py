"""A data set → a list of its files, kept by its digest, so that two versions can be compared."""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from reporter.inputs import Dataset

HEX = 12  # of each file's digest: it tells versions of one file apart
NAMED = 3  # files that are named


def remember(folder: Path, datasets: Iterable[Dataset]) -> None:
    """Keep which files each data set has, for when it has others."""
    for dataset in datasets:
        path = _path(folder, dataset.digest)
        if not path.is_file():
            path.parent.mkdir(parents=True, exist_ok=True)
            scratch = path.with_suffix(f".{os.getpid()}")
            scratch.write_text(json.dumps(_listed(dataset)))
            scratch.replace(path)


def difference(folder: Path, before: str, now: Dataset, place: str) -> list[str]:
    """Return in words which files differ between two versions of a data set.

    Args:
        folder: where lists are kept.
        before: the digest of the older version.
        now: the newer version.
        place: what the data set is called.

    Returns:
        A line for the files that changed, were added, were removed; none if there is no list.
    """
    try:
        old = dict(json.loads(_path(folder, before).read_text()))
    except (OSError, ValueError, TypeError):
        return []
    new = _listed(now)
    kinds = {
        "changed": [name for name in new if name in old and old[name] != new[name]],
        "added": [name for name in new if name not in old],
        "removed": [name for name in old if name not in new],
    }
    found = [
        f"{len(names)} file{'s' * (len(names) > 1)} of {place} {verb}: {_few(names)}"
        for verb, names in kinds.items()
        if names
    ]
    return found or [f"{place} has the same files, in other classes or split otherwise"]


def _listed(dataset: Dataset) -> dict[str, str]:
    """Return the files of a data set below the folder that holds them all."""
    examples = (*dataset.train, *dataset.test)
    if not examples:
        return {}
    root = os.path.commonpath([example.path.parent.parent for example in examples])
    return {os.path.relpath(one.path, root): one.digest[:HEX] for one in examples}


def _few(names: list[str]) -> str:
    shown = ", ".join(sorted(names)[:NAMED])
    return f"{shown} and {len(names) - NAMED} more" if len(names) > NAMED else shown


def _path(folder: Path, digest: str) -> Path:
    return folder / f"{hashlib.sha256(digest.encode()).hexdigest()[:24]}.json"
