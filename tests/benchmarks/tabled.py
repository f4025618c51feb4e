"""The same work in two ways → measurements in interleaved rounds → a Markdown table."""

from __future__ import annotations

import statistics
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


TARGET = Path(__file__).resolve().parents[2] / "docs" / "benchmarks.md"
VECTORS = ("avx512f", "avx2", "avx", "sse4_2", "asimd")  # what tells classes of processors apart


def timed(act: Callable[[], object]) -> float:
    """Return the seconds that a call takes."""
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


@dataclass(frozen=True, kw_only=True)
class Case:
    """The same work in two ways, each returning its seconds.

    Attributes:
        name: stands in the table.
        plain: the course script's way.
        ours: the engine's.
        difference: how far their results are apart, asked for after the rounds.
        gflop: billions of floating-point operations of the work, 0 where they say nothing.
        rounds: at most so many; None for as many as the others.
    """

    name: str
    plain: Callable[[], float]
    ours: Callable[[], float]
    difference: Callable[[], str] = lambda: ""
    gflop: float = 0.0
    rounds: int | None = None


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One case; both sides' seconds are of the same interleaved rounds, in order."""

    name: str
    plain_s: tuple[float, ...]
    ours_s: tuple[float, ...]
    memory: str = ""  # peak of each process, MB
    difference: str = ""
    peak: str = ""  # share of the measured matmul peak that each reached

    @property
    def ratio(self) -> float:
        """Return the median over the rounds of how many times as fast ours was."""
        pairs = zip(self.plain_s, self.ours_s, strict=True)
        return statistics.median(plain / ours for plain, ours in pairs)


def measured(cases: list[Case], rounds: int, peak: Callable[[], float]) -> list[Measured]:
    """Measure every case; every other round runs backwards.

    Args:
        cases: what is measured, once before the rounds, so that none is colder than others.
        rounds: how often.
        peak: gives floating-point operations per second that the machine reaches just then.
    """
    found = []
    for case in cases:
        count = min(rounds, case.rounds or rounds)
        plain, ours, peaks = [], [], []
        if case.rounds is None:
            case.plain()
        case.ours()
        for number in range(count):
            peaks.append(peak() if case.gflop else 0.0)
            sides: list[tuple[Any, list[float]]] = [(case.plain, plain), (case.ours, ours)]
            for act, seconds in sides if number % 2 == 0 else sides[::-1]:
                seconds.append(act())
        found.append(
            Measured(
                name=case.name,
                plain_s=tuple(plain),
                ours_s=tuple(ours),
                difference=case.difference(),
                peak=shares(case, plain, ours, max(peaks)) if case.gflop else "",
            )
        )
        sys.stderr.write(f"{row(found[-1])}\n")
    return found


def shares(case: Case, plain: list[float], ours: list[float], peak: float) -> str:
    """Return the part of the peak that each way reached, at its median."""
    both = (1e9 * case.gflop / statistics.median(seconds) / peak for seconds in (plain, ours))
    return " / ".join(f"{share:.0%}" for share in both)


def table(rows: list[Measured]) -> str:
    """Return the rows as Markdown; where two values are given, the plain way's is first."""
    head = "| | plain, s | ours, s | ratio | rounds | memory, MB | of matmul peak | difference |"
    return "\n".join([head, "|---|--:|--:|--:|--:|--:|--:|---|", *map(row, rows)])


def row(one: Measured) -> str:
    """Return one row."""
    plain, ours = (statistics.median(seconds) for seconds in (one.plain_s, one.ours_s))
    return (
        f"| {one.name} | {plain:.3g} | {ours:.3g} | {one.ratio:.3g} | {len(one.ours_s)} "
        f"| {one.memory} | {one.peak} | {one.difference} |"
    )


def apart(ours: Any, plain: Any) -> str:
    """Say how far values are apart at most."""
    most = float(abs(ours - plain).max())
    return f"{most:.0e}" if most else "none, bitwise"


def write(name: str, text: str) -> None:
    """Put text between the marks of a name in docs/benchmarks.md."""
    head, start, rest = TARGET.read_text(encoding="utf-8").partition(f"<!-- {name} -->\n")
    _, end, tail = rest.partition(f"<!-- /{name} -->\n")
    if not end:
        sys.exit(f"{TARGET}: no <!-- {name} --> … <!-- /{name} -->; put them where the rows belong")
    TARGET.write_text(head + start + text + end + tail, encoding="utf-8")


def vectors() -> str:
    """Return the vector instructions that tell this processor's class."""
    words = set(Path("/proc/cpuinfo").read_text(encoding="utf-8").split())
    return next((name for name in VECTORS if name in words), "no vector instructions known")
