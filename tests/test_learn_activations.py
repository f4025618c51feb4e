"""First filters and their maps."""

import torch
from torch import nn

from reporter.learn.activations import filter_grid, first_layer, map_grid
from reporter.learn.streams import generator


def test_maps_before_and_after_the_relu_are_those_of_the_network() -> None:
    """A ReLU that works in place doesn't spoil the map before it; a batch norm lies between."""
    network = nn.Sequential(
        nn.Conv2d(3, 5, 3), nn.BatchNorm2d(5), nn.ReLU(inplace=True), nn.Conv2d(5, 2, 3), nn.ReLU()
    )
    image = torch.randn(3, 9, 9, generator=generator(1))
    layer = first_layer(network, image)
    with torch.no_grad():
        before = network[:1](image[None])
        after = network.eval()[1:3](before.clone())
    assert torch.equal(layer.before, before[0])
    assert torch.equal(layer.after, after[0])
    assert torch.equal(layer.filters, network.state_dict()["0.weight"])
    hooks = [module._forward_hooks for module in network.modules()]
    assert not any(hooks)


def test_a_network_without_relu_gets_one() -> None:
    """The map after it is the map before, without its negative part."""
    network = nn.Sequential(nn.Conv2d(3, 5, 3), nn.Tanh())
    layer = first_layer(network, torch.ones(3, 4, 4))
    assert torch.equal(layer.after, layer.before.clamp_min(0))


def test_filters_and_maps_are_stretched_to_bytes() -> None:
    """Each from its own lowest to its own highest value; 96 filters stand twelve in a row."""
    grid = filter_grid(torch.randn(96, 3, 7, 7, generator=generator(1)))
    assert (grid.columns, len(grid.images), grid.images[0].shape) == (12, 96, (7, 7, 3))
    assert all((image.min(), image.max()) == (0, 255) for image in grid.images)
    maps = map_grid(torch.arange(40.0).view(10, 2, 2), 4, "after the first ReLU")
    assert [image.tolist() for image in maps.images] == [[[0, 85], [170, 255]]] * 4
    assert maps.description == "the first 4 of 10 channels after the first ReLU"
    assert (maps.columns, map_grid(torch.randn(64, 2, 2), 64, "").columns) == (4, 8)
    assert filter_grid(torch.randn(64, 1, 3, 3)).images[0].shape == (3, 3)
