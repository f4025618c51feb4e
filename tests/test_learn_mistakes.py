"""Confusions and misclassified images."""

import torch

from reporter.learn.data import Samples
from reporter.learn.mistakes import confusion, misclassified

CLASSES = ("dog", "house", "horse", "tree")


def test_confusions_are_counted_by_true_and_predicted_class() -> None:
    """Rows are true classes, columns predicted ones."""
    found = confusion(torch.tensor([0, 0, 1, 3]), torch.tensor([0, 1, 1, 0]), CLASSES)
    assert found.values == ((1, 1, 0, 0), (0, 1, 0, 0), (0, 0, 0, 0), (1, 0, 0, 0))
    assert found.row_labels == found.column_labels == CLASSES


def test_wrong_images_are_shown_with_the_three_likeliest_classes() -> None:
    """The right ones are not; probabilities are whole per cents."""
    logits = torch.tensor([[0.2, 0.61, 0.09, 0.1], [0.2, 0.61, 0.09, 0.1]]).log()
    pixels = torch.zeros(2, 3, 5, 5, dtype=torch.uint8)
    found = misclassified(logits, Samples(inputs=pixels, labels=torch.tensor([0, 1])), CLASSES)
    assert found.labels == ("true: dog\nhouse 61 %\ndog 20 %\ntree 10 %",)
    assert found.images[0].shape == (5, 5, 3)
    assert found.description == "1 of 1 wrongly classified test images"


def test_at_most_twelve_images_are_spread_over_the_set() -> None:
    """Of many mistakes, the first and later ones are shown."""
    pixels = torch.arange(50, dtype=torch.uint8).view(50, 1, 1, 1).expand(50, 3, 1, 1)
    logits = torch.tensor([[0.0, 1.0, 0.0, 0.0]]).expand(50, 4)
    found = misclassified(logits, Samples(inputs=pixels, labels=torch.zeros(50).long()), CLASSES)
    assert [int(image[0, 0, 0]) for image in found.images] == [*range(0, 50, 5)]
