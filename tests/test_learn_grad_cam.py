"""Maps of the last convolution, weighed by their gradients."""

import pytest
import torch
from torch import nn
from torchvision import models

from reporter.errors import ReportError
from reporter.learn.compact import CompactAlexNet
from reporter.learn.grad_cam import grad_cam_map, last_maps
from reporter.learn.streams import generator, isolated

IMAGE = torch.randn(3, 12, 8, dtype=torch.float64, generator=generator(1))


def network() -> nn.Module:
    """Return a small network whose ReLU overwrites what its convolution gives."""
    with isolated(3):
        layers = nn.Sequential(
            nn.Conv2d(3, 4, 3, padding=1, stride=2), nn.ReLU(inplace=True), nn.MaxPool2d(2),
            nn.Flatten(), nn.Dropout(0.5), nn.Linear(4 * 3 * 2, 3),
        )  # fmt: skip
    return layers.double()


@pytest.mark.parametrize("layer", ["0", "1", "2"])
def test_a_map_matches_a_manual_oracle(layer: str) -> None:
    """Both halves of the network by hand, every pixel of every map added in a loop."""
    made = network().eval()
    cut = int(layer) + 1
    maps = made[:cut](IMAGE[None])[0].detach()
    if layer == "0":
        maps = nn.functional.conv2d(IMAGE[None], made[0].weight, made[0].bias, 2, 1)[0].detach()
    leaf = maps.clone().requires_grad_()
    rest = nn.Sequential(nn.Identity(), *[nn.ReLU() if i == 1 else made[i] for i in range(cut, 6)])
    rest(leaf[None])[0, 2].backward()
    assert leaf.grad is not None
    count, height, width = maps.shape
    small = torch.zeros(height, width, dtype=torch.float64)
    for k in range(count):
        weight = sum(leaf.grad[k, i, j] for i in range(height) for j in range(width))
        small += weight / (height * width) * maps[k]
    large = nn.functional.interpolate(small.clamp_min(0)[None, None], (12, 8), mode="bilinear")
    assert large.max() > 0
    torch.testing.assert_close(grad_cam_map(network(), IMAGE, 2, layer), large[0, 0])


def test_a_map_is_that_of_captum() -> None:
    """An implementation by others agrees, on a network with batch norms."""
    attr = pytest.importorskip("captum.attr")
    with isolated(5):
        made = CompactAlexNet().eval()
    image = torch.randn(3, 96, 96, generator=generator(2))
    small = attr.LayerGradCam(made, made.features[15]).attribute(image[None], target=4).relu()
    large = attr.LayerAttribution.interpolate(small, (96, 96), "bilinear")[0, 0].detach()
    torch.testing.assert_close(grad_cam_map(made, image, 4, "features.15"), large)


@pytest.mark.parametrize(
    ("name", "side", "layer"),
    [
        ("alexnet", 96, "features.11"),  # before the last pooling
        ("squeezenet1_0", 96, "features"),  # its last convolution gives the scores
        ("resnet18", 64, "layer4"),  # after the last addition
        ("mobilenet_v2", 64, "features"),
    ],
)
def test_the_last_maps_are_those_before_pooling(name: str, side: int, layer: str) -> None:
    """As fine as the last convolution's, with its normalisation, addition and ReLU."""
    with isolated(0):
        made = models.get_model(name, weights=None)
    assert last_maps(made, torch.zeros(3, side, side)) == layer


def test_the_network_is_left_as_it_was() -> None:
    """Modes, hooks and gradient flags are those from before."""
    made = network().train()
    grad_cam_map(made, IMAGE, 0)
    assert all(module.training and not module._forward_hooks for module in made.modules())
    assert all(parameter.requires_grad for parameter in made.parameters())
    assert all(parameter.grad is None for parameter in made.parameters())


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        ("O", "Sequential has no layer 'O'; choose from"),
        ("5", "layer '5' gives no maps; choose one before the maps are pooled"),
    ],
)
def test_a_layer_must_give_maps(layer: str, message: str) -> None:
    """Others are refused in one line."""
    with pytest.raises(ReportError, match=message):
        grad_cam_map(network(), IMAGE, 0, layer)


def test_a_network_needs_a_convolution_before_its_scores() -> None:
    """Else there is nothing to weigh."""
    flat = nn.Sequential(nn.Flatten(), nn.Linear(288, 3)).double()
    with pytest.raises(ReportError, match="Sequential has no maps; choose a convolutional network"):
        grad_cam_map(flat, IMAGE, 0)


def test_a_network_that_attends_needs_a_layer_by_name() -> None:
    """Its only convolution cuts the image into patches; no late maps follow from it."""
    attending = models.VisionTransformer(
        image_size=32, patch_size=8, num_layers=1, num_heads=2, hidden_dim=8, mlp_dim=8
    )
    with pytest.raises(ReportError, match="VisionTransformer attends instead of convolving"):
        grad_cam_map(attending, torch.zeros(3, 32, 32), 0, None)
