"""Ask of saliency maps whether they depend on what the network has learnt."""

from typing import Literal

from reporter import (
    Count,
    ImageFile,
    ImageGrid,
    Metric,
    Result,
    Run,
    Share,
    Weights,
    experiment,
)


@experiment(quick={"size": 96, "samples": 4})
def sanity(
    run: Run,
    *,
    image: ImageFile,
    weights: Weights,
    model: str = "squeezenet1_0",
    methods: tuple[Literal["gradient", "smoothgrad", "grad-cam"], ...] = (
        "gradient",
        "smoothgrad",
        "grad-cam",
    ),
    stages: Count = 5,
    target: Literal["expected", "predicted"] = "predicted",
    size: Count | None = None,
    samples: Count = 25,
    noise: Share = 0.15,
    layer: str | None = None,
) -> Result:
    """Ask of saliency maps whether they depend on what the network has learnt.

    The layers of the network take random values, from the last one to the first in a few stages,
    and after each the map of the same class is made again (cascading parameter randomisation,
    Adebayo et al. 2018, arXiv:1810.03292). A map that explains the network must change; one that
    stays shows the image and not what was learnt. Compared are the ranks of the pixels (Spearman's
    correlation of absolute values) with the map of the trained network. As a control stands an
    edge filter, which knows no network: a map that agrees with it may be little more.

    Args:
        image: a photograph.
        weights: the network's parameters.
        model: any classifier of torchvision by its name there, or "compact-alexnet".
        methods: whose maps are tested.
        stages: how often the map is made again, with one to all layers random.
        target: the score of the class that the trained network predicts, or that was expected.
        size: side of the image in pixels; none means that of the network's training.
        samples: noisy copies of SmoothGrad.
        noise: their standard deviation as a share of the range of the image's values.
        layer: whose maps Grad-CAM weighs, by the module's name; none means the last ones that
            are as fine as those of the last convolution.

    Returns:
        Metrics layers and, for each method, gradient_correlation, smoothgrad_correlation,
        grad_cam_correlation (all layers random), gradient_edge_correlation,
        smoothgrad_edge_correlation, grad_cam_edge_correlation; photograph and maps (images),
        correlations (table), curves.
    """
    from reporter.learn import photographs, randomisation
    from reporter.learn.grids import edges
    from reporter.learn.maps import Options, maps_of_one
    from reporter.learn.saliency import target_of
    from reporter.learn.weights import pretrained

    trained = pretrained(model, weights, run)
    random = randomisation.redrawn(trained.network, run)
    seen = photographs.seen((image,), trained, size)
    index = target_of(seen, 0, target)
    inputs = trained.normalisation.scaled(seen.pixels.to(run.device))[0]
    options = Options(samples=samples, noise=noise, layer=layer, seed=run.stream("augmentation"))
    known = maps_of_one(methods, trained.network, inputs, index, options)
    found = randomisation.compared(0, known, known)
    for count, network in randomisation.cascade(trained.network, random, stages):
        maps = maps_of_one(methods, network, inputs, index, options)
        found += randomisation.compared(count, maps, known)
        run.progress(stage="maps", random=count)
    edge = edges(seen.pixels[0])
    found += randomisation.compared(None, dict.fromkeys(methods, edge), known)
    total = randomisation.layer_count(trained.network)
    photograph = ImageGrid(
        images=(seen.pixels[0].permute(1, 2, 0).contiguous().numpy(),),
        columns=1,
        description=f"the photograph {image.name} as the network sees it",
    )
    return Result(
        photograph=photograph,
        maps=randomisation.grid(found, total),
        correlations=randomisation.table(found, total),
        curves=randomisation.curves(found),
        layers=Metric(value=total, unit="count", direction=None),
        **randomisation.metrics(found, total),
    )
