"""Principal components."""

import numpy as np
import pytest
import torch

from reporter.errors import ReportError
from reporter.learn.streams import generator
from reporter.learn.variance import (
    component_curve,
    cumulative_shares,
    dimensions_table,
    variance_curve,
)


def test_shares_are_those_of_the_covariance_matrix() -> None:
    """Its eigenvalues, largest first, added up."""
    features = torch.randn(30, 6, generator=generator(1)) * torch.tensor([5, 3, 2, 1, 0.5, 0.1])
    values = np.sort(np.linalg.eigvalsh(np.cov(features.double().numpy().T)))[::-1]
    found = cumulative_shares(features)
    np.testing.assert_allclose(found.numpy(), np.cumsum(values) / values.sum(), rtol=1e-10)
    assert variance_curve(found).series[0].x == (1, 2, 3, 4, 5, 6)


@pytest.mark.parametrize("shape", [(20, 50), (50, 20), (30, 30)])
def test_shares_are_those_of_the_singular_values(shape: tuple[int, int]) -> None:
    """As many as the shorter side, with more dimensions than images, fewer or as many."""
    features = torch.randn(shape, generator=generator(2)) * torch.logspace(0, -4, shape[1]) + 7
    values = torch.linalg.svdvals(features.double() - features.double().mean(0)).square()
    found = cumulative_shares(features)
    torch.testing.assert_close(found, values.cumsum(0) / values.sum(), rtol=1e-10, atol=1e-12)
    assert len(found) == min(shape)


@pytest.mark.parametrize("dimensions", [8, 40])
def test_components_without_variance_have_no_share(dimensions: int) -> None:
    """Two directions carry everything; the others nothing, to the last bit."""
    dice = generator(3)
    plane = torch.randn(2, dimensions, dtype=torch.float64, generator=dice)
    points = torch.randn(12, 2, dtype=torch.float64, generator=dice)
    single = component_curve(cumulative_shares(points @ plane * 1e3)).series[0].y
    assert min(single[:2]) > 0.01
    assert single[2:] == (0,) * (min(12, dimensions) - 2)


@pytest.mark.parametrize("count", [1, 7])
def test_features_without_variance_are_refused(count: int) -> None:
    """A share of nothing is no number, even where a rounded mean makes the centred ones differ."""
    features = torch.rand(1, 5, generator=generator(4)).expand(count, 5)
    with pytest.raises(ReportError, match=f"all {count} training images are the same"):
        cumulative_shares(features)


def test_a_share_needs_so_many_dimensions() -> None:
    """The first count that reaches the share, exactly reached included."""
    shares = torch.tensor([0.5, 0.8, 0.95, 1.0], dtype=torch.float64)
    assert dimensions_table(shares, (0.5, 0.51, 0.95, 0.999)).rows == (
        (0.5, 1), (0.51, 2), (0.95, 3), (0.999, 4)
    )  # fmt: skip
