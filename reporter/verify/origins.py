"""Records of several bundles → results that different students can't have computed each alone."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from reporter.verify.verdicts import Judged, Kept

    Held = tuple[str, Kept]  # a bundle's name, and a result in it

MINUTE = len("2026-05-04T09:30")
MOST = 4  # names of bundles, and of runs, that are told


@dataclass(frozen=True, kw_only=True)
class Common:
    """Bundles that have something in common, as records of different students that are the same.

    Attributes:
        what: they have in common.
        runs: "full (seed 0)"; none where it isn't about runs.
    """

    names: tuple[str, ...]
    what: str
    runs: tuple[str, ...]

    @property
    def line(self) -> str:
        """Return it in words."""
        runs = f": {_few(self.runs)}" if self.runs else ""
        return f"{_few(self.names)}: {self.what}{runs}"


def common(bundles: Sequence[Judged], *, is_declared: bool = False) -> tuple[Common, ...]:
    """Return bundles with the same records, or with records of one machine and minute.

    Those of a course that declared a shared store are left out. Bundles of the same student, and
    those that nobody but themselves says that of, are told, too.

    Args:
        bundles: all that are looked at.
        is_declared: whether the course's own rules were asked, and not what bundles have of them.
    """
    return (*_recorded(bundles), *_twice(bundles), *(() if is_declared else _sharing(bundles)))


def _twice(bundles: Sequence[Judged]) -> Iterator[Common]:
    names: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for bundle in bundles:
        names[bundle.authors].append(bundle.name)
    for authors, handed_in in names.items():
        if authors and len(handed_in) > 1:
            yield Common(names=tuple(handed_in), what=f"all of {', '.join(authors)}", runs=())


def _sharing(bundles: Sequence[Judged]) -> Iterator[Common]:
    names = tuple(bundle.name for bundle in bundles if bundle.shares)
    what = "say themselves that their course shares a store: records not compared; see --rules"
    if names:
        yield Common(names=names, what=what, runs=())


def _recorded(bundles: Sequence[Judged]) -> tuple[Common, ...]:
    """Return bundles whose records say that one computed for all."""
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
