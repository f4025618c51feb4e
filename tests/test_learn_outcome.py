"""Sweeps as metrics, curves and a table."""

from reporter.learn.evaluate import Score
from reporter.learn.outcome import loss_curves, metrics, rates_table
from reporter.learn.trials import Epoch, Sweep, Trial


def epoch(number: int, accuracy: float, *, test: bool = False) -> Epoch:
    """Return an epoch with that validation accuracy."""
    found = Score(loss=1 - accuracy, accuracy=accuracy, n=10)
    train = Score(loss=0.5, accuracy=0.9, n=40)
    return Epoch(number=number, train=train, validation=found, test=found if test else None)


def made(*, test: bool = False) -> Sweep:
    """Return a sweep of three rates, of which one diverged."""
    epochs = epoch(1, 0.6, test=test), epoch(2, 0.7, test=test)
    good = Trial(rate=0.1, losses=(2.0, 1.0), epochs=epochs, best=epochs[1], failure="")
    poor = Trial(rate=0.01, losses=(2.0, 1.9), epochs=epochs[:1], best=epochs[0], failure="")
    lost = Trial(rate=9.0, losses=(2.0,), epochs=(), best=None, failure="loss is nan in epoch 1")
    return Sweep(trials=(good, poor, lost), rate=0.1, selected=epochs[1])


TEST = Score(loss=1.0, accuracy=0.65, n=20)


def test_metrics_have_the_selected_value_and_all_readings() -> None:
    """Readings run over rates and epochs as they were made."""
    found = metrics(made(), TEST)
    validation = found["validation_accuracy"]
    assert (validation.value, validation.epoch, validation.rate, validation.n) == (0.7, 2, 0.1, 10)
    readings = [(r.value, r.epoch, r.rate) for r in validation.history]
    assert readings == [(0.6, 1, 0.1), (0.7, 2, 0.1), (0.6, 1, 0.01)]
    assert set(found) == {
        "test_accuracy", "train_accuracy", "validation_accuracy", "train_loss", "validation_loss"
    }  # fmt: skip
    assert (found["train_loss"].unit, found["train_loss"].direction) == ("nats", "min")


def test_the_test_accuracy_is_read_once_or_every_epoch() -> None:
    """Measured once, its history is that one reading."""
    once = metrics(made(), TEST)["test_accuracy"]
    assert (once.value, [r.value for r in once.history]) == (0.65, [0.65])
    every = metrics(made(test=True), TEST)["test_accuracy"]
    assert [r.value for r in every.history] == [0.6, 0.7, 0.6]


def test_each_rate_has_a_curve_and_a_row() -> None:
    """The table says which rate was selected and which diverged when."""
    assert [(s.label, s.y) for s in loss_curves(made()).series] == [
        ("0.1", (2.0, 1.0)), ("0.01", (2.0, 1.9)), ("9", (2.0,))
    ]  # fmt: skip
    assert rates_table(made()).rows == (
        (0.1, 2, 0.7, "selected"), (0.01, 1, 0.6, "completed"),
        (9.0, None, None, "diverged in epoch 1"),
    )  # fmt: skip
