"""An AlexNet for images of 96 pixels, small enough to ship and to train on one processor core.

Shape legend: B images, C channels, H height, W width, K classes.
"""

import torch
from torch import nn

MEAN, STD = 0.5, 0.25  # of every channel, for images in [0, 1]


class CompactAlexNet(nn.Module):
    """Classify RGB images with five convolutions and three fully connected layers.

    The layout follows torchvision's AlexNet (A. Krizhevsky, I. Sutskever, G. E. Hinton, "ImageNet
    Classification with Deep Convolutional Neural Networks", NeurIPS 2012; A. Krizhevsky, "One weird
    trick for parallelizing convolutional neural networks", arXiv:1404.5997): `features`, `avgpool`,
    `classifier`, and the same forward pass. It differs in its widths, a 9x9 first kernel at stride
    3, and batch normalisation after every convolution. With ten classes it has 0.97 million
    parameters, against 57 million.

    Images are RGB in [0, 1], normalised by `MEAN` and `STD`. At 96 pixels `avgpool` changes
    nothing; it lets other sides from 64 pixels upward through.

    Args:
        num_classes: Outputs of the last layer.
        dropout: Share of values that each of the two dropout layers sets to zero in training.
    """

    def __init__(self, num_classes: int = 10, dropout: float = 0.3) -> None:
        super().__init__()
        self.features = nn.Sequential(
            *_convolution(3, 32, kernel=9, stride=3, padding=3),
            nn.MaxPool2d(kernel_size=3, stride=2),
            *_convolution(32, 64, kernel=5, stride=1, padding=2),
            nn.MaxPool2d(kernel_size=3, stride=2),
            *_convolution(64, 128, kernel=3, stride=1, padding=1),
            *_convolution(128, 128, kernel=3, stride=1, padding=1),
            *_convolution(128, 96, kernel=3, stride=1, padding=1),
            nn.MaxPool2d(kernel_size=3, stride=2),
        )
        self.avgpool = nn.AdaptiveAvgPool2d((3, 3))
        self.classifier = nn.Sequential(
            nn.Dropout(dropout),
            nn.Linear(96 * 3 * 3, 512),
            nn.ReLU(inplace=False),
            nn.Dropout(dropout),
            nn.Linear(512, 256),
            nn.ReLU(inplace=False),
            nn.Linear(256, num_classes),
        )

    def forward(self, images_BCHW: torch.Tensor) -> torch.Tensor:
        """Return logits_BK for normalised images_BCHW of at least 64 pixels a side."""
        maps_BCHW = self.avgpool(self.features(images_BCHW))
        logits_BK: torch.Tensor = self.classifier(torch.flatten(maps_BCHW, 1))
        return logits_BK


def normalise(images_NHWC: torch.Tensor) -> torch.Tensor:
    """Turn RGB bytes, (N, H, W, 3), into normalised floats, (N, 3, H, W), channels last."""
    floats_NHWC = images_NHWC.to(torch.float32)
    return ((floats_NHWC / 255 - MEAN) / STD).permute(0, 3, 1, 2)


def _convolution(
    inputs: int, outputs: int, *, kernel: int, stride: int, padding: int
) -> tuple[nn.Module, nn.Module, nn.Module]:
    """Return a convolution, its batch normalisation, and its rectifier."""
    return (
        nn.Conv2d(inputs, outputs, kernel, stride=stride, padding=padding),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=False),
    )
