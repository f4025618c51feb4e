"""What was looked at in a bundle → verdicts, one line each, and one row for the bundle."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

Check = Literal[  # in the order in which they are told
    "opened",  # the archive can be read
    "files",  # those of the manifest, each as it says
    "results",  # results.json is what sources and store give
    "html",
    "tables",
    "pdf",
    "claims",
    "rules",  # of the assignment
    "runs",  # report.toml, lock, store and records agree
    "rerun",
]
State = Literal["good", "bad", "note"]
CHECKS: tuple[Check, ...] = get_args(Check)
MOST = 5  # lines of one check that are told


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """One line on a bundle.

    Attributes:
        where: file or page; "" for the bundle.
        message: what was found, and what was expected.
    """

    check: Check
    state: State
    where: str
    message: str

    @property
    def line(self) -> str:
        """Return the verdict as it is told: "report.pdf, page 6: …"."""
        return f"{self.where}: {self.message}" if self.where else self.message


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A stored result of a bundle, as far as it is compared with those of others.

    Attributes:
        digest: of record.json.
        machine: a digest of the machine's identity; "" in records of before.
        started: in UTC, "2026-05-04T09:30:00Z"; "" in records of before.
    """

    run: str
    seed: int
    key: str
    digest: str
    machine: str = ""
    started: str = ""


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A bundle and all that was said of it.

    Attributes:
        name: the path that was given, or below the folder that was.
        texts: section or answer → its words as the author wrote them, in a file of the bundle.
        kept: what its store holds.
        shares: whether its course declared a store that its students share.
    """

    name: str
    authors: tuple[str, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    texts: Mapping[str, str] = field(default_factory=dict)
    kept: tuple[Kept, ...] = ()
    shares: bool = False

    @property
    def is_good(self) -> bool:
        """Tell whether nothing bad was found."""
        return not any(verdict.state == "bad" for verdict in self.verdicts)

    @property
    def first_problem(self) -> str:
        """Return the first bad line, "" of a good bundle."""
        return next((one.line for one in self.verdicts if one.state == "bad"), "")

    def mark(self, check: Check) -> str:
        """Return ✓ or ✗ for one check, – where it was not made."""
        states = {one.state for one in self.verdicts if one.check == check}
        return "✗" if "bad" in states else "✓" if "good" in states else "–"


def bad(check: Check, where: str, message: str) -> Verdict:
    """Return a verdict on something that is not as it should be."""
    return Verdict(check=check, state="bad", where=where, message=message)


def good(check: Check, where: str, message: str) -> Verdict:
    """Return a verdict on something that is as it should be."""
    return Verdict(check=check, state="good", where=where, message=message)


def note(check: Check, where: str, message: str) -> Verdict:
    """Return something to know, which is no fault."""
    return Verdict(check=check, state="note", where=where, message=message)


def told(found: Iterable[Verdict], well: Verdict) -> Iterator[Verdict]:
    """Yield what was found, the first of it, or that all is well where nothing bad was."""
    verdicts = list(found)
    wrong = [one for one in verdicts if one.state == "bad"]
    if not wrong:
        yield well
    yield from wrong[:MOST]
    if wrong[MOST:]:
        yield bad(well.check, well.where, f"and {len(wrong) - MOST} more of the kind")
    yield from (one for one in verdicts if one.state == "note")


def as_plain(judged: Judged) -> dict[str, Any]:
    """Return a bundle's verdicts as JSON data."""
    return {**asdict(judged), "is_good": judged.is_good}


def from_plain(plain: Mapping[str, Any]) -> Judged:
    """Return what `as_plain` was given."""
    return Judged(
        name=plain["name"],
        authors=tuple(plain["authors"]),
        verdicts=tuple(Verdict(**one) for one in plain["verdicts"]),
        texts=plain["texts"],
        kept=tuple(Kept(**one) for one in plain["kept"]),
        shares=plain["shares"],
    )
