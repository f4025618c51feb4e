"""Sweeps over rates: which rate is ahead when, how one rate went, what so many images allow."""

import math

import pytest

from reporter.artifacts import Metric, Reading
from reporter.errors import ReportError
from reporter.prose.fragments import Fragments
from reporter.prose.measures import MetricValue
from reporter.prose.styles import SPACE
from reporter.prose.sweeps import at_rate, fluctuation, leader, rates, wilson
from reporter.prose.tools import filters
from reporter.prose.values import Desk
from reporter.prose.views import view


def _metric(courses, *, selected, split="validation", n=50, direction="max"):
    """Return a metric with one course of readings, from epoch 0, for each rate."""
    history = tuple(
        Reading(value=value, epoch=epoch, rate=rate)
        for rate, values in courses.items()
        for epoch, value in enumerate(values)
    )
    best = max(r.value for r in history if r.rate == selected)
    return Metric(
        value=best, epoch=2, rate=selected, split=split, history=history, n=n, direction=direction
    )


FAST = {0.03: (0.1, 0.6, 0.5, 0.65), 0.001: (0.1, 0.3, 0.5, 0.7)}
DIVERGED = {0.03: (0.1, 0.6), 0.001: (0.1, 0.3, 0.5, 0.7)}


def _value(*metrics):
    found = view(Desk(Fragments()), "a/x", metrics, is_provisional=False, seeds=(1, 2))
    assert isinstance(found, MetricValue)
    return found


def test_the_rate_that_is_ahead_depends_on_the_epoch():
    """The large rate leads after the first epoch, the small one after the last."""
    value = _value(_metric(FAST, selected=0.001))
    assert (value.leader(1).numbers, value.leader(1).rate.numbers) == ((0.6,), (0.03,))
    assert (value.leader().numbers, value.leader().rate.numbers) == ((0.7,), (0.001,))
    assert value.leader().epoch.plain() == "3"
    assert value.leader(1).source == "a/x/leader-1"
    assert value.leader(2).rate.numbers == (0.03,)  # equal: the first that was tried


def test_a_rate_that_diverged_leads_no_later_epoch():
    """The last epoch is the last one that any rate reached."""
    metric = _metric(DIVERGED, selected=0.001)
    assert leader(metric, None, "a/x") == Reading(value=0.7, epoch=3, rate=0.001)
    with pytest.raises(ReportError, match="a/x: no reading of epoch 9"):
        leader(metric, 9, "a/x")
    with pytest.raises(ReportError, match="a/x: no reading of epoch None"):
        leader(Metric(value=0.5), None, "a/x")


def test_the_leader_of_a_loss_is_the_least():
    """direction says which end is good."""
    assert leader(_metric(FAST, selected=0.001, direction="min"), 1, "a/x").rate == 0.001


def test_a_leader_on_test_images_prints_as_a_peak():
    """Nothing chosen on the test set looks like a result."""
    value = _value(_metric(FAST, selected=0.001, split="test"))
    assert value.leader(1).plain().endswith("(peak)")
    assert value.courses[0].plain().endswith("(peak)")


def test_every_rate_has_a_course_of_its_own():
    """A course has its own best, first and last reading, and its rate."""
    large, small = _value(_metric(FAST, selected=0.001)).courses
    assert (large.rate.plain(), small.rate.plain()) == ("0.03", "0.001")
    assert (large.numbers, large.epoch.numbers) == ((0.65,), (3.0,))
    assert (large.at(1).numbers, large.last.numbers) == ((0.6,), (0.65,))
    assert large.source == "a/x/rate-0.03"


def test_only_rates_that_every_seed_has_readings_of_are_courses():
    """A metric without history has none."""
    two = (_metric(FAST, selected=0.001), _metric({0.001: (0.1, 0.2)}, selected=0.001))
    assert rates(two) == (0.001,)
    assert at_rate(two[0], 0.001).value == 0.7
    assert _value(Metric(value=0.5)).courses == ()


def test_the_ends_of_the_rates_are_those_that_were_trained_to_the_end():
    """A rate that diverged says nothing on how large rates end."""
    value = _value(_metric(FAST, selected=0.001))
    assert (value.largest_rate.rate.plain(), value.smallest_rate.rate.plain()) == ("0.03", "0.001")
    assert _value(_metric(DIVERGED, selected=0.001)).largest_rate.rate.plain() == "0.001"
    with pytest.raises(ReportError, match="a/x: no rate has readings up to the last epoch"):
        _ = _value(Metric(value=0.5)).largest_rate


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((0.1, 0.6, 0.5, 0.65), 0.15),  # the last two of four
        ((0.1, 0.6, 0.5, 0.6, 0.4), 0.15),  # the last three of five
        ((0.1, 0.6, 0.5), 0.1),
        ((0.1, 0.6), 0.5),
    ],
)
def test_fluctuation_is_the_mean_change_in_the_second_half(values, expected):
    """Up and down count alike."""
    readings = [Reading(value=value, epoch=epoch) for epoch, value in enumerate(values)]
    assert fluctuation(readings) == pytest.approx(expected)


def test_one_reading_does_not_fluctuate():
    """There is nothing to compare it with."""
    assert math.isnan(fluctuation([Reading(value=0.5, epoch=1)]))
    value = _value(_metric(FAST, selected=0.001))
    assert filters()["points"](value.fluctuation).plain() == f"20.0{SPACE}points"


def test_the_first_seed_stands_alone():
    """Its rate and epoch are those of one training, no mean of several."""
    value = _value(_metric(FAST, selected=0.001), _metric(FAST, selected=0.03))
    assert value.numbers == (0.7, 0.65)
    assert value.first_seed.rate.plain() == "0.001"
    assert value.first_seed.numbers == (0.7,)
    assert value.first_seed.drawn_with == (1,)


def test_one_image_is_worth_its_share():
    """One of fifty images is two points."""
    value = _value(_metric(FAST, selected=0.001, n=50))
    assert filters()["points"](value.one_image).plain() == f"2.0{SPACE}points"


@pytest.mark.parametrize(("accuracy", "images"), [(0.7, 47), (0.0, 10), (1.0, 47), (0.825, 2108)])
def test_the_interval_holds_the_shares_that_the_images_do_not_rule_out(accuracy, images):
    """At each end the accuracy lies 1.96 standard deviations of that share away."""
    low, high = wilson(accuracy, images)
    assert 0 <= low <= accuracy <= high <= 1
    for end in (low, high):
        deviation = math.sqrt(end * (1 - end) / images)
        assert abs(accuracy - end) == pytest.approx(1.96 * deviation, abs=1e-9)


def test_more_images_allow_a_narrower_interval():
    """low and high are read per seed, and need images to rest on."""
    few, many = (_value(_metric(FAST, selected=0.001, n=n)) for n in (47, 2108))
    assert few.low < many.low < few
    assert few.high > many.high > few
    with pytest.raises(ReportError, match="a/x is no share of a number of images"):
        _ = _value(Metric(value=0.5)).low
    with pytest.raises(ReportError, match="a/x is no share of a number of images"):
        _ = _value(Metric(value=0.5, unit="nats", n=10)).one_image
