"""Softmax regression on the handwritten digits that scikit-learn carries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reporter import Column, Count, Metric, Rate, Reading, Result, Run, Table, experiment

if TYPE_CHECKING:
    import numpy as np


@experiment(quick={"epochs": 2})
def softmax(
    run: Run, *, rates: tuple[Rate, ...] = (0.5,), epochs: Count = 20, batch: Count = 32
) -> Result:
    """Train one linear layer by stochastic gradient descent, once for each learning rate.

    A fifth of the images is kept for testing; pixels are divided by 16, weights start at zero.
    """
    import numpy as np
    from sklearn.datasets import load_digits

    images_NP, labels_N = load_digits(return_X_y=True)
    images_NP = np.hstack([images_NP / 16, np.ones((len(images_NP), 1))])  # the last: the bias
    random = np.random.default_rng(run.stream("order"))
    order_N = random.permutation(len(labels_N))
    test_M, train_L = np.split(order_N, [len(order_N) // 5])

    def score(weights_PC: np.ndarray, rows: np.ndarray) -> tuple[float, float]:
        odds_MC = _softmax(images_NP[rows] @ weights_PC)
        loss = -np.log(odds_MC[range(len(rows)), labels_N[rows]]).mean()
        return float(loss), float((odds_MC.argmax(axis=1) == labels_N[rows]).mean())

    losses, accuracies, rows = [], [], []
    for rate in rates:
        weights_PC = np.zeros((images_NP.shape[1], 10))
        for epoch in range(1, epochs + 1):
            for part_B in np.array_split(random.permutation(train_L), len(train_L) // batch):
                error_BC = _softmax(images_NP[part_B] @ weights_PC) - np.eye(10)[labels_N[part_B]]
                weights_PC -= rate * images_NP[part_B].T @ error_BC / len(part_B)
            train, test = score(weights_PC, train_L), score(weights_PC, test_M)
            losses.append(Reading(value=train[0], epoch=epoch, rate=rate))
            accuracies.append(Reading(value=test[1], epoch=epoch, rate=rate))
        rows.append((rate, *train, *test))
    columns = (
        Column(name="rate", label="learning rate", digits=2),
        Column(name="train_loss", label="training loss", unit="nats", digits=3),
        Column(name="train_accuracy", label="training accuracy", unit="fraction"),
        Column(name="test_loss", label="test loss", unit="nats", digits=3),
        Column(name="test_accuracy", label="test accuracy", unit="fraction"),
    )
    last = {"epoch": epochs, "rate": rates[0]}
    return Result(
        train_loss=Metric(
            **last,
            value=rows[0][1],
            unit="nats",
            direction="min",
            split="train",
            n=len(train_L),
            history=tuple(losses),
        ),
        test_accuracy=Metric(
            **last, value=rows[0][4], split="test", n=len(test_M), history=tuple(accuracies)
        ),
        ends=Table(columns=columns, rows=tuple(rows)),
    )


def _softmax(scores_BC: np.ndarray) -> np.ndarray:
    import numpy as np

    powers_BC = np.exp(scores_BC - scores_BC.max(axis=1, keepdims=True))
    return powers_BC / powers_BC.sum(axis=1, keepdims=True)
