"""Scores on test images → which classes are taken for which, and images that were.

Shape legend: N images, K classes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from reporter.artifacts import ImageGrid, Matrix

if TYPE_CHECKING:
    from reporter.learn.data import Samples

SHOWN = 12  # images at most
GUESSES = 3  # classes named under an image


def confusion(
    labels_N: torch.Tensor, predicted_N: torch.Tensor, classes: tuple[str, ...]
) -> Matrix:
    """Count how often each class (row) was taken for each class (column)."""
    size = len(classes)
    counts = torch.bincount(labels_N.cpu() * size + predicted_N.cpu(), minlength=size * size)
    values = tuple(tuple(map(float, row)) for row in counts.view(size, size).tolist())
    return Matrix(row_labels=classes, column_labels=classes, values=values)


def misclassified(logits_NK: torch.Tensor, data: Samples, classes: tuple[str, ...]) -> ImageGrid:
    """Show wrongly classified images, evenly spread over the set, with the three likeliest classes.

    Args:
        logits_NK: the network's scores.
        data: images (N, 3, H, W) uint8 with their labels.
        classes: names in index order.
    """
    probabilities_NK = torch.softmax(logits_NK.cpu(), 1)
    labels_N = data.labels.cpu()
    wrong = (probabilities_NK.argmax(1) != labels_N).nonzero().flatten().tolist()
    shown = wrong[:: max(1, -(-len(wrong) // SHOWN))]
    return ImageGrid(
        images=tuple(data.inputs[i].permute(1, 2, 0).cpu().numpy() for i in shown),
        labels=tuple(
            f"true: {classes[int(labels_N[i])]}\n{guesses(probabilities_NK[i], classes)}"
            for i in shown
        ),
        columns=4,
        description=f"{len(shown)} of {len(wrong)} wrongly classified test images",
    )


def guesses(probabilities_K: torch.Tensor, classes: tuple[str, ...]) -> str:
    """Return the likeliest classes with their probabilities, one a line."""
    top = probabilities_K.topk(min(GUESSES, len(classes)))
    pairs = zip(top.indices.tolist(), top.values.tolist(), strict=True)
    return "\n".join(f"{classes[index]} {100 * value:.0f} %" for index, value in pairs)
