"""Features of frozen networks."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from reporter.errors import ReportError
from reporter.experiment import Run
from reporter.learn.data import Samples
from reporter.learn.features import features
from reporter.learn.networks import build
from reporter.learn.normalisation import HALF
from reporter.learn.streams import generator

IMAGES = torch.randint(0, 256, (19, 3, 6, 6), dtype=torch.uint8, generator=generator(1))
PARTS = [
    Samples(inputs=part, labels=torch.zeros(len(part), dtype=torch.long))
    for part in IMAGES.split([12, 7])
]
RUN = Run(name="x")


def network() -> nn.Sequential:
    """Return a small network with a ReLU that works in place."""
    return nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.ReLU(inplace=True), nn.Flatten(), nn.Dropout(0.5), nn.Linear(64, 2)
    )


def test_penultimate_features_enter_the_last_layer() -> None:
    """Without dropout, in the order of the images."""
    made = network()
    found = torch.cat(features(made, PARTS, HALF, "penultimate", RUN))
    with torch.no_grad():
        expected = made[0](HALF.scaled(IMAGES)).relu().flatten(1)
    torch.testing.assert_close(found, expected)
    assert made.training


def test_maps_are_averaged_over_their_pixels() -> None:
    """A layer by name; a later layer in place changes nothing."""
    made = network()
    found = torch.cat(features(made, PARTS, HALF, "0", RUN))
    with torch.no_grad():
        torch.testing.assert_close(found, made[0](HALF.scaled(IMAGES)).mean((2, 3)))


def test_an_unknown_layer_is_told() -> None:
    """The message lists what there is."""
    with pytest.raises(ReportError, match="no layer 'fc7'; choose from 0, 1, 2, 3, 4"):
        features(network(), PARTS, HALF, "fc7", RUN)


@pytest.mark.parametrize("layer", ["layer4", "layer2.0", "maxpool", "avgpool"])
def test_any_module_can_be_named(layer: str, tmp_path: Path) -> None:
    """Blocks, too: the oracle is a hook. Averages are kept, not maps."""
    made, found = build("resnet18").eval(), []
    made.get_submodule(layer).register_forward_hook(lambda _m, _i, output: found.append(output))
    images = torch.randint(0, 256, (5, 3, 64, 64), dtype=torch.uint8, generator=generator(1))
    parts = [Samples(inputs=images, labels=torch.zeros(5), digests=tuple("abcde"))]
    (vectors,) = features(made, parts, HALF, layer, Run(name="x", cache=tmp_path))
    found.clear()
    with torch.no_grad():
        made(HALF.scaled(images))
    torch.testing.assert_close(vectors, found[0].mean((2, 3)))
    (file,) = (tmp_path / "rows").iterdir()
    assert file.stat().st_size == 5 * (68 + 4 * vectors.shape[1])


@pytest.mark.parametrize(
    ("model", "side", "layer", "message"),
    [
        ("swin_t", 32, "features", r"gives \(N, 1, 1, 768\), .* first; choose 'penultimate'"),
        ("swin_t", 32, "norm", "'norm' gives .* aren't known to come first"),
        (
            "vit_b_32", 224, "encoder.layers.encoder_layer_0.self_attention",
            "self_attention' gives a tuple, no tensor; choose another layer",
        ),
    ],
)  # fmt: skip
def test_layers_without_maps_are_refused(model: str, side: int, layer: str, message: str) -> None:
    """An average over axes that are no pixels would pass for features."""
    images = torch.randint(0, 256, (1, 3, side, side), dtype=torch.uint8, generator=generator(1))
    parts = [Samples(inputs=images, labels=torch.zeros(1))]
    with pytest.raises(ReportError, match=message):
        features(build(model), parts, HALF, layer, RUN)


@pytest.mark.parametrize(
    ("model", "layer", "dimensions"),
    [
        ("swin_t", "permute", 768),
        ("swin_t", "penultimate", 768),
        ("convnext_tiny", "features.3", 192),
        ("shufflenet_v2_x0_5", "stage2", 48),
    ],
)
def test_maps_that_were_permuted_back_are_averaged(model: str, layer: str, dimensions: int) -> None:
    """Channels come first again, and there is a number for each."""
    images = torch.randint(0, 256, (1, 3, 64, 64), dtype=torch.uint8, generator=generator(1))
    parts = [Samples(inputs=images, labels=torch.zeros(1))]
    (vectors,) = features(build(model), parts, HALF, layer, RUN)
    assert vectors.shape == (1, dimensions)


def test_layers_that_are_not_known_are_not_kept(tmp_path: Path) -> None:
    """They may draw at random; their features are computed each time."""
    parts = [replace(part, digests=tuple(map(str, range(len(part))))) for part in PARTS]
    made, run = network(), Run(name="x", cache=tmp_path)
    made[1] = nn.RReLU()
    for _ in range(2):
        features(made, parts, HALF, "penultimate", run)
        assert run.notes == {"prefix": "3", "forwards": 19, "kept": 0}
