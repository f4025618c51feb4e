"""Let a pre-trained network classify photographs."""

from reporter import Count, ImageFile, ImageGrid, Metric, Result, Run, Text, Weights, experiment


@experiment(quick={"size": 96})
def classify(
    run: Run,
    *,
    images: tuple[ImageFile, ...],
    weights: Weights,
    model: str = "resnet18",
    k: Count = 5,
    size: Count | None = None,
    among: tuple[str, ...] = (),
) -> Result:
    """Let a pre-trained network classify photographs.

    Each photograph is brought to the size of the network's inputs and normalised as in its
    training. Probabilities are the softmax of the class scores, of all or of those asked for. A
    prediction is right when the
    likeliest class has the name that was expected, regardless of case.

    Args:
        images: photographs, with the classes that a person expects.
        weights: the network's parameters.
        model: any classifier of torchvision by its name there, or "compact-alexnet".
        k: how many of the likeliest classes are listed.
        size: side of the images in pixels; none means that of the network's training, for
            ImageNet's networks shorter side 256, centre 224.
        among: names of the only classes that may be answered; none means all of the network.

    Returns:
        Metrics top1_probability (of the first photograph), correct, total; photographs (images),
        top and predictions (tables), printed (text).
    """
    from reporter.learn import photographs
    from reporter.learn.weights import pretrained

    seen = photographs.seen(images, pretrained(model, weights, run), size)
    if among:
        seen = photographs.restricted(seen, among)
    top = photographs.ranking_table(seen, k)
    predictions = photographs.predictions_table(seen)
    verdicts = [row[-1] for row in predictions.rows if row[-1] is not None]
    return Result(
        photographs=ImageGrid(
            images=tuple(p.permute(1, 2, 0).contiguous().numpy() for p in seen.pixels),
            labels=tuple(image.name for image in images),
            columns=min(len(images), 5),
            description="the photographs as the network receives them",
        ),
        top=top,
        predictions=predictions,
        printed=Text(body=photographs.printed(top)),
        top1_probability=Metric(value=seen.probabilities[0].max().item(), direction=None),
        correct=Metric(value=verdicts.count(True), unit="count", n=len(verdicts)),
        total=Metric(value=len(verdicts), unit="count", direction=None),
    )
