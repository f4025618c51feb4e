"""Records of several bundles → results that different students can't have computed each alone."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reporter.verify.verdicts import Judged, Kept

    Held = tuple[str, Kept]  # a bundle's name, and a result in it

MINUTE = len("2026-05-04T09:30")
MOST = 4  # names of bundles, and of runs, that are told


@dataclass(frozen=True, kw_only=True)
class Common:
    """Bundles of different students whose records say that one computed for all.

    Attributes:
        what: they have in common.
        runs: "full (seed 0)".
    """

    names: tuple[str, ...]
    what: str
    runs: tuple[str, ...]

    @property
    def line(self) -> str:
        """Return it in words."""
        return f"{_few(self.names)}: {self.what}: {_few(self.runs)}"


def common(bundles: Sequence[Judged]) -> tuple[Common, ...]:
    """Return bundles with the same records, or with records of one machine and minute.

    Those of a course that declared a shared store are left out.
    """
    known = {bundle.name: bundle for bundle in bundles if not bundle.shares}
    same: dict[str, list[Held]] = defaultdict(list)
    near: dict[str, list[Held]] = defaultdict(list)
    for name, bundle in known.items():
        for kept in bundle.kept:
            same[kept.digest].append((name, kept))
    for held in same.values():
        for name, kept in held if len(held) == 1 else ():  # of the others that much is told
            if kept.machine and kept.started:
                near[f"{kept.machine} {kept.started[:MINUTE]}"].append((name, kept))
    found: dict[tuple[tuple[str, ...], str], dict[str, None]] = defaultdict(dict)
    for what, groups in (("one record", same), ("one machine and minute", near)):
        for group in groups.values():
            names = tuple(sorted({name for name, _ in group}))
            if _are_apart(known[name] for name in names):
                runs = (f"{kept.run} (seed {kept.seed})" for _, kept in group)
                found[names, what] |= dict.fromkeys(runs)
    return tuple(
        Common(names=names, what=what, runs=tuple(runs))
        for (names, what), runs in sorted(found.items(), key=lambda item: item[0])
    )


def _are_apart(bundles: Iterable[Judged]) -> bool:
    """Tell whether some of the bundles are of different students."""
    authors = [frozenset(bundle.authors) for bundle in bundles]
    return any(not one & authors[0] for one in authors[1:])


def _few(words: Sequence[str]) -> str:
    more = f" and {len(words) - MOST} more" if words[MOST:] else ""
    return ", ".join(words[:MOST]) + more
