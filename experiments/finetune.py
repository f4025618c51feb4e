"""Fine-tune a pre-trained image classifier on a data set."""

from typing import Literal

from reporter import (
    Count,
    Dataset,
    Rate,
    ReportError,
    Result,
    Run,
    Share,
    Text,
    Weights,
    experiment,
)


@experiment(quick={"epochs": 1, "per_class": 4, "size": 96})
def finetune(
    run: Run,
    *,
    data: Dataset,
    weights: Weights,
    model: str = "resnet18",
    train: Literal["head", "all"] = "head",
    head: tuple[Count, ...] = (),
    replaces: Count | None = None,
    rates: tuple[Rate, ...] = (0.01,),
    epochs: Count = 10,
    batch: Count = 32,
    momentum: Share = 0.0,
    weight_decay: Share = 0.0,
    validation: Share = 0.2,
    per_class: Count | None = None,
    loss: Literal["mean", "sum"] = "mean",
    size: Count | None = None,
    normalise: Literal["imagenet", "train-set", "half"] = "imagenet",
    measure: Literal["running", "evaluation"] = "running",
    epoch_zero: bool = False,
    test: Literal["once", "every-epoch"] = "once",
    augment: tuple[str, ...] = (),
    augment_from: Count = 1,
    init: Literal["default", "xavier-normal"] = "xavier-normal",
    frozen_mode: Literal["eval", "train"] = "eval",
    backbone_factor: Rate = 1.0,
    patience: Count | None = None,
    precision: Literal["float32", "tf32", "bfloat16"] = "float32",
) -> Result:
    """Fine-tune a pre-trained image classifier on a data set.

    The last layers of the network are replaced by new ones, which are trained alone or together
    with all the others by stochastic gradient descent at a constant rate, against cross-entropy.
    A part of the training images is held out. Every learning rate starts from the same state; the
    state with the highest accuracy on the images held out, over all rates and epochs, is kept (of
    equal ones the first) and is the one whose test accuracy counts. What
    comes before the first layer that learns or varies is computed once per image where images are
    not augmented and no bit changes.

    Args:
        data: images to train and test on.
        weights: the network's parameters before training.
        model: any classifier of torchvision by its name there, or "compact-alexnet".
        train: the new layers only ("head"), or all.
        head: sizes of the new layers; none means one layer with as many outputs as classes.
        replaces: how many of the last fully connected layers make way; as many as `head` has.
        rates: learning rates, each a training of its own.
        epochs: passes over the training images.
        batch: images a step.
        momentum: of the gradient steps.
        weight_decay: factor of the squared length of the parameters that learn.
        validation: share of the training images held out, rounded down; 0 keeps the last epoch.
        per_class: so many training images of each class are drawn; none means all.
        loss: mean or sum over the batch; a sum multiplies the rate by the batch size.
        size: side of the images in pixels; none means shorter side 256, centre 224.
        normalise: mean and deviation per channel of ImageNet, of the training set, or .5 and .25.
        measure: training loss and accuracy while training, or after the epoch without dropout.
        epoch_zero: whether to measure before the first epoch, too.
        test: measure the test images for the kept state only, or also after every epoch.
        augment: "flip", "affine", "crop", "sharpness", "grey", in order, with an amount if wanted:
            "flip 0.5" (probability), "affine 10" (degrees), "crop 200" (pixels).
        augment_from: first epoch with augmentation.
        init: of the new layers: PyTorch's own, or Xavier-normal with zero bias.
        frozen_mode: batch norm and dropout of frozen layers evaluate or train.
        backbone_factor: what the rate is multiplied with for layers that are not new.
        patience: a rate stops after so many epochs without a better validation accuracy.
        precision: of the steps when all layers train. "bfloat16" rounds what enters convolutions
            and matrix products, "tf32" does so on CUDA and is float32 on a CPU; both change
            results. Weights, losses and every accuracy measured after an epoch stay float32.

    Returns:
        Metrics test_accuracy, train_accuracy, validation_accuracy, train_loss and validation_loss,
        with their course over rates and epochs; loss (curves over the iterations), rates (table),
        confusion (matrix), misclassified (images), network (checkpoint), and augmentation (text)
        where there is one.
    """
    from reporter.learn import checkpoints, evaluate, mistakes, outcome, transfer
    from reporter.learn.augment import parse
    from reporter.learn.data import parts
    from reporter.learn.normalisation import chosen
    from reporter.learn.train import Recipe, sweep
    from reporter.learn.weights import pretrained

    if validation == 0 and (len(rates) > 1 or patience):
        message = "validation = 0, so nothing can choose a rate or an epoch; "
        message += "give one rate and no patience, or hold images out"
        raise ReportError(message)
    if precision != "float32" and train == "head":
        message = f"precision = {precision!r} is for train = 'all'; new layers alone train in "
        message += "float32, so leave it out"
        raise ReportError(message)
    augmentation = parse(augment, augment_from)
    surgery = transfer.surgery(head, replaces, data.classes)
    loaded = pretrained(model, weights, run)
    images = parts(data, size=size, per_class=per_class, validation=validation, run=run)
    scaling = chosen(normalise, images.training_inputs)
    network, new_part = transfer.with_new_layers(loaded, surgery, init, run)
    task = transfer.task(
        network.network, new_part, images, scaling, augmentation,
        train=train, frozen_mode=frozen_mode, run=run,
    )  # fmt: skip
    recipe = Recipe(
        rates=rates, epochs=epochs, batch=batch, momentum=momentum, weight_decay=weight_decay,
        loss=loss, measure=measure, epoch_zero=epoch_zero, test=test,
        backbone_factor=backbone_factor, patience=patience, precision=precision,
    )  # fmt: skip
    trained = sweep(task, recipe, run)
    scores = evaluate.logits(task.model, task.parts.test.inputs, task.prepare)
    labels = task.parts.test.labels
    listing = Text(body=augmentation.listing(), language="python")
    return Result(
        **outcome.metrics(trained, evaluate.score(scores, labels)),
        loss=outcome.loss_curves(trained),
        rates=outcome.rates_table(trained),
        confusion=mistakes.confusion(labels, scores.argmax(1), data.classes),
        misclassified=mistakes.misclassified(scores, images.test, data.classes),
        network=checkpoints.checkpoint(network, model, data.classes, scaling, size),
        **({"augmentation": listing} if augmentation else {}),
    )
