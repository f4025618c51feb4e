"""Train a small classifier, with early stopping, on the features of a frozen network."""

from typing import Literal

from reporter import (
    Count,
    Dataset,
    Metric,
    Rate,
    ReportError,
    Result,
    Run,
    Share,
    Weights,
    experiment,
)


@experiment(quick={"size": 96, "epochs": 3})
def feature_head(
    run: Run,
    *,
    data: Dataset,
    weights: Weights,
    model: str = "resnet18",
    layer: str = "penultimate",
    hidden: tuple[Count, ...] = (),
    rates: tuple[Rate, ...] = (0.01,),
    epochs: Count = 200,
    batch: Count = 32,
    momentum: Share = 0.9,
    weight_decay: Share = 0.0,
    validation: Share = 0.2,
    patience: Count = 10,
    size: Count | None = None,
    normalise: Literal["imagenet", "train-set", "half"] = "imagenet",
    init: Literal["default", "xavier-normal"] = "xavier-normal",
) -> Result:
    """Train a small classifier, with early stopping, on the features of a frozen network.

    Every image passes the network once; what a late layer gives is its feature vector. On these
    vectors one fully connected layer, or a few with rectifiers in between, is trained by stochastic
    gradient descent against cross-entropy. A part of the training images is held out; training
    stops when the accuracy on it has not improved for some epochs, and the best state is tested
    once.

    Args:
        data: images to train and test on.
        weights: the network's parameters; they stay as they are.
        model: any classifier of torchvision by its name there, or "compact-alexnet".
        layer: a module of the network by name, or "penultimate": what enters the last layer; maps
            are averaged over their pixels.
        hidden: sizes of layers before the last; none means a single layer.
        rates: learning rates, each a training of its own.
        epochs: passes over the training features, at most.
        batch: images a step.
        momentum: of the gradient steps.
        weight_decay: factor of the squared length of the parameters.
        validation: share of the training images held out, rounded down.
        patience: epochs without a better validation accuracy before a rate stops.
        size: side of the images in pixels; none means shorter side 256, centre 224.
        normalise: mean and deviation per channel of ImageNet, of the training set, or .5 and .25.
        init: of the layers: PyTorch's own, or Xavier-normal with zero bias.

    Returns:
        Metrics test_accuracy, train_accuracy, validation_accuracy, train_loss, validation_loss,
        dimensions, stopped (epochs of the selected rate); loss (curves), rates (table), confusion
        (matrix).
    """
    from reporter.learn import evaluate, feature_head, mistakes, outcome
    from reporter.learn.data import parts
    from reporter.learn.normalisation import chosen
    from reporter.learn.train import Recipe, sweep
    from reporter.learn.weights import pretrained

    if validation == 0:
        message = "validation = 0, so nothing can tell when to stop; hold some images out"
        raise ReportError(message)
    loaded = pretrained(model, weights, run)
    images = parts(data, size=size, per_class=None, validation=validation, run=run)
    scaling = chosen(normalise, images.training_inputs)
    vectors = feature_head.described(images, loaded, scaling, layer, run)
    task = feature_head.head_task(vectors, (*hidden, len(data.classes)), init, run)
    recipe = Recipe(
        rates=rates, epochs=epochs, batch=batch, momentum=momentum, weight_decay=weight_decay,
        patience=patience,
    )  # fmt: skip
    trained = sweep(task, recipe, run)
    scores = evaluate.logits(task.model, task.parts.test.inputs, task.prepare)
    labels = task.parts.test.labels
    kept = next(trial for trial in trained.trials if trial.rate == trained.rate)
    return Result(
        **outcome.metrics(trained, evaluate.score(scores, labels)),
        dimensions=Metric(value=vectors.train.inputs.shape[1], unit="count", direction=None),
        stopped=Metric(value=kept.epochs[-1].number, unit="count", direction=None),
        loss=outcome.loss_curves(trained),
        rates=outcome.rates_table(trained),
        confusion=mistakes.confusion(labels, scores.argmax(1), data.classes),
    )
