"""A trained network → the plain data that another run can build it from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reporter.artifacts import Cell, Checkpoint
from reporter.learn.settings import format_normalisation, format_steps

if TYPE_CHECKING:
    from reporter.learn.normalisation import Normalisation
    from reporter.learn.weights import Pretrained


def checkpoint(
    loaded: Pretrained,
    model: str,
    classes: tuple[str, ...],
    scaling: Normalisation,
    size: int | None,
) -> Checkpoint:
    """Return the network's state as float32 arrays, with what rebuilds it and its inputs."""
    settings: dict[str, Cell] = {
        "model": model,
        "head": format_steps(loaded.steps),
        "size": size,
        **format_normalisation(scaling),
    }
    state = {
        name: np.array(tensor.detach().cpu().numpy(), dtype=np.float32, order="C")
        for name, tensor in loaded.network.state_dict().items()
    }
    return Checkpoint(network=model, classes=classes, settings=settings, state=state)
