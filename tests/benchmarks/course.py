"""What our engine is measured against: a course script, as a competent student writes it.

torchvision's idiom: ImageFolder and DataLoader, frozen layers that take no gradient and evaluate.
An epoch and a test are here; training rates one after another repeats them, so the benchmarks
extrapolate. Nothing here changes when the engine gets faster.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from safetensors.torch import load_file
from torch import nn
from torch.utils.data import DataLoader, Subset
from torchvision import datasets, models, transforms

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    Batches = Iterable[tuple[torch.Tensor, torch.Tensor]]

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
PIPELINES = {  # of training images; all others are only brought to size and normalised
    "deterministic": [transforms.Resize(256), transforms.CenterCrop(224)],
    "crop and flip": [
        transforms.Resize(256),
        transforms.CenterCrop(224),
        transforms.RandomCrop(200),
        transforms.RandomHorizontalFlip(),
    ],
    "affine": [
        transforms.Resize(256),
        transforms.CenterCrop(224),
        transforms.RandomAffine(10),
    ],
    "as stored": [],
    "as augmented": [
        transforms.RandomHorizontalFlip(0.1),
        transforms.RandomAffine(10),
        transforms.RandomCrop(200),
        transforms.RandomAdjustSharpness(2, 0.1),
        transforms.RandomGrayscale(0.1),
    ],
}
TENSOR = [transforms.ToTensor(), transforms.Normalize(MEAN, STD)]


@dataclass(frozen=True)
class Loaders:
    """Batches of the three parts."""

    train: DataLoader
    validation: DataLoader
    test: DataLoader


def loaders(
    folder: Path,
    *,
    batch: int,
    pipeline: str = "deterministic",
    validation: float = 0.2,
    workers: int = 0,
    seed: int = 42,
) -> Loaders:
    """Return batches of `folder`/train, a share of it held out, and of `folder`/test."""
    plain = PIPELINES["as stored" if pipeline.startswith("as ") else "deterministic"]
    learning = transforms.Compose([*PIPELINES[pipeline], *TENSOR])
    looking = transforms.Compose([*plain, *TENSOR])
    train_set = datasets.ImageFolder(folder / "train", learning)
    held_set = datasets.ImageFolder(folder / "train", looking)
    test_set = datasets.ImageFolder(folder / "test", looking)
    dice = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(train_set), generator=dice).tolist()
    count = int(len(train_set) * validation)
    options = {"batch_size": batch, "num_workers": workers, "pin_memory": torch.cuda.is_available()}
    return Loaders(
        train=DataLoader(Subset(train_set, order[count:]), shuffle=True, generator=dice, **options),
        validation=DataLoader(Subset(held_set, order[:count]), **options),
        test=DataLoader(test_set, **options),
    )


def pretrained(name: str, weights: Path | None) -> nn.Module:
    """Return a network of torchvision with the parameters of a safetensors file, random without."""
    network = models.get_model(name, weights=None)
    if weights:
        state = load_file(weights)  # half precision on disk, perhaps
        halves = {n: v.float() for n, v in state.items() if v.dtype == torch.half}
        network.load_state_dict(state | halves)
    return network


def with_new_head(network: nn.Module, classes: int, new: int = 1) -> nn.Module:
    """Replace the last fully connected layer, of AlexNet the last `new`; freeze the rest."""
    for parameter in network.parameters():
        parameter.requires_grad = False
    if isinstance(network, models.AlexNet):
        if new == 2:
            network.classifier[4] = nn.Linear(4096, 4096)
        network.classifier[6] = nn.Linear(4096, classes)
    else:
        network.fc = nn.Linear(network.fc.in_features, classes)
    return network


def set_mode(network: nn.Module, *, training: bool, frozen_evaluates: bool = True) -> None:
    """Put the network into training or evaluation mode, frozen layers into the latter if asked."""
    network.train(training)
    if training and frozen_evaluates:
        for module in network.modules():
            own = list(module.parameters(recurse=False))
            is_frozen = own and not any(p.requires_grad for p in own)
            if is_frozen or isinstance(module, nn.Dropout):
                module.eval()


def train_epoch(
    network: nn.Module,
    batches: Batches,
    optimizer: torch.optim.Optimizer,
    *,
    device: str = "cpu",
    loss_over: str = "mean",
    frozen_evaluates: bool = True,
) -> tuple[float, float]:
    """Take a step for every batch; return mean loss and accuracy while training."""
    criterion = nn.CrossEntropyLoss(reduction=loss_over)
    set_mode(network, training=True, frozen_evaluates=frozen_evaluates)
    total, right, seen = 0.0, 0, 0
    for images, labels in batches:
        images, labels = images.to(device), labels.to(device)  # noqa: PLW2901 - as one writes it
        optimizer.zero_grad()
        scores = network(images)
        loss = criterion(scores, labels)
        loss.backward()
        optimizer.step()
        total += loss.item() * (len(labels) if loss_over == "mean" else 1)
        right += (scores.argmax(1) == labels).sum().item()
        seen += len(labels)
    return total / seen, right / seen


@torch.no_grad()
def evaluate(network: nn.Module, batches: Batches, *, device: str = "cpu") -> tuple[float, float]:
    """Return mean loss and accuracy in evaluation mode."""
    set_mode(network, training=False)
    total, right, seen = 0.0, 0, 0
    for images, labels in batches:
        images, labels = images.to(device), labels.to(device)  # noqa: PLW2901 - as one writes it
        scores = network(images)
        total += nn.functional.cross_entropy(scores, labels, reduction="sum").item()
        right += (scores.argmax(1) == labels).sum().item()
        seen += len(labels)
    return total / seen, right / seen
