"""The compact network has AlexNet's layout, trains reproducibly, and its shipped weights work."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file
from torch import nn

from reporter.datasets.formulas import CLASSES, draw
from reporter.experiment import Run
from reporter.learn.compact import CompactAlexNet, normalise
from reporter.learn.pretrain import augment, pretrain

WEIGHTS = Path(__file__).parents[1] / "data" / "compact-alexnet.safetensors"


def _tiny_set() -> tuple[torch.Tensor, torch.Tensor]:
    images = np.stack([draw(name, seed=seed) for name in CLASSES[::64] for seed in range(8)])
    return torch.from_numpy(images), torch.arange(3).repeat_interleave(8)


def test_the_layers_lie_as_in_torchvision() -> None:
    """Five convolutions in `features`; twice dropout, linear, rectifier, then linear at the end."""
    network = CompactAlexNet()
    assert sum(isinstance(layer, nn.Conv2d) for layer in network.features) == 5
    kinds = [type(layer).__name__ for layer in network.classifier]
    assert kinds == ["Dropout", "Linear", "ReLU", "Dropout", "Linear", "ReLU", "Linear"]
    assert sum(p.numel() for p in network.parameters()) < 1_000_000


@pytest.mark.parametrize("size", [64, 96, 128])
def test_images_of_64_pixels_and_more_go_through(size: int) -> None:
    """The output is (B, K) whatever the side."""
    assert CompactAlexNet(7).eval()(torch.zeros(2, 3, size, size)).shape == (2, 7)


def test_normalised_bytes_lie_within_two() -> None:
    """0 becomes -2, 255 becomes 2, channels come second."""
    ends = torch.tensor([0, 255], dtype=torch.uint8).view(1, 1, 2, 1).expand(1, 1, 2, 3)
    assert normalise(ends)[0, :, 0].tolist() == [[-2.0, 2.0]] * 3


def test_augmentation_moves_an_image_without_changing_its_input() -> None:
    """Shape and type stay; a uniform image changes in brightness only."""
    grey = torch.full((4, 96, 96, 3), 100, dtype=torch.uint8)
    moved = augment(grey, torch.Generator().manual_seed(1))
    assert (grey == 100).all()
    assert moved.dtype == torch.uint8
    assert moved.amin(dim=(1, 2, 3)).equal(moved.amax(dim=(1, 2, 3)))
    assert 79 <= moved.min() < moved.max() <= 120


def test_training_follows_from_its_seed_and_spares_the_global_state() -> None:
    """Equal seeds give equal weights and records; the global generator stays where it was."""
    images, labels = _tiny_set()
    before = torch.get_rng_state()
    heard: list[float | str] = []
    run = Run(name="x", seed=4, notify=lambda values: heard.append(values["loss"]))
    runs = [
        pretrain(images, labels, num_classes=3, epochs=2, batch=8, peak_lr=0.01, run=run)
        for _ in range(2)
    ]
    assert torch.get_rng_state().equal(before)
    assert runs[0][1] == runs[1][1]
    assert heard == [record["loss"] for _, records in runs for record in records]
    for one, other in zip(runs[0][0].parameters(), runs[1][0].parameters(), strict=True):
        assert one.equal(other)


@pytest.mark.parametrize("epochs", [1, 2, 4])
def test_a_training_of_four_steps_has_one_to_rise_in(epochs: int) -> None:
    """However they are spread over epochs; a quarter of them would leave none to rise in.

    A record has the rate of its epoch's last step: of the peak a 25th, all, half, and nothing.
    """
    images, labels = _tiny_set()
    batch = 24 * epochs // 4
    _, records = pretrain(
        images, labels, num_classes=3, epochs=epochs, batch=batch, peak_lr=0.01, run=Run(name="x")
    )
    rates = [0.0004, 0.01, 0.005, 4e-8][4 // epochs - 1 :: 4 // epochs]
    assert [record["lr"] for record in records] == pytest.approx(rates, rel=1e-5)
    assert all(0.01 < record["loss"] < 10 for record in records)


def test_the_shipped_weights_know_fresh_formulas() -> None:
    """They load strictly, stay within 4 MB, and pass 30 % on unseen images (chance 0.5 %)."""
    assert WEIGHTS.stat().st_size <= 4_000_000
    network = CompactAlexNet(len(CLASSES))
    network.load_state_dict(load_file(WEIGHTS), strict=True)
    with safe_open(WEIGHTS, framework="pt") as file:
        classes = json.loads(file.metadata()["classes"])
    assert sorted(classes) == sorted(CLASSES)
    images = torch.from_numpy(np.stack([draw(name, seed=2_000_000) for name in classes]))
    with torch.inference_mode():
        found = network.eval()(normalise(images)).argmax(dim=1)
    assert (found == torch.arange(len(CLASSES))).float().mean() > 0.3
