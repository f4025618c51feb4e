"""What facts name → values of the observed runs, as they are printed, with their sources."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reporter.artifacts import Curves, Metric
from reporter.prose import observations as facts
from reporter.prose.courses import At, Change, Course, EpochOf, course, lost_from
from reporter.prose.evidence import diff, wins
from reporter.prose.measures import MetricValue
from reporter.prose.styles import SPACE, THIN, percent_style
from reporter.prose.values import Desk, Value
from reporter.prose.views import view

if TYPE_CHECKING:
    from reporter.prose.observations import Slot
    from reporter.prose.views import Finished


@dataclass(frozen=True, kw_only=True)
class Readings:
    """The results of the runs that one paragraph is about, all finished."""

    desk: Desk
    runs: tuple[Finished, ...]
    names: tuple[str, ...]  # of the runs, as the text calls them

    def courses(self, index: int = 0) -> dict[str, Course]:
        """Return the course of every metric of a run, in the order the run returned them."""
        run = self.runs[index]
        found = {name: course(name, self._metrics(name, index)) for name in run.results[0].result}
        return {name: one for name, one in found.items() if one}

    def odd(self, index: int = 0) -> dict[str, int | None]:
        """Return the metrics of a run that are no finite number, each with the epoch of the first.

        None where its readings do not tell from which epoch on all of them are lost.
        """
        found = {name: self._metrics(name, index) for name in self.runs[index].results[0].result}
        return {
            name: lost_from(metrics)
            for name, metrics in found.items()
            if not all(math.isfinite(metric.value) for metric in metrics)
        }

    def fluctuation(self) -> tuple[float, ...]:
        """Return how much the loss of the selected rate fluctuates with each seed; () if unknown.

        The run has to return curves called `loss`, one for each rate, as `finetune` does.
        """
        metrics = self._metrics("train_loss") or self._metrics("train_accuracy")
        if not metrics or not all("loss" in stored.result for stored in self.runs[0].results):
            return ()
        found = []
        for metric, curves in zip(metrics, self.runs[0].output("loss"), strict=True):
            if not isinstance(curves, Curves) or metric.rate is None:
                return ()
            lines = [line for line in curves.series if line.label == f"{metric.rate:g}"]
            found += [facts.fluctuation(line.y) for line in lines]
        known = [share for share in found if share is not None]
        return tuple(known) if len(known) == len(metrics) else ()

    def value(self, slot: Slot) -> Value:  # noqa: PLR0911 - a return for each kind of slot
        """Return a number of a fact: the mean over the seeds where there are several."""
        match slot:
            case At():
                return _mean(self.reading(slot))
            case EpochOf():
                return self.reading(slot.at).epoch
            case Change():
                found = _mean(_known(diff(self.reading(slot.upper), self.reading(slot.lower))))
                if found.unit != "fraction":
                    return found
                return found.styled(percent_style(1), f"{SPACE}points")
            case facts.Wins():
                return _known(wins(self.reading(slot.upper), self.reading(slot.lower)))
            case facts.Seeds():
                return self.reading(slot.at).n
            case facts.Fluctuation():
                return self._share()
            case facts.NameOf():
                name = self.names[slot.run]
                return Value(desk=self.desk, source=f"{self.runs[slot.run].name}/name", text=name)

    def reading(self, at: At) -> MetricValue:
        """Return a reading with every seed."""
        run = self.runs[at.run]
        found = view(
            self.desk,
            f"{run.name}/{at.metric}",
            run.output(at.metric),
            is_provisional=run.is_provisional,
            seeds=tuple(job.seed for job in run.jobs),
        )
        assert isinstance(found, MetricValue)
        if at.epoch is None:
            return found
        after = found.at(at.epoch)
        assert isinstance(after, MetricValue)
        return after

    def rate(self, metric: str) -> Value | None:
        """Return the selected rate if there was a choice and all seeds agree, else None."""
        metrics = self._metrics(metric)
        if len({one.rate for one in metrics}) > 1:
            return None
        rate = self.reading(At(metric)).rate
        return replace(rate, numbers=rate.numbers[:1])

    def has_choice(self, metric: str) -> bool:
        """Tell whether a metric was read at several rates."""
        metrics = self._metrics(metric)
        return len({r.rate for one in metrics for r in one.history}) > 1

    def _metrics(self, name: str, index: int = 0) -> tuple[Metric, ...]:
        results = [stored.result.get(name) for stored in self.runs[index].results]
        metrics = tuple(found for found in results if isinstance(found, Metric))
        return metrics if len(metrics) == len(results) else ()

    def _share(self) -> Value:
        return Value(
            desk=self.desk,
            source=f"{self.runs[0].name}/loss/fluctuation",
            numbers=(statistics.fmean(self.fluctuation()),),
            unit="fraction",
            style=percent_style(1),
            suffix=f"{THIN}%",
            is_provisional=self.runs[0].is_provisional,
        )


def _mean(value: Value) -> Value:
    return value.mean if len(value.numbers) > 1 else value


def _known(value: object) -> Value:
    assert isinstance(value, Value)
    return value
