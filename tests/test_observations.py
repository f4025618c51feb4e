"""Facts about courses: each is true by a slow oracle, and its conditions hold as stated."""

import operator
import random
import statistics
from itertools import pairwise

import pytest

from reporter.prose import observations as facts
from reporter.prose.courses import At, Change, EpochOf, course
from tests.histories import metric, walk

SIGNS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
EASE = 1e-9  # for sums in another order


def _course(*seeds, unit="fraction", name="test_accuracy", **changes):
    return course(name, tuple(metric(values, "test", unit=unit, **changes) for values in seeds))


def _kinds(*values, unit="fraction"):
    return [fact.kind for fact in facts.of_course(_course(values, unit=unit))]


def _number(found, slot):
    """Return the number of a slot, worked out from the lists by themselves."""
    if isinstance(slot, EpochOf):
        return slot.at.epoch
    if isinstance(slot, Change):
        return _number(found, slot.upper) - _number(found, slot.lower)
    assert isinstance(slot, At)
    if slot.epoch is None:
        return sum(found.selected) / len(found.selected)
    column = [row[found.epochs.index(slot.epoch)] for row in found.values]
    return sum(column) / len(column)


def _drawn(unit):
    """Yield many courses of one and of three seeds."""
    for number in range(300):
        dice = random.Random(f"{unit}-{number}")
        count = dice.randrange(1, 14)
        seeds = [walk(dice, count, top=1) for _ in range(dice.choice((1, 3)))]
        yield _course(*seeds, unit=unit)


def test_the_reference_course_is_told_as_it_was():
    """A rise, the best in epoch 3, a drop in epoch 4 that epoch 5 makes good: no word too many."""
    told = facts.of_course(_course((0.346, 0.38, 0.413, 0.395, 0.41)))
    assert [(fact.kind, fact.size) for fact in told] == [
        ("up", "marked"),
        ("best", ""),
        ("drop-recovered", "slight"),
    ]
    drop = told[2].slots
    assert (drop["step_epoch"], drop["back_epoch"]) == (
        EpochOf(At("test_accuracy", 4)),
        EpochOf(At("test_accuracy", 5)),
    )


@pytest.mark.parametrize(
    ("drop", "word"),
    [(0.01, "slight"), (0.019, "slight"), (0.021, ""), (0.049, ""), (0.051, "marked")],
)
def test_one_rule_chooses_the_word_for_a_drop(drop, word):
    """Below two points it is slight, from five on marked."""
    told = facts.of_course(_course((0.2, 0.5, 0.5 - drop, 0.52)))
    assert told[-1].kind == "drop-recovered"
    assert told[-1].size == word


@pytest.mark.parametrize(
    ("values", "kinds"),
    [
        ((0.4,), ["single"]),
        ((0.4, 0.5), ["up"]),
        ((0.4, 0.4), ["constant"]),
        ((0.3, 0.4, 0.5), ["up", "best-last"]),
        ((0.3, 0.5, 0.3, 0.42), ["peak", "drop-partly"]),
        ((0.5, 0.4, 0.45, 0.2), ["down"]),
        ((0.3, 0.5, 0.505, 0.502, 0.501, 0.506, 0.504, 0.508), ["up", "best-last", "plateau"]),
        ((0.1, 0.2, 0.3, 0.4, 0.5, 0.5, 0.5, 0.5), ["up"]),
    ],
)
def test_a_course_has_these_facts(values, kinds):
    """The last reaches its plateau too late; of equal readings none is called the best."""
    assert _kinds(*values) == kinds


def test_a_loss_jumps_and_comes_back():
    """What is worse for a loss is more of it."""
    assert _kinds(2.0, 1.0, 1.5, 0.9, unit="nats") == ["down", "best-last", "jump-recovered"]


@pytest.mark.parametrize("unit", ["fraction", "nats"])
def test_every_fact_meets_its_own_conditions(unit):
    """Each number stands where the condition says, for every drawn course."""
    told = set()
    for found in _drawn(unit):
        for fact in facts.of_course(found):
            told.add(fact.kind)
            for name, sign, bound in fact.conditions:
                value = _number(found, fact.slots[name])
                limit = _number(found, fact.slots[bound]) if isinstance(bound, str) else bound
                ease = EASE if sign in ("<", "<=") else -EASE
                assert SIGNS[sign](value, limit + ease), (fact, found)
    step = "jump" if unit == "nats" else "drop"
    assert {
        "single",
        "up",
        "down",
        "best",
        "plateau",
        f"{step}-recovered",
        f"{step}-partly",
    } <= told


@pytest.mark.parametrize("unit", ["fraction", "nats"])
def test_setback_best_and_plateau_agree_with_a_slow_oracle(unit):
    """Found again by looking at every reading and every step."""
    for found in _drawn(unit):
        means = [statistics.fmean(row[i] for row in found.values) for i in range(len(found.epochs))]
        good = [-m if unit == "nats" else m for m in means]
        scale = found.scale
        for fact in facts.of_course(found):
            at = {n: s.at.epoch - 1 for n, s in fact.slots.items() if isinstance(s, EpochOf)}
            if fact.kind in ("best", "best-last", "peak", "low"):
                assert good[at["best_epoch"]] == max(good)
            if fact.kind.endswith(("-recovered", "-partly")):
                step = at["step_epoch"]
                back = [a - b for a, b in pairwise(good)]
                assert back[step - 1] == pytest.approx(max(back))
                assert _number(found, fact.slots["step"]) == pytest.approx(max(back))
                whole = [
                    i
                    for i in range(step + 1, len(good))
                    if good[i] > good[step - 1] - scale.least + EASE
                ]
                if fact.kind.endswith("-recovered"):
                    assert at["back_epoch"] <= (whole or [len(good)])[0]
                else:
                    assert not whole
                    assert good[at["back_epoch"]] == max(good[step + 1 :])
                    assert good[at["back_epoch"]] - good[step] >= max(back) / 2 - EASE
            if fact.kind == "plateau":
                start = at["from_epoch"]
                assert max(means[start:]) - min(means[start:]) < scale.plateau + EASE
                assert (
                    start == 1
                    or max(means[start - 1 :]) - min(means[start - 1 :]) > scale.plateau - EASE
                )
                assert len(means) - start > 3
                assert start <= (len(means) - 1) / 2


def _losses(training, validation):
    names = (("train_loss", training), ("validation_loss", validation))
    return [_course(values, unit="nats", name=name) for name, values in names]


@pytest.mark.parametrize(
    ("training", "validation", "is_sign"),
    [
        ((2.0, 1.5, 1.0, 0.8), (2.0, 1.5, 1.6, 1.8), True),
        ((2.0, 1.5, 1.0, 0.8), (2.0, 1.7, 1.6, 1.8), False),  # one epoch after the lowest
        ((2.0, 1.5, 1.0, 0.8), (2.0, 1.5, 1.52, 1.55), False),  # a rise below 5 %
        ((2.0, 1.5, 1.5, 1.5), (2.0, 1.5, 1.6, 1.8), False),  # training stands still meanwhile
        ((1.0, 1.5, 1.4, 1.3), (2.0, 1.5, 1.6, 1.8), False),  # training ended higher
        ((2.0, 1.5, 1.0, 0.8), (2.0, 1.5, 1.2, 0.9), False),
    ],
)
def test_over_fitting_is_told_by_its_rule(training, validation, is_sign):
    """Validation loss 5 % above its lowest, two epochs later, while training loss falls."""
    fact = facts.overfitting(*_losses(training, validation))
    assert bool(fact) == is_sign
    if fact:
        assert fact.slots["low_epoch"] == EpochOf(At("validation_loss", 2))


@pytest.mark.parametrize(
    ("training", "test", "kind", "size"),
    [
        (0.9, 0.5, "gap", "wide"),
        (0.6, 0.5, "gap", ""),
        (0.54, 0.5, "gap", "narrow"),
        (0.503, 0.5, "gap-none", ""),
        (0.5, 0.5, "gap-none", ""),
        (0.5, 0.6, "gap-below", ""),
    ],
)
def test_a_gap_has_a_side_and_a_word(training, test, kind, size):
    """The larger accuracy is the one that the smaller is subtracted from."""
    fact = facts.gap(_course((training,), name="train_accuracy"), _course((test,)))
    assert (fact.kind, fact.size) == (kind, size)
    change = fact.slots["gap"]
    assert (change.upper.metric == "train_accuracy") == (training >= test)


def test_fluctuation_is_the_mean_step_over_the_mean_loss():
    """In the second half: between 1 and 3 by turns it is 2 over 2."""
    assert facts.fluctuation((100.0,) * 20 + (1.0, 3.0) * 10) == pytest.approx(1.0)
    assert facts.fluctuation((1.0,) * 20) == 0
    assert facts.fluctuation((1.0,) * 19) is None
    assert facts.fluctuation((0.0,) * 40) is None
    words = [facts.fluctuating((share,)).size for share in (0.01, 0.1, 0.3)]
    assert words == ["hardly", "", "strongly"]


@pytest.mark.parametrize(
    ("first", "second", "paired", "shown", "kind"),
    [
        ((0.5,), (0.5,), True, False, "same"),
        ((0.5,), (0.6,), True, False, "ahead-single"),
        ((0.5, 0.5), (0.6, 0.6), True, True, "ahead-shown"),
        ((0.5, 0.7), (0.6, 0.7), True, False, "ahead-open"),
        ((0.5, 0.7), (0.9,), False, False, "ahead-unpaired"),
    ],
)
def test_two_runs_are_compared_as_far_as_the_seeds_go(first, second, paired, shown, kind):
    """The higher one is named first."""
    one, two = (_course(*((value,) for value in run)) for run in (first, second))
    fact = facts.comparison(one, two, is_paired=paired, is_shown=shown)
    assert fact.kind == kind
    assert fact.slots["upper_name"] == facts.NameOf(0 if kind == "same" else 1)
