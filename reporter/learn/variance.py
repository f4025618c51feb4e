"""Features → how much of their variance the leading principal components carry.

Shape legend: N images, D dimensions.
"""

from __future__ import annotations

import torch

from reporter.artifacts import Column, Curves, Series, Table
from reporter.errors import ReportError


def cumulative_shares(features_ND: torch.Tensor) -> torch.Tensor:
    """Return the share of the variance that the first 1, 2, … components carry together.

    The variances are the eigenvalues λ of the covariance XᵀX/(N−1), X the centred features. Where
    D > N they come from the smaller Gram matrix K = XXᵀ, (N−1)λα = Kα: B. Schölkopf, A. Smola,
    K.-R. Müller, "Nonlinear Component Analysis as a Kernel Eigenvalue Problem", 1998,
    https://doi.org/10.1162/089976698300017467, section 2. There are min(N, D) of them; those
    within rounding of zero count as zero.

    Raises:
        ReportError: all features are the same.
    """
    if torch.equal(features_ND, features_ND[:1].expand_as(features_ND)):
        message = f"data: the features of all {len(features_ND)} training images are the same, and"
        raise ReportError(f"{message} have no variance; choose other images or another layer")
    centred_ND = features_ND.double() - features_ND.double().mean(0)
    narrow = centred_ND if len(centred_ND) >= centred_ND.shape[1] else centred_ND.T
    variances = torch.linalg.eigvalsh(narrow.T @ narrow).flip(0)
    rounding = variances[0] * max(narrow.shape) * torch.finfo(variances.dtype).eps
    variances = torch.where(variances > rounding, variances, 0)
    shares: torch.Tensor = (variances / variances.sum()).cumsum(0)
    return shares


def variance_curve(shares: torch.Tensor) -> Curves:
    """Return the shares over the number of components."""
    x = tuple(float(i) for i in range(1, len(shares) + 1))
    series = Series(label="training images", x=x, y=tuple(shares.tolist()))
    return Curves(
        series=(series,), x_label="dimensions", y_label="explained variance", unit="fraction"
    )


def component_curve(shares: torch.Tensor) -> Curves:
    """Return the share of each component by itself, the differences of the cumulative ones."""
    single = torch.diff(shares, prepend=shares.new_zeros(1))
    x = tuple(float(i) for i in range(1, len(shares) + 1))
    series = Series(label="training images", x=x, y=tuple(single.tolist()))
    return Curves(
        series=(series,), x_label="component", y_label="variance of a component",
        unit="fraction", log_y=True,
    )  # fmt: skip


def dimensions(shares: torch.Tensor, share: float) -> int:
    """Return how many components carry at least `share` of the variance."""
    enough = (shares >= share - 1e-12).nonzero().flatten().tolist()
    return int(enough[0]) + 1 if enough else len(shares)


def dimensions_table(shares: torch.Tensor, wanted: tuple[float, ...]) -> Table:
    """Return for each share of variance how many dimensions it needs."""
    columns = (
        Column(name="share", label="share of variance", unit="fraction"),
        Column(name="dimensions", label="dimensions", unit="count"),
    )
    return Table(columns=columns, rows=tuple((s, dimensions(shares, s)) for s in wanted))
