"""Principal components."""

import numpy as np
import torch

from reporter.learn.streams import generator
from reporter.learn.variance import cumulative_shares, dimensions_table, variance_curve


def test_shares_are_those_of_the_covariance_matrix() -> None:
    """Its eigenvalues, largest first, added up."""
    features = torch.randn(30, 6, generator=generator(1)) * torch.tensor([5, 3, 2, 1, 0.5, 0.1])
    values = np.sort(np.linalg.eigvalsh(np.cov(features.double().numpy().T)))[::-1]
    found = cumulative_shares(features)
    np.testing.assert_allclose(found.numpy(), np.cumsum(values) / values.sum(), rtol=1e-10)
    assert variance_curve(found).series[0].x == (1, 2, 3, 4, 5, 6)


def test_a_share_needs_so_many_dimensions() -> None:
    """The first count that reaches the share, exactly reached included."""
    shares = torch.tensor([0.5, 0.8, 0.95, 1.0], dtype=torch.float64)
    assert dimensions_table(shares, (0.5, 0.51, 0.95, 0.999)).rows == (
        (0.5, 1), (0.51, 2), (0.95, 3), (0.999, 4)
    )  # fmt: skip
