"""Grids of test images in which maps are scored."""

from pathlib import Path

import pytest
import torch
from torch import nn

from reporter.errors import ReportError
from reporter.inputs import Dataset, Example, Weights
from reporter.learn import grids
from reporter.learn.normalisation import HALF
from reporter.learn.weights import Pretrained


def data(classes: int) -> Dataset:
    """Return a set with three test images of each class."""
    test = tuple(
        Example(path=Path(f"{i}"), label=i % classes, digest=f"{i}") for i in range(3 * classes)
    )
    names = tuple(f"kind {i}" for i in range(classes))
    return Dataset(name="kinds", classes=names, train=(), test=test, digest="")


def test_grids_hold_four_different_classes() -> None:
    """They repeat with the seed; every cell is asked for in time."""
    made = grids.layouts(data(5), 60, seed=1)
    assert made == grids.layouts(data(5), 60, seed=1)
    assert all(len({index % 5 for index in layout.images}) == 4 for layout in made)
    assert {layout.cell for layout in made} == {0, 1, 2, 3}
    with pytest.raises(ReportError, match="test images of 3 classes; a grid needs four"):
        grids.layouts(data(3), 1, seed=1)


def test_cells_are_the_centres_of_their_images() -> None:
    """Row by row; nothing is resampled."""
    images = torch.arange(4).view(4, 1, 1, 1) * 50 + torch.arange(16).view(1, 1, 4, 4)
    made = grids.composed(images.byte(), grids.Layout(images=(3, 0, 1, 2), cell=0))
    centre = torch.tensor([[5, 6], [9, 10]])
    expected = torch.cat(
        [torch.cat([centre + 150, centre], 1), torch.cat([centre + 50, centre + 100], 1)]
    )
    assert torch.equal(made[0], expected.byte())


def test_energy_is_the_share_in_the_cell() -> None:
    """All shares add up to one; an empty map gives chance."""
    values = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    assert [grids.energy(values, cell) for cell in range(4)] == pytest.approx([0.1, 0.2, 0.3, 0.4])
    assert grids.energy(torch.zeros(2, 2), 0) == 0.25


def test_a_centred_map_finds_no_cell() -> None:
    """By symmetry a quarter lies in each."""
    values = grids.centre(8, 8)
    assert [grids.energy(values, cell) for cell in range(4)] == pytest.approx([0.25] * 4)
    assert values.argmax().item() in {27, 28, 35, 36}


def test_edges_are_where_the_grey_values_change() -> None:
    """The Sobel filter gives four times a step, and nothing on a plain."""
    image = torch.zeros(3, 4, 6)
    image[:, :, 3:] = 1
    torch.testing.assert_close(
        grids.edges(image)[1], torch.tensor([0.0, 0, 4, 4, 0, 0]), atol=1e-4, rtol=0
    )


def test_classes_find_their_scores_by_name() -> None:
    """Random networks take them in order; others must know them all."""
    known = ("Kind_3", "kind 1", "kind 0", "kind 2", "more")
    loaded = Pretrained(network=nn.Identity(), classes=known, normalisation=HALF)
    run = Weights(name="run:a", source="run", digest="")
    assert grids.class_indices(data(4), loaded, run) == (2, 1, 3, 0)
    with pytest.raises(ReportError, match="'run:a' know no class 'kind 4' of data 'kinds'"):
        grids.class_indices(data(5), loaded, run)
    random = Weights(name="random", source="random", digest="")
    assert grids.class_indices(data(5), loaded, random) == (0, 1, 2, 3, 4)


def test_the_table_has_mean_and_standard_error() -> None:
    """The deviation over √n, with chance beside it."""
    rows = grids.scores_table({"a": [0.1, 0.3], "b": [0.5]}).rows
    assert rows[0][1:3] == pytest.approx((0.2, 0.1))
    assert rows[1:] == (("b", 0.5, None, 1), ("chance", 0.25, None, None))
