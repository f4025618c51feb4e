"""A finished sweep over rates → metrics, curves and a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from reporter.artifacts import Column, Curves, Metric, Reading, Series, Table

if TYPE_CHECKING:
    from collections.abc import Callable

    from reporter.learn.evaluate import Score
    from reporter.learn.trials import Epoch, Sweep, Trial

Split = Literal["train", "validation", "test"]


def metrics(sweep: Sweep, test: Score) -> dict[str, Metric]:
    """Return accuracy and loss of each part at the selected state, with all readings.

    Args:
        sweep: what was trained.
        test: measured on the selected state.
    """
    found = {"test_accuracy": test_accuracy(sweep, test)}
    picks: tuple[tuple[Split, Callable[[Epoch], Score | None]], ...] = (
        ("train", lambda epoch: epoch.train),
        ("validation", lambda epoch: epoch.validation),
    )
    for split, pick in picks:
        selected = pick(sweep.selected)
        if selected:
            history = readings(sweep, pick)
            found[f"{split}_accuracy"] = Metric(
                value=selected.accuracy,
                split=split,
                epoch=sweep.selected.number,
                rate=sweep.rate,
                history=tuple(accuracy for accuracy, _ in history),
                n=selected.n,
            )
            found[f"{split}_loss"] = Metric(
                value=selected.loss,
                unit="nats",
                direction="min",
                split=split,
                epoch=sweep.selected.number,
                rate=sweep.rate,
                history=tuple(loss for _, loss in history),
                n=selected.n,
            )
    return found


def test_accuracy(sweep: Sweep, test: Score) -> Metric:
    """Return the accuracy on the test images, with the epochs it was also measured after."""
    number, rate = sweep.selected.number, sweep.rate
    every = tuple(accuracy for accuracy, _ in readings(sweep, lambda epoch: epoch.test))
    return Metric(
        value=test.accuracy,
        split="test",
        epoch=number,
        rate=rate,
        history=every or (Reading(value=test.accuracy, epoch=number, rate=rate),),
        n=test.n,
    )


def readings(
    sweep: Sweep, pick: Callable[[Epoch], Score | None]
) -> tuple[tuple[Reading, Reading], ...]:
    """Return accuracy and loss over rates and epochs, in the order they were measured."""
    return tuple(
        (
            Reading(value=score.accuracy, epoch=epoch.number, rate=trial.rate),
            Reading(value=score.loss, epoch=epoch.number, rate=trial.rate),
        )
        for trial in sweep.trials
        for epoch in trial.epochs
        if (score := pick(epoch))
    )


def loss_curves(sweep: Sweep) -> Curves:
    """Return the training loss of every iteration, one curve per rate."""
    series = tuple(
        Series(
            label=f"{trial.rate:g}",
            x=tuple(float(i) for i in range(1, len(trial.losses) + 1)),
            y=trial.losses,
        )
        for trial in sweep.trials
    )
    return Curves(series=series, x_label="iteration", y_label="training loss", unit="nats")


def rates_table(sweep: Sweep) -> Table:
    """Return for every rate its best epoch, and whether it was selected or diverged."""
    columns = (
        Column(name="rate", label="learning rate"),
        Column(name="epoch", label="best epoch", unit="count"),
        Column(name="validation_accuracy", label="validation accuracy", unit="fraction"),
        Column(name="status", label="status"),
    )
    rows = tuple(
        (
            trial.rate,
            trial.best.number if trial.best else None,
            trial.best.validation.accuracy if trial.best and trial.best.validation else None,
            status(trial, sweep),
        )
        for trial in sweep.trials
    )
    return Table(columns=columns, rows=rows)


def status(trial: Trial, sweep: Sweep) -> str:
    """Return what became of a rate: "selected", "completed" or "diverged in epoch 3"."""
    if trial.failure:
        return f"diverged {trial.failure[trial.failure.index('in epoch') :]}"
    return "selected" if trial.rate == sweep.rate else "completed"
