"""Draw which pixels of photographs move the score of a class."""

from typing import Literal

from reporter import Count, ImageFile, ImageGrid, Result, Run, Weights, experiment


@experiment(quick={"size": 96})
def saliency(
    run: Run,
    *,
    images: tuple[ImageFile, ...],
    weights: Weights,
    model: str = "vgg16",
    target: Literal["expected", "predicted"] = "predicted",
    size: Count | None = None,
) -> Result:
    """Draw which pixels of photographs move the score of a class.

    A saliency map is the gradient of the class score before the softmax with respect to the
    image: its absolute value, and of the three colour channels the largest (Simonyan, Vedaldi and
    Zisserman 2014, arXiv:1312.6034). Maps are drawn from black, no influence, to white, the level
    that one pixel in a hundred exceeds.

    Args:
        images: photographs, with the classes that a person expects.
        weights: the network's parameters.
        model: any classifier of torchvision by its name there, or "compact-alexnet".
        target: explain the score of the class that the network predicts, or that was expected.
        size: side of the images in pixels; none means that of the network's training.
    """
    from reporter.learn import photographs
    from reporter.learn.saliency import drawn, gradient_map, target_of
    from reporter.learn.weights import pretrained

    loaded = pretrained(model, weights, run)
    seen = photographs.seen(images, loaded, size)
    predictions = photographs.predictions_table(seen)
    pairs = {}
    for row, image in enumerate(images):
        index = target_of(seen, row, target)
        inputs = loaded.normalisation.scaled(seen.pixels[row : row + 1].to(run.device))[0]
        pairs[image.name.replace("-", "_")] = ImageGrid(
            images=(
                seen.pixels[row].permute(1, 2, 0).contiguous().numpy(),
                drawn(gradient_map(loaded.network, inputs, index)).numpy(),
            ),
            labels=(image.name, f"saliency of {seen.classes[index]}"),
            columns=2,
            description=f"{image.name} and the saliency map of {seen.classes[index]}",
        )
        run.progress(stage="maps", done=row + 1, of=len(images))
    maps = ImageGrid(
        images=tuple(image for pair in pairs.values() for image in pair.images),
        labels=tuple(label for pair in pairs.values() for label in pair.labels),
        columns=2,
        description="each photograph beside its saliency map",
    )
    return Result(**pairs, maps=maps, predictions=predictions)
