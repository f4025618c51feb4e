"""Results → values that prose can print, compare and trace back to where they came from."""

from __future__ import annotations

import math
import operator
import statistics
from dataclasses import dataclass, replace
from html import escape
from typing import TYPE_CHECKING, Any

from reporter.errors import ReportError, shown
from reporter.prose.styles import SPACE, Format, default_style, odd_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reporter.prose.fragments import Fragments


UNSET = object()


class Desk:
    """What values need of the report being written: where pieces go, and who was read."""

    def __init__(self, fragments: Fragments) -> None:
        self.fragments = fragments
        self.read: list[Value | Missing] = []  # since a claim began
        self.is_odd = False  # whether one of them was no number when it was compared
        self.lacking: dict[str, str] = {}  # mark of a missing value → its run

    def begin(self) -> None:
        """Forget what was read before a claim."""
        self.read.clear()
        self.is_odd = False


@dataclass(frozen=True, eq=False)
class Value:
    """A number for each seed, or a text, with its unit and source.

    Compares by its mean; prints as one number, or as mean ± standard deviation over the seeds.
    """

    desk: Desk
    source: str  # "last-fc/test_accuracy/best"
    numbers: tuple[float, ...] = ()
    text: str = ""
    raw: object = UNSET  # what the text stands for, where it is shown in other words
    unit: str = ""
    style: Format | None = None
    suffix: str = ""  # after the number: " %"
    remark: str = ""  # after all: "(peak)"
    is_provisional: bool = False
    drawn_with: tuple[int, ...] = ()  # the seed of each number

    @property
    def mean(self) -> Value:
        """Return the mean over seeds."""
        return replace(self._derived("mean", mean(self.numbers)), remark=self.remark)

    @property
    def std(self) -> Value:
        """Return the sample standard deviation over seeds (n − 1); 0 for one seed."""
        return self._derived("std", _std(self.numbers))

    @property
    def n(self) -> Value:
        """Return over how many seeds the value was measured."""
        return replace(self._derived("n", len(self.numbers)), unit="count")

    @property
    def seeds(self) -> tuple[Value, ...]:
        """Return the value of each seed by itself."""
        return tuple(self._derived(f"seed-{i}", number) for i, number in enumerate(self.numbers))

    def styled(self, style: Format, suffix: str = "") -> Value:
        """Return the same value, printed another way."""
        return replace(self, style=style, suffix=suffix)

    def plain(self) -> str:
        """Return what a reader sees, as text."""
        if not self.numbers:
            return self.text
        if not all(map(math.isfinite, self.numbers)):
            return self._odd()
        style, suffix = (
            (self.style, self.suffix) if self.style else default_style(self.unit, self.numbers)
        )
        text = style(mean(self.numbers))
        if len(self.numbers) > 1 and not (self.unit == "count" and len(set(self.numbers)) == 1):
            text += f"{SPACE}±{SPACE}{style(_std(self.numbers))}"
            return f"{text}{suffix} (n{SPACE}={SPACE}{len(self.numbers)}){self.remark}"
        return text + suffix + self.remark

    def html(self) -> str:
        """Return the value as an element that names its source."""
        raw = repr(mean(self.numbers)) if self.numbers else self.text
        return (
            f'<data value="{escape(raw, quote=True)}" '
            f'data-source="{escape(self.source, quote=True)}">{escape(self.plain())}</data>'
        )

    def __str__(self) -> str:
        return self.desk.fragments.put(self.html(), self.plain())

    def __float__(self) -> float:
        self.desk.read.append(self)
        return mean(self.numbers)

    def __bool__(self) -> bool:
        self.desk.read.append(self)
        self.desk.is_odd |= self.is_nan
        return any(self.numbers) if self.numbers else bool(self.meaning)

    @property
    def meaning(self) -> Any:
        """Return what is compared: the mean of the numbers, or what the text stands for."""
        if self.numbers:
            return mean(self.numbers)
        return self.text if self.raw is UNSET else self.raw

    def __lt__(self, other: object) -> bool:
        return self._compare(other, operator.lt)

    def __le__(self, other: object) -> bool:
        return self._compare(other, operator.le)

    def __gt__(self, other: object) -> bool:
        return self._compare(other, operator.gt)

    def __ge__(self, other: object) -> bool:
        return self._compare(other, operator.ge)

    def __eq__(self, other: object) -> bool:
        return self._compare(other, operator.eq)

    def __ne__(self, other: object) -> bool:
        return self._compare(other, operator.ne)

    __hash__ = None  # type: ignore[assignment] # equal by value, so not hashable by identity

    @property
    def is_nan(self) -> bool:
        """Tell whether it is no number at all, which nothing can be said about but that."""
        return bool(self.numbers) and math.isnan(mean(self.numbers))

    def _odd(self) -> str:
        """Return what is said where a seed gave no finite number: of which, and how many did."""
        odd = [number for number in self.numbers if not math.isfinite(number)]
        said = odd_text(math.nan if any(map(math.isnan, odd)) else odd[0])
        of = f" ({len(odd)} of {len(self.numbers)} seeds)" if len(self.numbers) > 1 else ""
        return said + of

    def _compare(self, other: object, compare: Callable[[Any, Any], bool]) -> bool:
        self.desk.read.append(self)
        if isinstance(other, Missing):
            self.desk.read.append(other)
            return False
        if isinstance(other, Value):
            self.desk.read.append(other)
            other = other.meaning
        mine = self.meaning
        if isinstance(mine, str) != isinstance(other, str):
            told = f"{shown(mine)} can't be compared with {shown(other)}"
            raise ReportError(f"{self.source}: {told}; compare numbers, or texts")
        if mine != mine or other != other:  # noqa: PLR0124 - nan, which differs from itself
            self.desk.is_odd = True
            return False
        return compare(mine, other)

    def _derived(self, name: str, number: float) -> Value:
        return replace(self, source=f"{self.source}/{name}", numbers=(float(number),), remark="")


class Missing:
    """Stands for a value that no run delivered: prints as a mark, compares as false."""

    def __init__(self, desk: Desk, source: str, reason: str) -> None:
        self.desk, self.source, self._reason = desk, source, reason

    def plain(self) -> str:
        """Return what a reader sees, as text."""
        return "—"

    def html(self) -> str:
        """Return the mark, which says why there is nothing."""
        reason = escape(self._reason, quote=True)
        return f'<span class="missing" title="{reason}">—</span>'

    def __str__(self) -> str:
        mark = self.desk.fragments.put(self.html(), self.plain())
        self.desk.lacking[mark] = self.source.partition("/")[0]
        return mark

    def __getattr__(self, name: str) -> Missing:
        if name.startswith("_"):
            raise AttributeError(name)
        return Missing(self.desk, f"{self.source}/{name}", self._reason)

    def __getitem__(self, name: object) -> Missing:
        return Missing(self.desk, f"{self.source}/{name}", self._reason)

    def __call__(  # noqa: D102 - as the class says
        self, *_: object, **__: object
    ) -> Missing:
        return self

    def __iter__(self) -> Any:
        return iter(())

    def __len__(self) -> int:
        return 0

    def __float__(self) -> float:
        self.desk.read.append(self)
        return math.nan

    def styled(self, *_: object) -> Missing:
        """Return the same mark."""
        return self

    def __bool__(self) -> bool:
        return self._compare()

    def _compare(self, *_: object) -> bool:
        self.desk.read.append(self)
        return False

    __lt__ = __le__ = __gt__ = __ge__ = __eq__ = __ne__ = _compare
    __hash__ = None  # type: ignore[assignment] # as Value


def mean(numbers: Sequence[float]) -> float:
    """Return the mean; nan of opposite infinities, as of anything with nan."""
    try:
        return statistics.fmean(numbers)
    except (ValueError, OverflowError):  # Python's words on inf − inf, and on sums beyond 1e308
        return math.nan


def _std(numbers: tuple[float, ...]) -> float:
    if not all(map(math.isfinite, numbers)):
        return math.nan
    return statistics.stdev(numbers) if len(numbers) > 1 else 0.0
