"""What networks take photographs for."""

from pathlib import Path

import pytest
import torch
from PIL import Image
from torch import nn

from reporter.errors import ReportError
from reporter.inputs import ImageFile
from reporter.learn.normalisation import HALF
from reporter.learn.photographs import (
    Photographs,
    folded,
    predictions_table,
    printed,
    ranking_table,
    restricted,
    seen,
)
from reporter.learn.weights import Pretrained

CLASSES = ("dark thing", "Bright_Thing")


@pytest.fixture
def photographs(tmp_path: Path) -> Photographs:
    """Return a dark and two bright photographs, seen by a network that adds up the pixels."""
    images = []
    for name, shade, expected in (
        ("night", 0, "Dark Thing"),
        ("day", 255, "dog"),
        ("sun", 255, None),
    ):
        Image.new("RGB", (8, 8), (shade,) * 3).save(tmp_path / f"{name}.png")
        images.append(
            ImageFile(name=name, path=tmp_path / f"{name}.png", digest="", expected=expected)
        )
    network = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 2, bias=False))
    network[2].weight.data = torch.tensor([[-1.0, 0, 0], [1.0, 0, 0]])
    loaded = Pretrained(network=network, classes=CLASSES, normalisation=HALF, size=8)
    return seen(images, loaded, None)


def test_probabilities_are_the_softmax_of_the_scores(photographs: Photographs) -> None:
    """Black is -2 after normalisation: e² against e⁻²."""
    torch.testing.assert_close(photographs.probabilities[0, 0], torch.tensor(4.0).sigmoid())
    assert photographs.predicted == (0, 1, 1)


def test_expected_and_predicted_are_compared_without_case(photographs: Photographs) -> None:
    """An underscore is a space; where nothing is expected there is no verdict."""
    rows = [(row[0], row[1], row[2], row[4]) for row in predictions_table(photographs).rows]
    assert rows == [
        ("night", "Dark Thing", "dark thing", True),
        ("day", "dog", "Bright_Thing", False),
        ("sun", None, "Bright_Thing", None),
    ]
    assert folded("Eskimo_Dog ") == "eskimo dog"


def test_rankings_are_printed_like_a_program_does(photographs: Photographs) -> None:
    """Class id, probability and class, under the photograph's name."""
    ranking = ranking_table(photographs, 5)
    assert [row[1:3] for row in ranking.rows] == [(1, 0), (2, 1), (1, 1), (2, 0), (1, 1), (2, 0)]
    assert printed(ranking).splitlines()[:5] == [
        "night", "    0  0.9820  dark thing", "    1  0.0180  Bright_Thing", "", "day"
    ]  # fmt: skip


def test_some_classes_share_all_of_the_probability(photographs: Photographs) -> None:
    """The others have none, and the network's numbers of the classes stay."""
    only = restricted(photographs, ("bright thing",))
    assert only.probabilities.tolist() == [[1.0]] * 3
    assert [row[2:4] for row in ranking_table(only, 5).rows] == [(1, "Bright_Thing")] * 3
    both = restricted(photographs, ("bright thing", "dark thing"))
    torch.testing.assert_close(both.probabilities, photographs.probabilities.flip(1))


def test_an_unknown_class_to_choose_among_is_told(photographs: Photographs) -> None:
    """With the nearest name."""
    with pytest.raises(ReportError, match="no class 'bright thong'; did you mean 'bright thing'"):
        restricted(photographs, ("bright thong",))
