"""A result ⇄ data in JSON, with the bytes of its arrays and networks apart."""

from __future__ import annotations

import io
import json
import math
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

from reporter.artifacts import KINDS, Checkpoint, Result

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np

KIND_BY_NAME = {kind.__name__: kind for kind in KINDS}
NETWORK = "checkpoint.safetensors"


def dump(value: Any, *, sort_keys: bool = True) -> bytes:
    """Return readable JSON without NaN; keys are sorted unless their order says something."""
    text = json.dumps(value, sort_keys=sort_keys, indent=1, allow_nan=False, ensure_ascii=False)
    return (text + "\n").encode()


def load(content: bytes) -> Any:
    """Return JSON data; ValueError if it is none, or names a thing twice.

    Of two values one reader takes the first, another the last.
    """

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            raise ValueError("a name is there twice")
        return found

    return json.loads(content, object_pairs_hook=once)


def to_plain(value: Any, files: dict[str, bytes]) -> Any:
    """Return `value` as JSON data; arrays and checkpoints are added to `files`."""
    if isinstance(value, Checkpoint):
        files[NETWORK] = _checkpoint(value)
        return {"kind": "Checkpoint", "network": value.network, "classes": list(value.classes)}
    if is_dataclass(value):
        plain = {f.name: to_plain(getattr(value, f.name), files) for f in fields(value)}
        return {"kind": type(value).__name__, **plain}
    if isinstance(value, tuple | list):
        return [to_plain(item, files) for item in value]
    if hasattr(value, "item") and not getattr(value, "shape", ()):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return {"kind": "float", "value": repr(value)}
    if hasattr(value, "shape"):
        name = f"array-{len(files):03d}.npy"
        files[name] = _array_bytes(value)
        return {"kind": "array", "file": name}
    return value


def from_plain(value: Any, read: Callable[[str], bytes | None]) -> Any:
    """Return what `to_plain` was given; of a checkpoint all but its state."""
    if isinstance(value, list):
        return tuple(from_plain(item, read) for item in value)
    if not isinstance(value, dict):
        return value
    kind = value["kind"]
    if kind == "float":
        return float(value["value"])
    if kind == "array":
        content = read(value["file"])
        if content is None:
            raise ValueError(f"an entry has no file {value['file']}")
        return _array(content)
    if kind == "Checkpoint":
        classes = tuple(value["classes"])
        return Checkpoint(network=value["network"], classes=classes, settings={}, state={})
    parts = {name: from_plain(part, read) for name, part in value.items() if name != "kind"}
    return KIND_BY_NAME[kind](**parts)


def result_from(plain: Mapping[str, Any], read: Callable[[str], bytes | None]) -> Result:
    """Return a result from JSON data; TypeError if something in it is no artifact."""
    found = {name: from_plain(value, read) for name, value in plain.items()}
    if not all(isinstance(value, KINDS) for value in found.values()):
        raise TypeError("a result is of metrics and artifacts")
    return Result(found)


def _checkpoint(checkpoint: Checkpoint) -> bytes:
    metadata = {
        "network": checkpoint.network,
        "classes": json.dumps(list(checkpoint.classes)),
        "settings": json.dumps(dict(checkpoint.settings), sort_keys=True),
    }
    return safetensors_bytes(dict(checkpoint.state), metadata)


def safetensors_bytes(state: dict[str, np.ndarray], metadata: dict[str, str]) -> bytes:
    """Return a file of tensors, equal ones for equal contents: the library shuffles metadata."""
    from safetensors.numpy import save

    content = save(state, metadata=metadata)
    start = 8 + int.from_bytes(content[:8], "little")
    header = json.dumps(json.loads(content[8:start]), sort_keys=True).encode()
    header += b" " * (-len(header) % 8)  # tensors stand at multiples of 8
    return b"".join((len(header).to_bytes(8, "little"), header, content[start:]))


def _array_bytes(array: np.ndarray) -> bytes:
    import numpy as np

    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def _array(content: bytes) -> np.ndarray:
    import numpy as np

    array: np.ndarray = np.load(io.BytesIO(content), allow_pickle=False)
    return array
