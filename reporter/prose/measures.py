"""A metric over epochs, rates and seeds → the values of it that prose can name."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from reporter.errors import ReportError, shown
from reporter.prose import sweeps
from reporter.prose.values import Value

if TYPE_CHECKING:
    from reporter.artifacts import Metric, Reading


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
                epochs = sorted({r.epoch for r in _at_rate(metric, self.source) if r.epoch})
                there = f"; there are {epochs[0]} to {epochs[-1]}" if epochs else ""
                raise ReportError(f"{self.source}: no reading of epoch {shown(epoch)}{there}")
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


def _best(metric: Metric, source: str) -> Reading:
    if not metric.history:
        raise ReportError(f"{source}: was measured once, so it has no best; use .selected")
    return sweeps.best_of(metric, metric.history)


def _at_rate(metric: Metric, source: str) -> list[Reading]:
    """Return the readings at the rate that was selected, in the order of epochs."""
    readings = [r for r in metric.history if metric.rate is None or r.rate == metric.rate]
    if not readings:
        raise ReportError(f"{source}: was measured once, so it has no course over epochs")
    return readings
