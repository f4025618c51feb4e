"""This program and the results of a report → the versions of all that they were made with."""

from __future__ import annotations

import platform
from importlib import metadata
from typing import TYPE_CHECKING, Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from reporter.store import Stored

PROGRAM = "reporter"
COMPUTING = frozenset({"torch", "torchvision"})  # what no page is set with


def versions(results: Iterable[Stored]) -> dict[str, str]:
    """Return the versions of Python, of this program and of what it needs, by name.

    Those of torch are the ones that computed the results, the latest where there are several: no
    page is set with it, so it need not be installed.
    """
    found = {"python": platform.python_version(), **dict(_installed(PROGRAM, set()))}
    for stored in results:
        for name, version in _recorded(stored.record):
            found[name] = max(found.get(name, version), version, key=_order)
    return dict(sorted(found.items()))


def requirements(known: Mapping[str, str]) -> str:
    """Return requirements.txt: what pip installs beside Python and this program itself."""
    names = known.keys() - {"python", PROGRAM}
    return "".join(f"{name}=={known[name]}\n" for name in sorted(names))


def _installed(
    name: str, seen: set[tuple[str, str]], extras: frozenset[str] = frozenset()
) -> Iterator[tuple[str, str]]:
    """Yield the version of a distribution, then of all that it needs here, with those extras."""
    new = {"", *extras} - {extra for other, extra in seen if other == name}
    seen |= {(name, extra) for extra in new}
    try:
        found = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return
    yield name, found.version
    for needed in map(Requirement, found.requires or ()):
        other = canonicalize_name(needed.name)
        is_meant = [needed.marker is None or needed.marker.evaluate({"extra": e}) for e in new]
        if any(is_meant) and other not in COMPUTING:
            yield from _installed(other, seen, frozenset(needed.extras))


def _recorded(record: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the versions of torch that a record names, as an index of packages has them."""
    known = record["versions"]
    for name in sorted(COMPUTING & known.keys()):
        yield name, str(known[name]).partition("+")[0]  # of "2.11.0+cpu"


def _order(version: str) -> Version:
    try:
        return Version(version)
    except InvalidVersion:
        return Version("0")
