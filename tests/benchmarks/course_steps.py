"""The other side of steps.py: passes and steps as a competent student writes them in torchvision.

It is the measure of ours: not to be made slower.
"""

from pathlib import Path

import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader
from torchvision import transforms
from torchvision.datasets import ImageFolder

BATCH = 32
NORMALISE = transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
AUGMENTATIONS = {
    "as they are": (),
    "cropped and flipped": (transforms.RandomCrop(200), transforms.RandomHorizontalFlip()),
    "turned": (transforms.RandomAffine(10),),
}


def dataset(folder: Path, augmentation: str) -> ImageFolder:
    """Return the images of a folder, changed at random in one of the ways above."""
    steps = [transforms.Resize(256), transforms.CenterCrop(224), *AUGMENTATIONS[augmentation]]
    return ImageFolder(folder, transforms.Compose([*steps, transforms.ToTensor(), NORMALISE]))


def go_through(images: ImageFolder) -> None:
    """Take every batch once."""
    for _images, _labels in DataLoader(images, batch_size=BATCH, shuffle=True, num_workers=0):
        pass


def step(
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
    images: torch.Tensor,
    labels: torch.Tensor,
) -> torch.Tensor:
    """Take a training step; return the loss."""
    optimizer.zero_grad()
    loss = cross_entropy(network(images), labels)
    loss.backward()
    optimizer.step()
    return loss.detach()
