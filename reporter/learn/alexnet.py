"""The AlexNet of the 2012 paper, whose two towers torchvision's version merges.

Shape legend: B images, C channels, H height, W width, K classes.
"""

import torch
from torch import nn

LRN_ALPHA, LRN_BETA, LRN_K, LRN_SIZE = 1e-4, 0.75, 2.0, 5  # section 3.3 of the paper


class AlexNet2012(nn.Module):
    """Classify RGB images with five convolutions in two towers and three fully connected layers.

    A. Krizhevsky, I. Sutskever, G. E. Hinton, "ImageNet Classification with Deep Convolutional
    Neural Networks", NeurIPS 2012, section 3. Each tower holds half of the channels; the second,
    fourth and fifth convolution look at their own tower only (`groups=2`), the third and the fully
    connected layers at both. Response normalisation follows the first two convolutions, overlapping
    max-pooling the first, second and fifth; dropout follows the first two fully connected layers.

    The paper's 55×55 maps do not follow from its 224×224 images and kernels of 11 at stride 4:
    here two pixels of padding make them. With 1000 classes there are 60 965 224 parameters.

    Args:
        num_classes: outputs of the last layer.
        dropout: share of values that each of the two dropout layers sets to zero in training.
    """

    def __init__(self, num_classes: int = 1000, dropout: float = 0.5) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 96, 11, stride=4, padding=2),
            nn.ReLU(),
            _response_normalisation(),
            nn.MaxPool2d(3, stride=2),
            nn.Conv2d(96, 256, 5, padding=2, groups=2),
            nn.ReLU(),
            _response_normalisation(),
            nn.MaxPool2d(3, stride=2),
            nn.Conv2d(256, 384, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(384, 384, 3, padding=1, groups=2),
            nn.ReLU(),
            nn.Conv2d(384, 256, 3, padding=1, groups=2),
            nn.ReLU(),
            nn.MaxPool2d(3, stride=2),
        )
        self.avgpool = nn.AdaptiveAvgPool2d((6, 6))  # changes nothing at 224; lets others through
        self.classifier = nn.Sequential(
            nn.Linear(256 * 6 * 6, 4096),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(4096, 4096),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(4096, num_classes),
        )

    def forward(self, images_BCHW: torch.Tensor) -> torch.Tensor:
        """Return logits_BK for normalised images_BCHW of at least 63 pixels a side."""
        maps_BCHW = self.avgpool(self.features(images_BCHW))
        logits_BK: torch.Tensor = self.classifier(torch.flatten(maps_BCHW, 1))
        return logits_BK


def _response_normalisation() -> nn.Module:
    """Return the paper's normalisation; PyTorch divides α by the size, the paper does not."""
    return nn.LocalResponseNorm(LRN_SIZE, alpha=LRN_ALPHA * LRN_SIZE, beta=LRN_BETA, k=LRN_K)
