"""Classify images by a linear machine on the features of a frozen network."""

from typing import Literal

from reporter import Count, Dataset, Metric, Rate, Result, Run, Share, Weights, experiment


@experiment(quick={"size": 96, "C": [0.01], "folds": 2})
def features(
    run: Run,
    *,
    data: Dataset,
    weights: Weights,
    model: str = "resnet18",
    layer: str = "penultimate",
    C: tuple[Rate, ...] = (0.001, 0.01, 0.1, 1.0, 10.0, 100.0, 1000.0),
    folds: Count = 5,
    scale: bool = False,
    shares: tuple[Share, ...] = (0.5, 0.9, 0.95, 0.99),
    size: Count | None = None,
    normalise: Literal["imagenet", "train-set", "half"] = "imagenet",
) -> Result:
    """Classify images by a linear machine on the features of a frozen network.

    Every image passes the network once; what a late layer gives is its feature vector. A linear
    support vector machine is fitted to the training images' features. Its constant C is chosen by
    cross-validation, the machine is fitted again on all of them, and tested once. A principal
    component analysis of the training features says how many dimensions they need.

    Args:
        data: images to train and test on.
        weights: the network's parameters; they stay as they are.
        model: any classifier of torchvision by its name there, or "compact-alexnet".
        layer: a module of the network by name, or "penultimate": what enters the last layer; maps
            are averaged over their pixels.
        C: weights of errors against the width of the margin, to choose from.
        folds: of the cross-validation, at least two.
        scale: whether each dimension is standardised first.
        shares: of the variance, for which the number of dimensions is given.
        size: side of the images in pixels; none means shorter side 256, centre 224.
        normalise: mean and deviation per channel of ImageNet, of the training set, or .5 and .25.

    Returns:
        Metrics test_accuracy, cv_accuracy, selected_C, dimensions; grid and variance_dimensions
        (tables), confusion (matrix), explained_variance and component_variance (curves).
    """
    import torch

    from reporter.learn import features as network_features
    from reporter.learn import mistakes, svm, variance
    from reporter.learn.data import insist_on_both, samples
    from reporter.learn.normalisation import chosen
    from reporter.learn.weights import pretrained

    insist_on_both(data, data.train)
    loaded = pretrained(model, weights, run)
    train, test = samples(data.train, size, run), samples(data.test, size, run)
    scaling = chosen(normalise, [train.inputs])
    vectors, test_vectors = network_features.features(
        loaded.network, (train, test), scaling, layer, run
    )
    machine = svm.fitted(
        vectors.numpy(), train.labels.numpy(),
        choices=C, folds=folds, scale=scale, seed=run.stream("order"),
    )  # fmt: skip
    predicted = torch.from_numpy(machine.predicted(test_vectors.numpy()))
    accuracy = (predicted == test.labels).double().mean().item()
    spread = variance.cumulative_shares(vectors)
    return Result(
        test_accuracy=Metric(value=accuracy, split="test", n=len(test)),
        cv_accuracy=Metric(value=machine.cv_accuracy, split="validation", n=len(train)),
        selected_C=Metric(value=machine.best_c, unit="", direction=None),
        dimensions=Metric(value=vectors.shape[1], unit="count", direction=None),
        grid=machine.grid(),
        confusion=mistakes.confusion(test.labels, predicted, data.classes),
        explained_variance=variance.variance_curve(spread),
        component_variance=variance.component_curve(spread),
        variance_dimensions=variance.dimensions_table(spread, shares),
    )
