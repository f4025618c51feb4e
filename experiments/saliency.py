"""Draw which pixels of photographs move the score of a class."""

from typing import Literal

from reporter import (
    Count,
    ImageFile,
    ImageGrid,
    ReportError,
    Result,
    Run,
    Share,
    Weights,
    experiment,
)


@experiment(quick={"size": 96, "samples": 4})
def saliency(
    run: Run,
    *,
    images: tuple[ImageFile, ...],
    weights: Weights,
    model: str = "vgg16",
    methods: tuple[Literal["gradient", "smoothgrad", "grad-cam"], ...] = ("gradient",),
    target: Literal["expected", "predicted"] = "predicted",
    size: Count | None = None,
    samples: Count = 50,
    noise: Share = 0.15,
    layer: str | None = None,
) -> Result:
    """Draw which pixels of photographs move the score of a class.

    A saliency map is the gradient of the class score before the softmax with respect to the
    image: its absolute value, and of the three colour channels the largest (Simonyan, Vedaldi and
    Zisserman 2014, arXiv:1312.6034). SmoothGrad averages that gradient over noisy copies of the
    image before the absolute value is taken (Smilkov et al. 2017, arXiv:1706.03825). Grad-CAM
    weighs the maps of a late convolution by how much each moves the score, adds them, keeps what
    is positive and enlarges it (Selvaraju et al. 2017, arXiv:1610.02391). Maps are drawn from
    black, no influence, to white, the level that one pixel in a hundred exceeds.

    Args:
        images: photographs, with the classes that a person expects.
        weights: the network's parameters.
        model: any classifier of torchvision by its name there, or "compact-alexnet".
        methods: one map each, side by side in this order beside the photograph.
        target: explain the score of the class that the network predicts, or that was expected.
        size: side of the images in pixels; none means that of the network's training.
        samples: noisy copies of SmoothGrad.
        noise: their standard deviation as a share of the range of the image's values.
        layer: whose maps Grad-CAM weighs, by the module's name; none means the last ones that
            are as fine as those of the last convolution.

    Returns:
        maps (images), one more grid for each photograph by its name, predictions (table).
    """
    from reporter.learn import photographs
    from reporter.learn.maps import TITLES, Options, maps_of
    from reporter.learn.saliency import drawn, target_of
    from reporter.learn.weights import pretrained

    loaded = pretrained(model, weights, run)
    seen = photographs.seen(images, loaded, size)
    predictions = photographs.predictions_table(seen)
    options = Options(samples=samples, noise=noise, layer=layer, seed=run.stream("augmentation"))
    names = [image.name.replace("-", "_") for image in images]
    if len({*names, "maps", "predictions"}) < len(names) + 2:
        message = f"images: {', '.join(names)}: two have one name, or that of a result; rename one"
        raise ReportError(message)
    targets = [target_of(seen, row, target) for row in range(len(images))]
    inputs = loaded.normalisation.scaled(seen.pixels.to(run.device))
    found = maps_of(methods, loaded.network, inputs, targets, options, tell=run.progress)
    rows = {}
    for row, image in enumerate(images):
        shown = seen.classes[targets[row]]
        titles = [f"{TITLES[method]} of {shown}" for method in found]
        rows[names[row]] = ImageGrid(
            images=(
                seen.pixels[row].permute(1, 2, 0).contiguous().numpy(),
                *(drawn(maps[row]).numpy() for maps in found.values()),
            ),
            labels=(image.name, *titles),
            columns=1 + len(set(methods)),
            description=f"{image.name} and the map of {shown}",
        )
    maps = ImageGrid(
        images=tuple(image for grid in rows.values() for image in grid.images),
        labels=tuple(label for grid in rows.values() for label in grid.labels),
        columns=1 + len(set(methods)),
        description="each photograph beside its maps",
    )
    return Result(**rows, maps=maps, predictions=predictions)
