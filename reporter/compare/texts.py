"""Text and claims of two builds → sentences and verdicts that differ; of sentences, which words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from reporter.prose.markdown import SENTENCE
from reporter.prose.numbering import SPELLED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reporter.compare.sides import Side

ALIKE = 0.4  # of the words of two sentences are the same: one was made from the other
NEAR = 12  # sentences that are looked through for it
NUMBERS = re.compile(  # that a figure put in before, or one more citation, changes
    rf"((?:{'|'.join(SPELLED.values())})s? )\d[\d.]*[a-z]?(?:–\d[\d.]*[a-z]?)?|\[\d[\d, –]*\]"
)

WORDS = re.compile(r"\w+(?:[.,]\d+)*|\s+|[^\w\s]")  # with the spaces and signs between
WORD = re.compile(r"[^\W\d_]{2}")


@dataclass(frozen=True, kw_only=True)
class ClaimChange:
    """A claim whose verdict differs, with the values it rests on; "" where it is not there."""

    where: str
    before: str
    after: str
    read_before: str
    read_after: str


@dataclass(frozen=True, kw_only=True)
class SentenceChange:
    """A sentence that differs; "" where one build does not have it.

    Attributes:
        is_renumbered: whether it differs only in the numbers of what it refers to.
    """

    section: str
    before: str
    after: str
    is_renumbered: bool = False


def changed_claims(a: Side, b: Side) -> tuple[ClaimChange, ...]:
    """Return the claims whose verdict differs, whose lines may have moved.

    Of those that only one build has, those are told that do not hold: sentences tell the others.
    """
    old, new = (
        [(claim["where"].rpartition(":")[0], claim["text"]) for claim in side.claims]
        for side in (a, b)
    )
    found = []
    for before, after in _aligned(old, new):
        first = {} if before is None else a.claims[before]
        second = {} if after is None else b.claims[after]
        verdicts = {one["verdict"] for one in (first, second) if one}
        if len(verdicts) > 1 or (not (first and second) and verdicts - {"holds", "fails"}):
            found.append(_claim(first, second))
    return tuple(found)


def _claim(old: Mapping[str, str], new: Mapping[str, str]) -> ClaimChange:
    return ClaimChange(
        where=(new or old)["where"],
        before=old.get("verdict", ""),
        after=new.get("verdict", ""),
        read_before=old.get("reading", ""),
        read_after=new.get("reading", ""),
    )


def _aligned(
    old: Sequence[tuple[str, str]], new: Sequence[tuple[str, str]]
) -> Iterator[tuple[int | None, int | None]]:
    """Yield places of the same claim; several of one file and text go together in their order."""
    left = list(range(len(old)))
    for after, name in enumerate(new):
        before = next((place for place in left if old[place] == name), None)
        if before is not None:
            left.remove(before)
        yield before, after
    yield from ((before, None) for before in left)


def changed_sentences(a: Side, b: Side) -> tuple[SentenceChange, ...]:
    """Return the sentences that differ, section by section; () where a build kept no text."""
    if not (a.has_text and b.has_text):
        return ()
    return tuple(
        SentenceChange(
            section=section,
            before=before,
            after=after,
            is_renumbered=_unnumbered(before) == _unnumbered(after),
        )
        for section in dict.fromkeys([*b.text, *a.text])
        for before, after in _pairs(_sentences(a, section), _sentences(b, section))
    )


def _sentences(side: Side, section: str) -> list[str]:
    return [one for said in side.text.get(section, ()) for one in SENTENCE.split(said)]


def _unnumbered(sentence: str) -> str:
    return NUMBERS.sub(r"\1#", sentence)


def _pairs(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield each sentence of one side with what it became on the other, if it differs."""
    first, second = ([_unnumbered(sentence) for sentence in side] for side in (old, new))
    steps = SequenceMatcher(None, first, second, autojunk=False).get_opcodes()
    for kind, i, i_end, j, j_end in steps:
        if kind == "equal":
            pairs = zip(old[i:i_end], new[j:j_end], strict=True)
            yield from (pair for pair in pairs if pair[0] != pair[1])
        else:
            yield from _matched(old[i:i_end], list(new[j:j_end]))


def _matched(old: Sequence[str], new: list[str]) -> Iterator[tuple[str, str]]:
    """Yield sentences that were replaced with what they became, in their order."""
    for sentence in old:
        scores = [_likeness(sentence, other) for other in new[:NEAR]]
        best = max(scores, default=0.0)
        if best < ALIKE:
            yield sentence, ""
            continue
        place = scores.index(best)
        yield from (("", other) for other in new[:place])
        yield sentence, new[place]
        del new[: place + 1]
    yield from (("", other) for other in new)


def _likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, one.split(), other.split(), autojunk=False).ratio()


def marked(before: str, after: str) -> tuple[list[tuple[str, bool]], list[tuple[str, bool]]]:
    """Return both sentences in pieces, each with whether it changed.

    Changes that no word stands between are one: "79.5 ± 4.8 % (n = 5)" is read as a whole.
    """
    old, new = WORDS.findall(before), WORDS.findall(after)
    pieces: list[tuple[str, str, bool]] = []
    for kind, i, i_end, j, j_end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        first, second, is_new = "".join(old[i:i_end]), "".join(new[j:j_end]), kind != "equal"
        has_gap = len(pieces) > 1 and not pieces[-1][2] and not WORD.search(pieces[-1][0])
        if is_new and has_gap:
            gap, change = pieces.pop(), pieces.pop()
            first, second = change[0] + gap[0] + first, change[1] + gap[1] + second
        pieces.append((first, second, is_new))
    return (
        [(first, is_new) for first, _, is_new in pieces if first],
        [(second, is_new) for _, second, is_new in pieces if second],
    )
