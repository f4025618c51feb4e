"""Files of weights → tensors by name, copied into a network that they fit."""

from __future__ import annotations

import re
import zipfile
from typing import TYPE_CHECKING

import torch
from safetensors import SafetensorError, safe_open

from reporter.errors import ReportError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torch import nn

    from reporter.inputs import Weights

State = dict[str, torch.Tensor]
DENSENET = re.compile(r"(denselayer\d+\.(?:norm|relu|conv))\.([12])\.")  # names of older files
AUXILIARY = ("aux1.", "aux2.", "AuxLogits.")  # of Inception nets; used in their training only


def file_of(weights: Weights) -> Path:
    """Return the file of weights; ReportError when there is none."""
    if weights.path is None or not weights.path.is_file():
        message = f"weights {weights.name!r}: {weights.path} is no file; correct the path"
        raise ReportError(message)
    return weights.path


def read_state(path: Path) -> State:
    """Return the tensors of a .safetensors or .pth file by name; code in a file is never run.

    Raises:
        ReportError: the file is damaged or holds more than tensors.
    """
    try:
        if path.suffix == ".safetensors":
            with safe_open(path, framework="pt") as file:
                return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no dict
        _insist_on_stored(path)
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as exc:  # a damaged file fails in many ways, and runs nothing in any
        message = f"{path} can't be read as weights; save the network's state_dict() again"
        raise ReportError(message) from exc
    state = loaded.get("state_dict", loaded) if isinstance(loaded, dict) else {}
    tensors = {str(n): t for n, t in state.items() if isinstance(t, torch.Tensor)}
    if not tensors:
        message = f"{path} holds no tensors by name; save the network's state_dict()"
        raise ReportError(message)
    return {DENSENET.sub(r"\1\2.", n): t for n, t in tensors.items() if not n.startswith(AUXILIARY)}


def _insist_on_stored(path: Path) -> None:
    """Refuse a file that would become far larger than it is: PyTorch compresses nothing."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as parts:
            whole = sum(part.file_size for part in parts.infolist())
        if whole > 2 * path.stat().st_size:
            raise ValueError(whole)


def read_metadata(path: Path) -> Mapping[str, str]:
    """Return the text beside the tensors of a safetensors file; ReportError if it is damaged."""
    try:
        with safe_open(path, framework="pt") as file:
            return file.metadata() or {}
    except (SafetensorError, OSError) as exc:
        message = f"{path} can't be read as a checkpoint; build the run that made it again"
        raise ReportError(message) from exc


def fill(network: nn.Module, state: Mapping[str, torch.Tensor], path: Path, model: str) -> None:
    """Copy `state` into the network, cast to its types.

    Counters of batch norms may be missing: files in half precision leave them out.

    Raises:
        ReportError: the first tensor that is missing, left over or of another shape.
    """
    own = network.state_dict()
    wanted = {n: t for n, t in own.items() if n in state or not n.endswith("num_batches_tracked")}
    for name in [*wanted, *state]:
        there, here = shape(state, name), shape(own, name)
        if there != here:
            message = (
                f"{path} doesn't fit {model}: {name} is {there} in the file and {here} in the"
                f" network; write the model that the file was made for"
            )
            raise ReportError(message)
    network.load_state_dict({**own, **{n: state[n].to(own[n].dtype) for n in wanted}})


def shape(state: Mapping[str, torch.Tensor], name: str) -> str:
    """Return a tensor's shape as text, "absent" when there is none of that name."""
    return "×".join(map(str, state[name].shape)) or "a number" if name in state else "absent"
