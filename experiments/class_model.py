"""Draw the images that a network scores highest for its classes."""

from reporter import Count, Curves, ImageGrid, Rate, Result, Run, Share, Weights, experiment


@experiment(quick={"size": 96, "steps": 10})
def class_model(
    run: Run,
    *,
    classes: tuple[str, ...],
    weights: Weights,
    model: str = "squeezenet1_0",
    steps: Count = 100,
    rate: Rate = 1.0,
    decay: Share = 0.01,
    jitter: Count | None = None,
    noise: Share = 0.0,
    size: Count | None = None,
) -> Result:
    """Draw the images that a network scores highest for its classes.

    An image is sought that makes the score of a class before the softmax as high as possible, less
    a penalty on the squared length of the image (Simonyan, Vedaldi and Zisserman 2014,
    arXiv:1312.6034). Gradient ascent starts from the mean colour of the training images; the
    network stays as it is. The image is drawn around that colour, at the contrast at which three
    standard deviations of its values reach black or white.

    Args:
        classes: names of classes of the network.
        weights: the network's parameters.
        model: any classifier of torchvision by its name there, or "compact-alexnet".
        steps: of gradient ascent.
        rate: factor of the gradient in a step.
            The defaults suit ImageNet's networks; others may have much smaller gradients and need
            a higher rate and less decay.
        decay: factor of the squared length of the image, in the units of the network's inputs.
        jitter: most pixels by which the image is shifted around before a step, so that no place
            counts more than another; none is the plain method.
        noise: standard deviation of normal noise to start from, in the same units.
        size: side of the images in pixels; none means that of the network's training.

    Returns:
        Metrics score and probability; models (images), ascent (curves), classes (table).
    """
    from reporter.learn import class_model as models
    from reporter.learn.images import CROP
    from reporter.learn.weights import pretrained

    loaded = pretrained(model, weights, run)
    side = size or loaded.size or CROP
    ascent = models.Ascent(
        steps=steps,
        rate=rate,
        decay=decay,
        jitter=jitter or 0,
        noise=noise,
        seed=run.stream("initialisation"),
    )
    found = []
    for index in models.class_indices(classes, loaded, weights):
        found.append(models.class_model(loaded, index, side, ascent))
        run.progress(stage="classes", done=len(found), of=len(classes))
    return Result(
        models=ImageGrid(
            images=tuple(models.visible(one.image, loaded.normalisation).numpy() for one in found),
            labels=tuple(one.name for one in found),
            columns=models.row_length(len(found)),
            description="for each class, the image that was made to raise its score",
        ),
        ascent=Curves(
            series=tuple(map(models.series, found)),
            x_label="step",
            y_label="class score",
        ),
        classes=models.table(found),
        score=models.mean_metric([one.scores[-1] for one in found], is_share=False),
        probability=models.mean_metric([one.probability for one in found], is_share=True),
    )
