"""The name of an architecture → torchvision's ImageNet weights as a file, fetched if allowed."""

from __future__ import annotations

import pickle
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import urlparse

import torch
from torchvision import models

from reporter.errors import ReportError

if TYPE_CHECKING:
    from reporter.inputs import Weights


def imagenet_file(model: str, weights: Weights) -> Path:
    """Return torchvision's ImageNet file in the weights' folder, fetched if that is allowed.

    Raises:
        ReportError: the file is not there and may not, or can't, be fetched.
    """
    folder = weights.path or Path()
    url = imagenet_url(model)
    path = folder / PurePosixPath(urlparse(url).path).name
    if path.is_file():
        return path
    if weights.download:
        return fetched(url, folder)
    message = (
        f"weights of {model} are not in {folder}; build with --download or put {path.name} there"
    )
    raise ReportError(message)


def imagenet_url(model: str) -> str:
    """Return where torchvision publishes its first ImageNet weights of a network."""
    try:
        return str(models.get_model_weights(model)["IMAGENET1K_V1"].url)
    except (ValueError, KeyError) as exc:
        message = f"torchvision has no ImageNet weights of {model}; give a file of weights"
        raise ReportError(message) from exc


def fetched(url: str, folder: Path) -> Path:
    """Download a file into `folder`, checked against the digest in its name; return its path.

    Raises:
        ReportError: the server can't be reached, or the content has another digest.
    """
    try:
        torch.hub.load_state_dict_from_url(
            url, model_dir=str(folder), progress=False, check_hash=True, weights_only=True
        )
    except (OSError, RuntimeError, pickle.UnpicklingError) as exc:
        message = f"{url} can't be fetched ({exc}); put the file into {folder}"
        raise ReportError(message) from exc
    return folder / PurePosixPath(urlparse(url).path).name
