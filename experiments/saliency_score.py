"""Score saliency maps on grids of test images, where the right place is known."""

from reporter import Count, Dataset, ImageGrid, Metric, Result, Run, Weights, experiment


@experiment(quick={"n": 4, "size": 96, "window": 24, "stride": 24})
def saliency_score(
    run: Run,
    *,
    data: Dataset,
    weights: Weights,
    model: str = "resnet18",
    n: Count = 200,
    window: Count = 24,
    stride: Count = 12,
    size: Count | None = None,
    shown: Count = 4,
) -> Result:
    """Score saliency maps on grids of test images, where the right place is known.

    Four test images of different classes are put into a grid of two by two, and the network is
    asked for the class of one of them. A good map lies in that cell: its energy is the share of
    the map's sum there, a quarter by chance. Compared are occlusion (the fall of the score when a
    window covers a place) and the absolute gradient with the trained network; as controls,
    occlusion with the same network at random parameters, an edge filter, and a map that only
    weighs the centre.

    Args:
        data: its test images fill the grids.
        weights: of a network that knows the classes of the data.
        model: any classifier of torchvision by its name there, or "compact-alexnet".
        n: number of grids.
        window: side of the occluding square in pixels.
        stride: pixels between two occluding squares.
        size: side of the grid in pixels; none means that of the network's training.
        shown: grids that are drawn beside their maps.

    Returns:
        Metrics occlusion_energy, gradient_energy, random_energy, edge_energy, centre_energy,
        chance; scores (table), examples (images).
    """
    from reporter.learn import grids
    from reporter.learn.data import samples
    from reporter.learn.occlusion import occlusion_map
    from reporter.learn.saliency import drawn, gradient_map
    from reporter.learn.weights import pretrained, untrained

    trained = pretrained(model, weights, run)
    control = untrained(trained, model, run)
    indices = grids.class_indices(data, trained, weights)
    test = samples(data.test, size or trained.size, run)
    energies: dict[str, list[float]] = {}
    examples, labels = [], []
    for number, layout in enumerate(grids.layouts(data, n, run.stream("order"))):
        grid = grids.composed(test.inputs, layout)
        image = trained.normalisation.scaled(grid[None].to(run.device))[0]
        target = indices[int(test.labels[layout.images[layout.cell]])]
        maps = {
            "occlusion, trained": occlusion_map(trained.network, image, target, window, stride),
            "gradient, trained": gradient_map(trained.network, image, target),
            "occlusion, random weights": occlusion_map(
                control.network, image, target, window, stride
            ),
            "edge filter": grids.edges(grid),
            "centre-weighted map": grids.centre(*grid.shape[1:]),
        }
        for name, found in maps.items():
            energies.setdefault(name, []).append(grids.energy(found, layout.cell))
        if number < shown:
            examples += [grid.permute(1, 2, 0).contiguous(), *map(drawn, maps.values())][:4]
            sought = data.classes[int(test.labels[layout.images[layout.cell]])]
            labels += [f"target: {sought}, {grids.PLACES[layout.cell]}", *maps][:4]
        run.progress(stage="grids", done=number + 1, of=n)
    occlusion, gradient, random, edge, centre = map(grids.energy_metric, energies.values())
    return Result(
        scores=grids.scores_table(energies),
        occlusion_energy=occlusion,
        gradient_energy=gradient,
        random_energy=random,
        edge_energy=edge,
        centre_energy=centre,
        chance=Metric(value=grids.CHANCE, direction=None),
        examples=ImageGrid(
            images=tuple(image.numpy() for image in examples),
            labels=tuple(labels),
            columns=4,
            description="grids of four test images, each beside three of its maps",
        ),
    )
