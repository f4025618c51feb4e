"""List the layers of a network: output shapes and parameters, by formula and counted."""

from reporter import Count, Metric, ReportError, Result, Run, Text, experiment


@experiment(quick={})
def architecture(
    run: Run,  # noqa: ARG001 - the same for every seed
    *,
    model: str = "vgg16",
    size: Count = 224,
    head: tuple[Count, ...] = (),
    replaces: Count | None = None,
) -> Result:
    """List the layers of a network: output shapes and parameters, by formula and counted.

    An image is followed through the network without computing anything. A layer stands with what
    follows it element by element (rectifier, normalisation, dropout). Its parameters are counted
    in the network, and calculated from its sizes alone: filters times kernel volume for a
    convolution, inputs times outputs for a fully connected layer, plus a bias for each output.

    Args:
        model: any classifier of torchvision by its name there, "compact-alexnet" or "alexnet_2012".
        size: side of the image in pixels.
        head: sizes of new last layers; none leaves the network as it is.
        replaces: how many of the last fully connected layers make way; as many as `head` has.

    Returns:
        Metrics parameter_count, by_formula, convolution_parameters, linear_parameters,
        linear_weights, new_parameters, outputs, megabytes; layers, formulas and parts (tables),
        stages (drawing), linear_formula (text).
    """
    from reporter.learn import layer_tables
    from reporter.learn.architecture import traced
    from reporter.learn.networks import Surgery

    if replaces and not head:
        message = f"replaces = {replaces}, but head names no new layers; add head = [10]"
        raise ReportError(message)
    surgery = Surgery(replaces=replaces or len(head), sizes=head) if head else None
    network = traced(model, size, surgery)
    linear = [layer for layer in network.layers if layer.role == "linear"]
    new = [layer for layer in network.layers if layer.name in network.new]

    def count(value: int) -> Metric:
        return Metric(value=value, unit="count", direction=None)

    return Result(
        layers=layer_tables.layers_table(network),
        formulas=layer_tables.formulas_table(network),
        parts=layer_tables.parts_table(network),
        stages=layer_tables.stages(network, size),
        linear_formula=Text(body=layer_tables.weights_formula(linear)),
        parameter_count=count(network.total),
        by_formula=count(sum(layer.by_formula for layer in network.layers)),
        convolution_parameters=count(
            sum(layer.counted for layer in network.layers if layer.role == "convolution")
        ),
        linear_parameters=count(sum(layer.counted for layer in linear)),
        linear_weights=count(sum(layer.weights for layer in linear)),
        new_parameters=count(sum(layer.counted for layer in new)),
        outputs=count(network.layers[-1].shape[0]),
        megabytes=Metric(value=4 * network.total / 1e6, unit="megabytes", direction=None),
    )
