"""manifest.json of a bundle: the digest of every other file, whose it is, how to make it again."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - the fields are checked
from dataclasses import asdict, dataclass
from typing import Any

from reporter.errors import ReportError
from reporter.plain import dump, load
from reporter.shapes import Checked

NAME = "manifest.json"
FORMAT = 1  # a new number makes every old bundle unreadable


@dataclass(frozen=True, kw_only=True)
class Manifest(Checked):
    """What a bundle says of itself: no time, no machine, no path outside of it.

    Attributes:
        reporter: the version that wrote it.
        report: the report's name.
        authors: of each name and id.
        files: path → sha-256 of every file but the manifest.
        rebuild: what is typed to make its pages again.
        versions: of Python and of the distributions that matter.
        rules: the assignment's file and its sha-256; None where the report has its own, or none.
        unmet: the findings that `--anyway` passed over.
    """

    reporter: str
    report: str
    authors: tuple[Mapping[str, str], ...]
    files: Mapping[str, str]
    rebuild: tuple[str, ...]
    versions: Mapping[str, str]
    rules: Mapping[str, str] | None
    unmet: tuple[Mapping[str, str], ...]


def written(manifest: Manifest) -> bytes:
    """Return the bytes of manifest.json."""
    return dump({"format": FORMAT, **asdict(manifest)})


def parsed(content: bytes, name: str) -> Manifest:
    """Read a manifest.

    Args:
        content: the bytes of manifest.json.
        name: what messages call the bundle.

    Raises:
        ReportError: it is damaged, or of another format.
    """
    try:
        plain: dict[str, Any] = dict(load(content))
        found = plain.pop("format")
        if found == FORMAT:
            return Manifest(**plain)
    except (ValueError, TypeError, LookupError, RecursionError) as exc:
        told = f"{name}: its {NAME} is damaged; hand in what `report bundle` wrote"
        raise ReportError(told) from exc
    told = (
        f"{name}: its {NAME} is of format {found!r:.20}, not {FORMAT}; bundle it with this version"
    )
    raise ReportError(told)
