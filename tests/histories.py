"""Histories of runs for the tests: given by hand, or drawn from a seed in many shapes."""

import random

from reporter.artifacts import Curves, Metric, Reading, Result, Series

RATE = 0.01


def metric(values, split, *, unit="fraction", selected=-1, other_rate=()):
    """Return a metric with a reading per epoch from 1, and readings at another rate before."""
    epochs = list(enumerate(values, 1))
    other = tuple(Reading(value=v, epoch=e, rate=0.1) for e, v in enumerate(other_rate, 1))
    epoch, value = epochs[selected]
    return Metric(
        value=value,
        unit=unit,
        direction="min" if unit == "nats" else "max",
        split=split,
        epoch=epoch,
        rate=RATE,
        history=other + tuple(Reading(value=v, epoch=e, rate=RATE) for e, v in epochs),
        n=1200,
    )


def losses(*values, rate=RATE):
    """Return the curve of the loss per iteration."""
    x = tuple(float(i) for i in range(1, len(values) + 1))
    series = (Series(label=f"{rate:g}", x=x, y=tuple(values)),)
    return Curves(series=series, x_label="iteration", y_label="training loss", unit="nats")


def walk(dice, count, *, top):
    """Return readings that drift, jump, stay or turn as the dice say, some of them equal."""
    level, drift = dice.uniform(0.2, 0.8) * top, dice.choice((-0.04, -0.004, 0, 0.004, 0.04)) * top
    noise = dice.choice((0, 0.002, 0.01, 0.05)) * top
    found = []
    for index in range(count):
        if dice.random() < 0.1 or index == count // 2:
            drift *= dice.choice((-1, 0, 0.3, 1))
        level = min(max(level + drift, 0.02 * top), top)
        found.append(round(min(max(level + dice.uniform(-noise, noise), 0.0), top), 3))
    return found


def drawn(seed):
    """Return the results of a run, one or several seeds, as `finetune` would return them."""
    dice = random.Random(seed)
    epochs, selected = dice.choice((1, 2, 3, 5, 12)), 0
    tests_often = dice.random() < 0.5
    results = []
    for _ in range(dice.choice((1, 1, 3))):
        selected = dice.randrange(epochs)
        test = walk(dice, epochs, top=1)
        test_accuracy = metric(test, "test", selected=selected)
        if not tests_often:
            once = (Reading(value=test[selected], epoch=selected + 1, rate=RATE),)
            test_accuracy = Metric(
                value=test[selected], split="test", epoch=selected + 1, rate=RATE, history=once
            )
        results.append(
            Result(
                train_accuracy=metric(walk(dice, epochs, top=1), "train", selected=selected),
                validation_accuracy=metric(
                    walk(dice, epochs, top=1), "validation", selected=selected
                ),
                test_accuracy=test_accuracy,
                train_loss=metric(walk(dice, epochs, top=2), "train", unit="nats"),
                validation_loss=metric(walk(dice, epochs, top=2), "validation", unit="nats"),
                loss=losses(*walk(dice, 8 * epochs, top=2)),
            )
        )
    return results
