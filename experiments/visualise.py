"""Show what the first convolution of a network looks for and finds in a photograph."""

from reporter import Count, ImageFile, ImageGrid, Metric, Result, Run, Weights, experiment


@experiment(quick={"size": 96})
def visualise(
    run: Run,
    *,
    image: ImageFile,
    weights: Weights,
    model: str = "squeezenet1_0",
    channels: Count = 16,
    size: Count | None = None,
) -> Result:
    """Show what the first convolution of a network looks for and finds in a photograph.

    The filters of the first convolution are drawn in colour; then its first output channels for
    the photograph are drawn before and after the network's first ReLU. Each picture is stretched
    from its own lowest value (black) to its own highest (white).

    Args:
        image: a photograph.
        weights: the network's parameters.
        model: any convolutional network of torchvision, or "compact-alexnet".
        channels: how many output channels are drawn.
        size: side of the image in pixels; none means that of the network's training.

    Returns:
        Metrics filter_count, filter_side, input_channels, input_height, input_width,
        input_minimum, input_maximum; photograph, filters, before and after (images).
    """
    from reporter.learn import activations, photographs
    from reporter.learn.weights import pretrained

    loaded = pretrained(model, weights, run)
    seen = photographs.seen((image,), loaded, size)
    inputs = loaded.normalisation.scaled(seen.pixels.to(run.device))[0]
    layer = activations.first_layer(loaded.network, inputs)
    photograph = ImageGrid(
        images=(seen.pixels[0].permute(1, 2, 0).contiguous().numpy(),),
        columns=1,
        description=f"the photograph {image.name} as the network sees it",
    )
    depth, height, width = inputs.shape
    lowest, highest = inputs.min().item(), inputs.max().item()
    return Result(
        photograph=photograph,
        filters=activations.filter_grid(layer.filters),
        before=activations.map_grid(layer.before, channels, "after the first convolution"),
        after=activations.map_grid(layer.after, channels, "after the first ReLU"),
        filter_count=Metric(value=len(layer.filters), unit="count", direction=None),
        filter_side=Metric(value=layer.filters.shape[-1], unit="count", direction=None),
        input_channels=Metric(value=depth, unit="count", direction=None),
        input_height=Metric(value=height, unit="count", direction=None),
        input_width=Metric(value=width, unit="count", direction=None),
        input_minimum=Metric(value=lowest, unit="", direction=None),
        input_maximum=Metric(value=highest, unit="", direction=None),
    )
