"""What facts name → values: the same that the template's own words would print."""

import pytest

from reporter.artifacts import Result, Text
from reporter.prose import observations as facts
from reporter.prose.courses import At, Change, EpochOf
from reporter.prose.fragments import Fragments
from reporter.prose.readings import Readings
from reporter.prose.styles import SPACE
from reporter.prose.values import Desk
from reporter.prose.views import RunView
from tests.histories import losses, metric
from tests.workspaces import finished


def _readings(*results):
    run = finished("one", *results)
    desk = Desk(Fragments())
    return Readings(desk=desk, runs=(run,), names=("One",)), RunView(desk, run)


FIRST = Result(test_accuracy=metric((0.2, 0.4), "test"), printed=Text(body="x"))
SECOND = Result(test_accuracy=metric((0.3, 0.4), "test"), printed=Text(body="y"))


def test_a_reading_is_the_value_that_a_template_would_read():
    """Same source, same number: the mean over seeds where there are several."""
    readings, run = _readings(FIRST, SECOND)
    found = readings.value(At("test_accuracy", 1))
    own = run.test_accuracy.at(1).mean
    assert (found.source, found.plain()) == (own.source, own.plain())
    assert readings.value(At("test_accuracy")).plain() == run.test_accuracy.mean.plain()
    assert readings.value(EpochOf(At("test_accuracy", 2))).plain() == "2"
    assert readings.value(facts.Seeds(At("test_accuracy"))).plain() == "2"
    assert readings.value(facts.NameOf(0)).plain() == "One"


def test_a_difference_is_taken_seed_by_seed():
    """And prints in points."""
    readings, _ = _readings(FIRST, SECOND)
    later, sooner = At("test_accuracy", 2), At("test_accuracy", 1)
    assert readings.value(Change(later, sooner)).plain() == f"15.0{SPACE}points"
    assert readings.value(facts.Wins(later, sooner)).plain() == "2"


def test_only_metrics_have_courses():
    """A listing among the outputs is passed over."""
    readings, _ = _readings(FIRST)
    assert list(readings.courses()) == ["test_accuracy"]


def test_fluctuation_is_that_of_the_selected_rate():
    """Another rate's curve is left aside; without a curve of the rate nothing is known."""
    train = metric((0.2, 0.4), "train")
    curve = losses(*(1.0, 3.0) * 20)
    readings, _ = _readings(Result(train_accuracy=train, loss=curve))
    assert readings.fluctuation() == pytest.approx((1.0,))
    assert readings.value(facts.Fluctuation()).source == "one/loss/fluctuation"
    other = losses(*(1.0, 3.0) * 20, rate=0.1)
    assert _readings(Result(train_accuracy=train, loss=other))[0].fluctuation() == ()
    assert _readings(Result(train_accuracy=train))[0].fluctuation() == ()
    assert _readings(Result(train_accuracy=train, loss=Text(body="x")))[0].fluctuation() == ()


def test_a_rate_is_told_where_one_was_chosen_and_all_seeds_agree():
    """Else there is no one rate to tell."""
    swept = metric((0.2, 0.4), "test", other_rate=(0.1, 0.1))
    readings, _ = _readings(Result(test_accuracy=swept))
    assert readings.has_choice("test_accuracy")
    rate = readings.rate("test_accuracy")
    assert rate is not None
    assert (rate.plain(), rate.source) == ("0.01", "one/test_accuracy/rate")
    assert not _readings(FIRST)[0].has_choice("test_accuracy")
