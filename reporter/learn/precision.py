"""A choice of precision → the arithmetic of a block.

Shape legend: B images, K classes.
"""

from __future__ import annotations

from typing import Literal

import torch

Precision = Literal["float32", "tf32", "bfloat16"]


def forward(precision: Precision, device: str) -> torch.autocast:
    """Return a block in which convolutions and matrix products round to bfloat16, if asked for.

    Their weights stay float32, and so do gradients and whatever is sensitive to rounding.
    """
    return torch.autocast(device, torch.bfloat16, enabled=precision == "bfloat16")


def in_float32(logits_BK: torch.Tensor) -> torch.Tensor:
    """Return scores as the loss needs them: float32, or float64 as they came."""
    return logits_BK.to(torch.promote_types(logits_BK.dtype, torch.float32))
