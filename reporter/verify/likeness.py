"""Texts of several bundles → pairs that say nearly the same, for a person to judge.

A text counts by the runs of five words in it, numbers and templates' expressions blanked. Text that
was given to all (shipped templates, the assignment's folder, what more than a third of a class has)
does not count. An index of such runs finds pairs, so that cost grows with what is alike, not with
the pairs that there are.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from reporter import shipped

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from reporter.verify.verdicts import Judged

WORDS = 5  # of a run
LEAST_SHARE = 0.5  # of the shorter text's own runs
LEAST_RUNS = 15  # that two texts share: a sentence or two
CLASS = 6  # bundles from which on text of a third of them counts as given
TEMPLATE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
COMMENT = re.compile(r"\{#.*?#\}|<!--.*?-->", re.DOTALL)
MARKS = re.compile(r"\]\([^)\s]*\)|[@#]\w[\w-]*|\{[^{}]*\}")  # targets of links, references, marks
WORD = re.compile(r"[^\W\d_]+|[\d#][\d.,#]*")

Runs = frozenset[int]  # of each run of words its hash, the same while this process lasts
Place = tuple[str, str]  # a bundle's name, and a section or answer of it


@dataclass(frozen=True, kw_only=True)
class Alike:
    """Two bundles with texts that are nearly the same.

    Attributes:
        share: of what the one with less text wrote itself, found in the other.
        places: section of the one, section of the other, share of the shorter.
    """

    one: str
    other: str
    share: float
    places: tuple[tuple[str, str, float], ...]

    @property
    def line(self) -> str:
        """Return it in words."""
        where = ", ".join(
            f"{a} ({share:.0%})" if a == b else f"{a} and {b} ({share:.0%})"
            for a, b, share in self.places
        )
        return f"{self.one} and {self.other} share {self.share:.0%} of their own text: {where}"


def runs_of(text: str) -> Runs:
    """Return the runs of words of a text, whatever its numbers and values are."""
    bare = MARKS.sub(" ", TEMPLATE.sub(" # ", COMMENT.sub(" ", text)))
    words = [word if word[0].isalpha() else "#" for word in WORD.findall(bare.lower())]
    return frozenset(map(hash, zip(*(words[at:] for at in range(WORDS)), strict=False)))


def given(folders: Iterable[Path]) -> Runs:
    """Return the runs of the texts that all were given: of the shipped templates, and of folders.

    Args:
        folders: of assignments, with any Markdown below.
    """
    places = (shipped.folder("templates"), *folders)
    texts = [path for place in places for path in sorted(place.rglob("*.md")) if path.is_file()]
    read = (path.read_text(encoding="utf-8", errors="replace") for path in texts)
    return frozenset().union(*map(runs_of, read))


def alike(bundles: Sequence[Judged], known: Runs) -> tuple[Alike, ...]:
    """Return the pairs of bundles of different students with texts that are nearly the same.

    Args:
        bundles: with their texts.
        known: runs of words that all were given.
    """
    own = {
        (bundle.name, section): runs_of(text) - known
        for bundle in bundles
        for section, text in bundle.texts.items()
    }
    own = _without_common(own, len(bundles))
    whose = {bundle.name: frozenset(bundle.authors) for bundle in bundles}
    pairs: dict[tuple[str, str], list[tuple[str, str, float]]] = defaultdict(list)
    for (one, other), count in _shared(own, whose).items():
        share = count / min(len(own[one]), len(own[other]))
        if count >= LEAST_RUNS and share >= LEAST_SHARE:
            pairs[one[0], other[0]].append((one[1], other[1], share))
    whole = _together(own)
    found = [
        Alike(one=one, other=other, share=_share(whole[one], whole[other]), places=tuple(places))
        for (one, other), places in pairs.items()
    ]
    return tuple(sorted(found, key=lambda pair: (-pair.share, pair.one, pair.other)))


def _share(one: AbstractSet[int], other: AbstractSet[int]) -> float:
    return len(one & other) / min(len(one), len(other))


def _without_common(own: Mapping[Place, Runs], bundles: int) -> dict[Place, Runs]:
    """Leave out what more than a third of a class has: nobody copied it from a neighbour."""
    if bundles < CLASS:
        return dict(own)
    counts = Counter[int]()
    for runs in _together(own).values():
        counts.update(runs)
    common = frozenset(run for run, count in counts.items() if count * 3 > bundles)
    return {place: runs - common for place, runs in own.items()}


def _together(own: Mapping[Place, Runs]) -> dict[str, set[int]]:
    """Return the runs of each bundle, whatever section they stand in."""
    whole: dict[str, set[int]] = defaultdict(set)
    for (name, _), runs in own.items():
        whole[name] |= runs
    return whole


def _shared(
    own: Mapping[Place, Runs], whose: Mapping[str, Collection[str]]
) -> Counter[tuple[Place, Place]]:
    """Count the runs that two texts of different students share."""
    index: dict[int, list[Place]] = defaultdict(list)
    for place in sorted(own):
        for run in own[place]:
            index[run].append(place)
    return Counter(
        (one, other)
        for places in index.values()
        if len(places) > 1
        for one, other in combinations(places, 2)
        if one[0] != other[0] and not {*whose[one[0]]} & {*whose[other[0]]}
    )
