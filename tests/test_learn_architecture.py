"""Layers, shapes and parameters of networks."""

import pytest
from torchvision import models

from reporter.artifacts import Stages
from reporter.errors import ReportError
from reporter.learn.architecture import traced
from reporter.learn.layer_tables import formulas_table, layers_table, parts_table, stages
from reporter.learn.networks import Surgery, skeleton


@pytest.mark.parametrize(
    "name", ["alexnet", "alexnet_2012", "vgg16", "resnet18", "squeezenet1_0", "compact-alexnet"]
)
def test_the_formula_gives_what_is_counted(name: str) -> None:
    """Layer by layer and in all; and what is counted is what the network has."""
    network = traced(name, 224, None)
    assert all(layer.by_formula == layer.counted for layer in network.layers)
    total = sum(parameter.numel() for parameter in skeleton(name).parameters())
    assert sum(layer.counted for layer in network.layers) == network.total == total


@pytest.mark.parametrize("name", ["alexnet", "vgg16", "resnet18", "squeezenet1_0", "mobilenet_v2"])
def test_the_total_is_what_torchvision_publishes(name: str) -> None:
    """The published figure comes with the weights, not from this code."""
    published = models.get_model_weights(name).DEFAULT.meta["num_params"]
    assert traced(name, 224, None).total == published


def test_vgg16_has_its_parameters_in_the_first_fully_connected_layer() -> None:
    """25088·4096 + 4096·4096 + 4096·1000 weights of 138 million."""
    network = traced("vgg16", 224, None)
    found = {row[0]: row for row in formulas_table(network).rows}
    first = ("fc14", "classifier.0", "25088·4096 + 4096", 102764544, 102764544)
    assert found["fc14"] == first
    parts = {row[0]: row for row in parts_table(network).rows}
    assert parts["fully connected"][1:3] == (3, 25088 * 4096 + 4096 * 4096 + 4096 * 1000)
    assert parts["all"][3] == 138_357_544


def test_the_layers_of_the_two_towers_are_the_papers() -> None:
    """Kernels, groups and outputs of the table in the assignment."""
    rows = {row[0]: row for row in layers_table(traced("alexnet_2012", 224, None)).rows}
    assert rows["conv1"] == (
        "conv1", "11×11×3", 4, 2, 1, "ReLU, response norm", "55×55×96", 34944,
    )  # fmt: skip
    assert rows["conv2"][1:7] == ("5×5×48", 1, 2, 2, "ReLU, response norm", "27×27×256")
    assert [rows[f"conv{i}"][6] for i in (3, 4, 5)] == [
        "13×13×384", "13×13×384", "13×13×256",
    ]  # fmt: skip
    assert rows["fc6"][5:] == ("ReLU, dropout", "4096", 9216 * 4096 + 4096)
    assert [rows[name][5] for name in ("pool3", "fc7", "fc8")] == ["", "ReLU, dropout", ""]


def test_without_padding_the_first_maps_need_227_pixels() -> None:
    """224 pixels would give 54; the table of another size says what it gives."""
    assert (224 - 11) // 4 + 1 == 54
    assert traced("alexnet_2012", 227, None).layers[0].shape == (96, 56, 56)


def test_new_layers_are_known_by_name() -> None:
    """With one new layer of ten outputs, 40 970 numbers are new."""
    network = traced("alexnet", 224, Surgery(replaces=1, sizes=(10,)))
    new = [layer for layer in network.layers if layer.name in network.new]
    assert [(layer.name, layer.counted) for layer in new] == [("classifier.6", 40970)]


def test_a_shared_rectifier_counts_nothing_twice() -> None:
    """ResNet's blocks call theirs twice; each convolution is followed by its batch norm."""
    first = traced("resnet18", 224, None).layers[0]
    assert first.then == ("batch norm", "ReLU")
    assert first.formula == "64·(7·7·3) + 2·64"


def test_parameters_outside_layers_are_not_lost() -> None:
    """A vision transformer has a class token and positions that no layer owns."""
    network = traced("vit_b_16", 224, None)
    rows = {row[0]: row for row in parts_table(network).rows}
    assert rows["all"][3] == 86_567_656
    assert sum(row[3] for name, row in rows.items() if name != "all") == 86_567_656


def test_vgg16_is_drawn_in_groups() -> None:
    """Five groups of convolutions, a pooling after each, three fully connected layers."""
    drawn = stages(traced("vgg16", 224, None), 224)
    assert isinstance(drawn, Stages)
    labels = [stage.label for stage in drawn.stages if stage.role == "convolution"]
    assert labels == ["2 × conv\n3×3"] * 2 + ["3 × conv\n3×3"] * 3
    assert sum(stage.role == "pooling" for stage in drawn.stages) == 5
    assert [stage.shape for stage in drawn.stages[-3:]] == [(4096,), (4096,), (1000,)]


def test_too_many_layers_to_replace_is_one_line() -> None:
    """ResNet-18 has one."""
    with pytest.raises(ReportError, match="only its last 1 can be replaced"):
        traced("resnet18", 224, Surgery(replaces=2, sizes=(10,)))


def test_images_too_small_for_a_network_are_told() -> None:
    """In one line, with the size."""
    with pytest.raises(ReportError, match="alexnet can't take images of 16×16 pixels"):
        traced("alexnet", 16, None)
