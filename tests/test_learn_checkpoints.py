"""Trained networks as plain data, and back."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.numpy import save_file

from reporter.artifacts import Checkpoint
from reporter.errors import ReportError
from reporter.experiment import Run
from reporter.inputs import Weights
from reporter.learn.checkpoints import checkpoint
from reporter.learn.networks import Surgery
from reporter.learn.normalisation import Normalisation
from reporter.learn.transfer import with_new_layers
from reporter.learn.weights import Pretrained, pretrained

RUN = Run(name="x", seed=5)
SCALING = Normalisation(mean=(0.8116, 0.7858, 0.738), std=(0.1, 0.2, 1 / 3))
CLASSES = ("dog", "house", "tree")


def trained() -> tuple[Pretrained, Checkpoint]:
    """Return a network with two new layers, and its checkpoint."""
    random = Weights(name="random", source="random", digest="")
    loaded = pretrained("compact-alexnet", random, RUN)
    step = Surgery(replaces=2, sizes=(8, 3))
    network, _ = with_new_layers(loaded, step, "xavier-normal", RUN)
    return network, checkpoint(network, "compact-alexnet", CLASSES, SCALING, 64)


def stored(made: Checkpoint, path: Path) -> Weights:
    """Write a checkpoint the way the store does; return it as weights."""
    metadata = {
        "network": made.network,
        "classes": json.dumps(made.classes),
        "settings": json.dumps(dict(made.settings)),
    }
    save_file(dict(made.state), path, metadata=metadata)
    return Weights(name="run:x", source="run", path=path, digest="")


def test_a_network_survives_its_checkpoint(tmp_path: Path) -> None:
    """Another run gets the same scores, classes, normalisation and size."""
    network, made = trained()
    again = pretrained("compact-alexnet", stored(made, tmp_path / "c.safetensors"), RUN)
    image = torch.ones(1, 3, 64, 64)
    assert torch.equal(again.network(image), network.network.eval()(image))
    assert (again.classes, again.normalisation, again.size) == (CLASSES, SCALING, 64)
    assert again.steps == network.steps


def test_last_layers_can_be_replaced_once_more(tmp_path: Path) -> None:
    """A checkpoint of a checkpoint says all replacements, and loads."""
    _, made = trained()
    again = pretrained("compact-alexnet", stored(made, tmp_path / "a.safetensors"), RUN)
    third, _ = with_new_layers(again, Surgery(replaces=1, sizes=(5,)), "default", RUN)
    later = checkpoint(third, "compact-alexnet", tuple("abcde"), SCALING, None)
    assert later.settings["head"] == "2:8,3 1:5"
    found = pretrained("compact-alexnet", stored(later, tmp_path / "b.safetensors"), RUN)
    assert found.classes == tuple("abcde")


def test_state_is_float32_of_the_networks_shapes() -> None:
    """Counters are numbers without an axis, as in the network."""
    network, made = trained()
    assert {array.dtype.name for array in made.state.values()} == {"float32"}
    shapes = {name: tuple(tensor.shape) for name, tensor in network.network.state_dict().items()}
    assert {name: array.shape for name, array in made.state.items()} == shapes


def test_a_checkpoint_of_another_network_is_told(tmp_path: Path) -> None:
    """The message says what the file holds."""
    weights = stored(trained()[1], tmp_path / "c.safetensors")
    with pytest.raises(
        ReportError, match="holds compact-alexnet, not resnet18; write model = 'comp"
    ):
        pretrained("resnet18", weights, RUN)


def test_a_damaged_checkpoint_is_told(tmp_path: Path) -> None:
    """The remedy is to build the run again."""
    (tmp_path / "c.safetensors").write_bytes(b"nothing")
    weights = Weights(name="run:x", source="run", path=tmp_path / "c.safetensors", digest="")
    with pytest.raises(ReportError, match="can't be read as a checkpoint; build the run"):
        pretrained("compact-alexnet", weights, RUN)
