"""Results → values that prose can print, compare and trace back to where they came from."""

from __future__ import annotations

import math
import operator
import statistics
from dataclasses import dataclass, replace
from html import escape
from typing import TYPE_CHECKING, Any

from reporter.artifacts import Metric, Table, Text
from reporter.errors import ReportError, nearest
from reporter.prose import sweeps
from reporter.prose.styles import SPACE, THIN, Format, default_style, number_style, percent_style

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from reporter.artifacts import Artifact, Cell, Column, Reading
    from reporter.prose.fragments import Fragments


UNSET = object()


class Desk:
    """What values need of the report being written: where pieces go, and who was read."""

    def __init__(self, fragments: Fragments) -> None:
        self.fragments = fragments
        self.read: list[Value | Missing] = []  # since a claim began


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
        return replace(self._derived("mean", statistics.fmean(self.numbers)), remark=self.remark)

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
        style, suffix = (
            (self.style, self.suffix) if self.style else default_style(self.unit, self.numbers)
        )
        text = style(statistics.fmean(self.numbers))
        if len(self.numbers) > 1 and not (self.unit == "count" and len(set(self.numbers)) == 1):
            text += f"{SPACE}±{SPACE}{style(_std(self.numbers))}"
            return f"{text}{suffix} (n{SPACE}={SPACE}{len(self.numbers)}){self.remark}"
        return text + suffix + self.remark

    def html(self) -> str:
        """Return the value as an element that names its source."""
        raw = repr(statistics.fmean(self.numbers)) if self.numbers else self.text
        return (
            f'<data value="{escape(raw, quote=True)}" '
            f'data-source="{escape(self.source, quote=True)}">{escape(self.plain())}</data>'
        )

    def __str__(self) -> str:
        return self.desk.fragments.put(self.html(), self.plain())

    def __float__(self) -> float:
        self.desk.read.append(self)
        return statistics.fmean(self.numbers)

    def __bool__(self) -> bool:
        self.desk.read.append(self)
        return any(self.numbers) if self.numbers else bool(self.meaning)

    @property
    def meaning(self) -> Any:
        """Return what is compared: the mean of the numbers, or what the text stands for."""
        if self.numbers:
            return statistics.fmean(self.numbers)
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
            raise ReportError(f"{self.source}: {mine!r} can't be compared with {other!r}")
        return compare(mine, other)

    def _derived(self, name: str, number: float) -> Value:
        return replace(self, source=f"{self.source}/{name}", numbers=(float(number),), remark="")


@dataclass(frozen=True, eq=False)
class MetricValue(Value):
    """A metric of a run: its value at the selected state, and the way there."""

    metrics: tuple[Metric, ...] = ()  # one per seed

    @property
    def selected(self) -> Value:
        """Return the value at the epoch and rate chosen by validation."""
        return replace(self, source=f"{self.source}/selected")

    @property
    def best(self) -> MetricValue:
        """Return the best reading; of a test metric it prints as a peak, for it is no result."""
        readings = [_best(metric, self.source) for metric in self.metrics]
        return replace(self._reading("best", readings), remark=self._peak)

    @property
    def first(self) -> Value:
        """Return the reading of the first epoch at the selected rate."""
        return self._reading("first", [_at_rate(m, self.source)[0] for m in self.metrics])

    @property
    def last(self) -> Value:
        """Return the reading of the last epoch at the selected rate."""
        return self._reading("last", [_at_rate(m, self.source)[-1] for m in self.metrics])

    def at(self, epoch: int) -> Value:
        """Return the reading of one epoch at the selected rate."""
        readings = []
        for metric in self.metrics:
            found = [r for r in _at_rate(metric, self.source) if r.epoch == epoch]
            if not found:
                raise ReportError(f"{self.source}: no reading of epoch {epoch}")
            readings += found[:1]
        return self._reading(f"epoch-{epoch}", readings)

    @property
    def epoch(self) -> Value:
        """Return after how many epochs the value was reached."""
        return self._side("epoch", [metric.epoch for metric in self.metrics], "count")

    @property
    def rate(self) -> Value:
        """Return the learning rate that the value belongs to."""
        return self._side("rate", [metric.rate for metric in self.metrics], "")

    @property
    def images(self) -> Value:
        """Return how many images the value rests on."""
        return self._side("images", [metric.n for metric in self.metrics], "count")

    @property
    def first_seed(self) -> MetricValue:
        """Return the metric of the first seed alone: a rate or an epoch has no mean."""
        return replace(
            self,
            source=f"{self.source}/first-seed",
            numbers=self.numbers[:1],
            metrics=self.metrics[:1],
            drawn_with=self.drawn_with[:1],
        )

    @property
    def courses(self) -> tuple[MetricValue, ...]:
        """Return the metric at each rate by itself; its value is the best reading there."""
        return tuple(self._course(rate) for rate in sweeps.rates(self.metrics))

    @property
    def largest_rate(self) -> MetricValue:
        """Return the course of the largest rate among those that reached the last epoch."""
        return self._course(max(sweeps.finished(self.metrics, self.source)))

    @property
    def smallest_rate(self) -> MetricValue:
        """Return the course of the smallest rate among those that reached the last epoch."""
        return self._course(min(sweeps.finished(self.metrics, self.source)))

    def leader(self, epoch: int | None = None) -> MetricValue:
        """Return the best reading of one epoch over all rates, by default of the last epoch."""
        found = [sweeps.leader(metric, epoch, self.source) for metric in self.metrics]
        name = "leader" if epoch is None else f"leader-{epoch}"
        return replace(self._reading(name, found), remark=self._peak)

    @property
    def fluctuation(self) -> Value:
        """Return the mean change per epoch, up or down, in the second half at the selected rate."""
        changes = [sweeps.fluctuation(_at_rate(m, self.source)) for m in self.metrics]
        return self._side("fluctuation", changes, self.unit)

    @property
    def one_image(self) -> Value:
        """Return by how much one image more or less changes an accuracy."""
        return self._side("one-image", [1 / n for _, n in self._counted()], "fraction")

    @property
    def low(self) -> Value:
        """Return the lower end of the 95 % interval (Wilson) that so many images allow."""
        ends = [sweeps.wilson(value, n)[0] for value, n in self._counted()]
        return self._side("low", ends, "fraction")

    @property
    def high(self) -> Value:
        """Return the upper end of the 95 % interval (Wilson) that so many images allow."""
        ends = [sweeps.wilson(value, n)[1] for value, n in self._counted()]
        return self._side("high", ends, "fraction")

    @property
    def _peak(self) -> str:
        """Return what is said of a reading chosen on the test set: it is no result."""
        return " (peak)" if self.metrics[0].split == "test" else ""

    def _counted(self) -> list[tuple[float, int]]:
        """Return accuracy and number of images for each seed."""
        if self.unit != "fraction" or not all(metric.n for metric in self.metrics):
            raise ReportError(f"{self.source} is no share of a number of images")
        return [(metric.value, metric.n) for metric in self.metrics if metric.n]

    def _course(self, rate: float) -> MetricValue:
        metrics = tuple(sweeps.at_rate(metric, rate) for metric in self.metrics)
        return replace(
            self,
            source=f"{self.source}/rate-{rate:g}",
            numbers=tuple(metric.value for metric in metrics),
            metrics=metrics,
            remark=self._peak,
        )

    def _side(self, name: str, numbers: list[Any], unit: str) -> Value:
        if None in numbers:
            raise ReportError(f"{self.source} has no {name}")
        return Value(
            desk=self.desk,
            source=f"{self.source}/{name}",
            numbers=tuple(map(float, numbers)),
            unit=unit,
            is_provisional=self.is_provisional,
            drawn_with=self.drawn_with,
        )

    def _reading(self, name: str, readings: list[Reading]) -> MetricValue:
        metrics = tuple(
            replace(metric, value=reading.value, epoch=reading.epoch, rate=reading.rate)
            for metric, reading in zip(self.metrics, readings, strict=True)
        )
        numbers = tuple(reading.value for reading in readings)
        return replace(self, source=f"{self.source}/{name}", numbers=numbers, metrics=metrics)


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
        return self.desk.fragments.put(self.html(), self.plain())

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


class TableView:
    """A table of a run, read by row and column."""

    def __init__(self, desk: Desk, source: str, table: Table, *, is_provisional: bool) -> None:
        self._desk, self._source, self._table = desk, source, table
        self._is_provisional = is_provisional

    def __len__(self) -> int:
        return len(self._table.rows)

    def __iter__(self) -> Iterator[Mapping[str, Value]]:
        return (self[index] for index in range(len(self)))

    def __getitem__(self, index: int) -> Mapping[str, Value]:
        """Return a row: its cells by column name."""
        try:
            row = self._table.rows[index]
        except IndexError as exc:
            raise ReportError(f"{self._source}: has {len(self)} rows, no row {index}") from exc
        number = index % len(self._table.rows)
        return Row(
            self._source,
            {
                column.name: self._cell(column, cell, number)
                for column, cell in zip(self._table.columns, row, strict=True)
            },
        )

    def where(self, **wanted: str | float) -> Mapping[str, Value]:
        """Return the first row whose cells have the `wanted` values."""
        names = [column.name for column in self._table.columns]
        for name in wanted:
            if name not in names:
                raise ReportError(f"{self._source}: no column {name!r}{nearest(name, names)}")
        for index, row in enumerate(self._table.rows):
            if all(row[names.index(name)] == value for name, value in wanted.items()):
                return self[index]
        raise ReportError(f"{self._source}: no row where {wanted}")

    def _cell(self, column: Column, cell: Cell, row: int) -> Value:
        return cell_value(
            self._desk,
            f"{self._source}/{row}/{column.name}",
            column,
            cell,
            is_provisional=self._is_provisional,
        )


class Row(dict[str, Value]):
    """Cells by column name; an unknown name is told with the nearest one."""

    def __init__(self, source: str, cells: Mapping[str, Value]) -> None:
        super().__init__(cells)
        self._source = source

    def __missing__(self, name: str) -> Value:
        raise ReportError(f"{self._source}: no column {name!r}{nearest(name, self)}")


def cell_value(
    desk: Desk, source: str, column: Column, cell: Cell, *, is_provisional: bool = False
) -> Value:
    """Return one cell of a table as a value."""
    if isinstance(cell, bool) or cell is None:
        shown: dict[str, Any] = {"text": {True: "yes", False: "no", None: "–"}[cell], "raw": cell}
    elif isinstance(cell, str):
        shown = {"text": cell.replace("_", " "), "raw": cell}
    else:
        shown = {"numbers": (float(cell),), "unit": column.unit}
        if column.digits is not None and column.unit == "fraction":
            shown |= {"style": percent_style(column.digits), "suffix": f"{THIN}%"}
        elif column.digits is not None:
            shown["style"] = number_style(column.digits)
    return Value(desk=desk, source=source, is_provisional=is_provisional, **shown)


def _std(numbers: tuple[float, ...]) -> float:
    if not all(map(math.isfinite, numbers)):
        return math.nan
    return statistics.stdev(numbers) if len(numbers) > 1 else 0.0


def _best(metric: Metric, source: str) -> Reading:
    if not metric.history:
        raise ReportError(f"{source}: was measured once, so it has no best; use .selected")
    choose = min if metric.direction == "min" else max
    return choose(metric.history, key=lambda reading: reading.value)


def _at_rate(metric: Metric, source: str) -> list[Reading]:
    """Return the readings at the rate that was selected, in the order of epochs."""
    readings = [r for r in metric.history if metric.rate is None or r.rate == metric.rate]
    if not readings:
        raise ReportError(f"{source}: was measured once, so it has no course over epochs")
    return readings


def view(
    desk: Desk,
    source: str,
    artifacts: tuple[Metric | Artifact, ...],
    *,
    is_provisional: bool,
    seeds: tuple[int, ...] = (),
) -> Value | TableView:
    """Return what prose sees of one output of a run, given it for each seed."""
    first = artifacts[0]
    if isinstance(first, Metric):
        metrics = tuple(metric for metric in artifacts if isinstance(metric, Metric))
        return MetricValue(
            desk=desk,
            source=source,
            numbers=tuple(metric.value for metric in metrics),
            unit=first.unit,
            metrics=metrics,
            is_provisional=is_provisional,
            drawn_with=seeds,
        )
    if isinstance(first, Table):
        return TableView(desk, source, first, is_provisional=is_provisional)
    if isinstance(first, Text):
        return Value(desk=desk, source=source, text=first.body, is_provisional=is_provisional)
    kind = type(first).__name__
    raise ReportError(
        f'{source}: is a {kind}, no value; show it with figure("{source.replace("/", ".")}")'
    )
