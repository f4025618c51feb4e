"""Train the compact network from nothing, as a starting point for others."""

from typing import Literal

from reporter import (
    Count,
    Curves,
    Dataset,
    Metric,
    Rate,
    Reading,
    Result,
    Run,
    Series,
    experiment,
)


@experiment(quick={"epochs": 1, "batch": 8})
def pretrain(
    run: Run,
    *,
    data: Dataset,
    epochs: Count = 12,
    batch: Count = 64,
    peak_lr: Rate = 0.06,
    size: Count = 96,
) -> Result:
    """Train the compact network from nothing, as a starting point for others.

    The network is a small AlexNet for images of 96 pixels. It is trained by stochastic gradient
    descent with momentum 0.9, weight decay 0.0005 and label smoothing 0.05; the learning rate
    rises to its peak in a quarter of the steps and falls to zero. Images are shifted, mirrored
    and brightened at random. Training accuracy and loss are those of these changed images.

    Args:
        data: images with classes.
        epochs: passes over the training images.
        batch: images a step.
        peak_lr: highest learning rate.
        size: side of the images in pixels.

    Returns:
        Metrics train_accuracy, test_accuracy; loss, accuracy and rate (curves), confusion (matrix),
        network (checkpoint).
    """
    from reporter.learn import evaluate, mistakes
    from reporter.learn.checkpoints import checkpoint
    from reporter.learn.data import samples
    from reporter.learn.networks import COMPACT
    from reporter.learn.normalisation import HALF
    from reporter.learn.pretrain import pretrain as trained
    from reporter.learn.weights import Pretrained

    train, test = samples(data.train, size, run), samples(data.test, size, run)
    network, records = trained(
        train.inputs.permute(0, 2, 3, 1), train.labels,
        num_classes=len(data.classes), epochs=epochs, batch=min(batch, len(train)),
        peak_lr=peak_lr, run=run,
    )  # fmt: skip
    scores = evaluate.logits(network, test.inputs, HALF.scaled)
    tested = evaluate.score(scores, test.labels)
    kept = Pretrained(network=network, classes=data.classes, normalisation=HALF, size=size)
    state = checkpoint(kept, COMPACT, data.classes, HALF, size)
    numbers = tuple(float(number) for number in range(1, epochs + 1))

    def curves(name: str, label: str, unit: Literal["fraction", "nats", ""]) -> Curves:
        values = tuple(record[name] for record in records)
        series = Series(label="training", x=numbers, y=values)
        return Curves(series=(series,), x_label="epoch", y_label=label, unit=unit)

    readings = tuple(
        Reading(value=record["accuracy"], epoch=number)
        for number, record in enumerate(records, start=1)
    )
    return Result(
        loss=curves("loss", "training loss", "nats"),
        accuracy=curves("accuracy", "training accuracy", "fraction"),
        rate=curves("lr", "learning rate", ""),
        train_accuracy=Metric(
            value=readings[-1].value, split="train", epoch=epochs, history=readings, n=len(train)
        ),
        test_accuracy=Metric(value=tested.accuracy, split="test", epoch=epochs, n=tested.n),
        confusion=mistakes.confusion(test.labels, scores.argmax(1), data.classes),
        network=state,
    )
