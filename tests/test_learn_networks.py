"""Networks and the replacement of their last layers."""

import pytest
import torch
from torch import nn

from reporter.errors import ReportError
from reporter.learn.networks import (
    Surgery,
    build,
    class_count,
    first_convolution,
    last_layer,
    new_layers,
    replace_layers,
    skeleton,
)


def linears(network: nn.Module) -> list[tuple[int, int]]:
    """Return inputs and outputs of all fully connected layers."""
    return [(m.in_features, m.out_features) for m in network.modules() if isinstance(m, nn.Linear)]


def replaced(name: str, replaces: int, *sizes: int) -> nn.Module:
    """Return the shapes of a network after a replacement."""
    with torch.device("meta"):
        network = skeleton(name)
        replace_layers(network, Surgery(replaces=replaces, sizes=sizes), "default")
    return network


def test_the_last_fully_connected_layer_is_replaced() -> None:
    """AlexNet keeps 4096→4096 and gets 4096→10."""
    assert linears(replaced("alexnet", 1, 10)) == [(9216, 4096), (4096, 4096), (4096, 10)]


def test_two_layers_make_way_for_two() -> None:
    """4096→4096 is new, and what stood around it stays."""
    network = replaced("alexnet", 2, 4096, 10)
    assert linears(network) == [(9216, 4096), (4096, 4096), (4096, 10)]
    kinds = [type(part).__name__ for part in network.get_submodule("classifier").children()]
    assert kinds == ["Dropout", "Linear", "ReLU", "Dropout", "Linear", "ReLU", "Linear"]


def test_two_layers_make_way_for_one() -> None:
    """4096→10 stands where 4096→4096→1000 stood; with three, 9216→10 is left."""
    assert linears(replaced("alexnet", 2, 10)) == [(9216, 4096), (4096, 10)]
    assert linears(replaced("alexnet", 3, 10)) == [(9216, 10)]


def test_vgg_keeps_dropout_between_new_layers() -> None:
    """Between new layers stands what stood between the old ones."""
    network = replaced("vgg16", 2, 64, 7)
    kinds = [type(part).__name__ for part in network.get_submodule("classifier").children()]
    assert kinds == ["Linear", "ReLU", "Dropout", "Linear", "ReLU", "Dropout", "Linear"]
    assert linears(network) == [(25088, 4096), (4096, 64), (64, 7)]


def test_one_layer_can_make_way_for_two() -> None:
    """ResNet's lone layer becomes two with a ReLU between."""
    network = replaced("resnet18", 1, 32, 7)
    assert linears(network) == [(512, 32), (32, 7)]
    assert [type(part) for part in network.get_submodule("fc").children()] == [
        nn.Linear,
        nn.ReLU,
        nn.Linear,
    ]


@pytest.mark.parametrize("name", ["squeezenet1_0", "squeezenet1_1"])
def test_squeezenets_last_convolution_is_replaced(name: str) -> None:
    """Its class scores come from a convolution of 1×1, which stays one."""
    network = replaced(name, 1, 7)
    assert class_count(network) == 7
    assert network(torch.empty(2, 3, 64, 64, device="meta")).shape == (2, 7)


@pytest.mark.parametrize(
    "name",
    ["resnet18", "densenet121", "mobilenet_v2", "vit_b_16", "googlenet", "convnext_tiny",
     "shufflenet_v2_x0_5", "efficientnet_b0", "swin_t", "compact-alexnet"],
)  # fmt: skip
def test_any_classifier_gets_new_outputs(name: str) -> None:
    """The layer found as the last one is the one that gives the scores."""
    assert class_count(replaced(name, 1, 7)) == 7


def test_too_many_layers_are_refused() -> None:
    """The message says how many can be replaced."""
    with pytest.raises(ReportError, match="2 layers of ResNet, but only its last 1 can"):
        replaced("resnet18", 2, 7)


def test_an_unknown_network_is_told_with_the_nearest_name() -> None:
    """A typing error gets the right name."""
    with pytest.raises(
        ReportError, match=r"no network is called 'resnet81'; did you mean 'resnet1?8"
    ):
        build("resnet81")


def test_new_layers_are_xavier_normal_with_zero_bias() -> None:
    """Their deviation is √(2 / (inputs + outputs)): Glorot and Bengio 2010."""
    network = nn.Sequential(nn.Flatten(), nn.Linear(12, 2))
    torch.manual_seed(0)
    replace_layers(network, Surgery(replaces=1, sizes=(400, 600)), "xavier-normal")
    last = network[3]
    assert isinstance(last, nn.Linear)
    assert last.weight.std().item() == pytest.approx((2 / 1000) ** 0.5, rel=0.01)
    assert not last.bias.any()


def test_the_new_part_is_the_rest_of_the_network() -> None:
    """It starts with the dropout right before the new layers, and shares their parameters."""
    with torch.device("meta"):
        network = skeleton("vgg16")
        position = replace_layers(network, Surgery(replaces=1, sizes=(7,)), "default")
        part = new_layers(network, position)
    assert [type(module) for module in part] == [nn.Dropout, nn.Linear, nn.Flatten]
    assert part[1] is network.get_submodule("classifier.6")


def test_first_and_last_layer_are_found() -> None:
    """Their names are torchvision's."""
    network = skeleton("resnet18")
    assert (first_convolution(network), last_layer(network)) == ("conv1", "fc")
    with pytest.raises(ReportError, match="no convolution"):
        first_convolution(nn.Sequential(nn.Linear(2, 2)))


def test_the_alexnet_of_2012_has_two_towers() -> None:
    """The kernels and maps of the paper, and the 60 965 224 parameters of its grouped layers."""
    network = skeleton("alexnet_2012")
    assert sum(p.numel() for p in network.parameters()) == 60_965_224
    convolutions = [m for m in network.modules() if isinstance(m, nn.Conv2d)]
    assert [tuple(m.weight.shape) for m in convolutions] == [
        (96, 3, 11, 11), (256, 48, 5, 5), (384, 256, 3, 3), (384, 192, 3, 3), (256, 192, 3, 3),
    ]  # fmt: skip
    shapes, images = [], torch.zeros(1, 3, 224, 224, device="meta")
    for module in network.get_submodule("features").children():
        images = module(images)
        shapes.append(tuple(images.shape[1:]))
    assert shapes[0] == (96, 55, 55)
    assert shapes[4] == (256, 27, 27)
    assert shapes[8] == (384, 13, 13)
    assert shapes[-1] == (256, 6, 6)


def test_a_tower_does_not_see_the_other_before_the_third_convolution() -> None:
    """Channels of the second convolution's first half keep still when the other half changes."""
    network = build("alexnet_2012", 2).get_submodule("features")
    maps = torch.randn(1, 96, 27, 27)
    changed = maps.clone()
    changed[:, 48:] += 1
    second = network.get_submodule("4")
    assert torch.equal(second(maps)[:, :128], second(changed)[:, :128])
    assert not torch.equal(second(maps)[:, 128:], second(changed)[:, 128:])


def test_response_normalisation_is_the_papers() -> None:
    """b = a / (2 + 1e-4 Σ a²)^0.75 over five neighbouring channels, without a division by five."""
    normalise = build("alexnet_2012", 2).get_submodule("features.2")
    maps = 30 * torch.rand(1, 7, 2, 2)
    near = [maps[:, max(0, i - 2) : i + 3].square().sum(1) for i in range(7)]
    expected = maps / (2 + 1e-4 * torch.stack(near, 1)) ** 0.75
    torch.testing.assert_close(normalise(maps), expected)
