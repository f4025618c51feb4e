"""build/store/<key>/: one result per run and seed, written whole or not at all.

An entry is a folder: result.json (metrics and artifacts), their arrays and checkpoints, record.json
(how it was computed) and manifest.json (sha-256 of every file), which is written last.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import shutil
import tempfile
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reporter.artifacts import KINDS, Checkpoint, Result

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np

KIND_BY_NAME = {kind.__name__: kind for kind in KINDS}


@dataclass(frozen=True, kw_only=True)
class Stored:
    """A result that was read back, with the record of its computation."""

    key: str
    result: Result
    record: Mapping[str, Any]


class Store:
    """Results by key, in one folder that several reports may share."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def __contains__(self, key: str) -> bool:
        return (self.root / key / "manifest.json").is_file()

    def checkpoint(self, key: str) -> Path:
        """Return where the checkpoint of an entry lies, whether it exists or not."""
        return self.root / key / "checkpoint.safetensors"

    def load(self, key: str) -> Stored | None:
        """Return the entry, or None when it is missing or a file of it is not what was written."""
        folder = self.root / key
        try:
            manifest = json.loads((folder / "manifest.json").read_text())
            contents = {name: _verified(folder, name, sha) for name, sha in manifest.items()}
            plain = json.loads(contents["result.json"])
            record = json.loads(contents["record.json"])
            result = _result(plain, contents.get)
            math.isfinite(record["seconds"])  # TypeError or LookupError without such a number
        except (OSError, ValueError, LookupError, AttributeError, TypeError, RecursionError):
            return None
        return Stored(key=key, result=result, record=record)

    def save(self, key: str, result: Result, record: Mapping[str, Any]) -> None:
        """Write an entry under a temporary name, then rename it; an older one of this key goes."""
        self.root.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=f".{key[:12]}-", dir=self.root))
        try:
            self._write(scratch, result, record)
            shutil.rmtree(self.root / key, ignore_errors=True)
            scratch.rename(self.root / key)
        except OSError:
            if key not in self:  # another process was faster with the same result
                raise
        finally:
            shutil.rmtree(scratch, ignore_errors=True)

    def export(self, key: str, file: Path, *, half: bool) -> None:
        """Copy an entry's checkpoint to `file`, with its numbers in half precision if asked."""
        from safetensors import safe_open
        from safetensors.numpy import save_file

        with safe_open(self.checkpoint(key), framework="numpy") as source:
            state = {name: source.get_tensor(name) for name in source.keys()}  # noqa: SIM118 - not iterable
            metadata = source.metadata()
        if half:
            is_real = {name: array.dtype.kind == "f" for name, array in state.items()}
            state = {n: a.astype("float16") if is_real[n] else a for n, a in state.items()}
        save_file(state, file, metadata=metadata)

    def forget(self, key: str) -> None:
        """Remove an entry, if it is there."""
        shutil.rmtree(self.root / key, ignore_errors=True)

    @staticmethod
    def _write(folder: Path, result: Result, record: Mapping[str, Any]) -> None:
        files: dict[str, bytes] = {}
        plain = {name: to_plain(value, files) for name, value in result.items()}
        files["result.json"] = dump(plain)
        files["record.json"] = dump(record)
        for name, content in files.items():
            (folder / name).write_bytes(content)
        manifest = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
        with (folder / "manifest.json").open("wb") as file:
            file.write(dump(manifest))
            file.flush()
            os.fsync(file.fileno())


def dump(value: Any, *, sort_keys: bool = True) -> bytes:
    """Return readable JSON without NaN; keys are sorted unless their order says something."""
    text = json.dumps(value, sort_keys=sort_keys, indent=1, allow_nan=False, ensure_ascii=False)
    return (text + "\n").encode()


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file under a temporary name, then rename it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, scratch = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    Path(scratch).chmod(0o644)
    Path(scratch).replace(path)


def to_plain(value: Any, files: dict[str, bytes]) -> Any:
    """Return `value` as JSON data; arrays and checkpoints are added to `files`."""
    if isinstance(value, Checkpoint):
        files["checkpoint.safetensors"] = _checkpoint_bytes(value)
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


def _result(plain: Mapping[str, Any], read: Callable[[str], bytes | None]) -> Result:
    """Return a result from JSON data; TypeError if something in it is no artifact."""
    found = {name: from_plain(value, read) for name, value in plain.items()}
    if not all(isinstance(value, KINDS) for value in found.values()):
        raise TypeError("a result is of metrics and artifacts")
    return Result(found)


def _verified(folder: Path, name: str, sha: str) -> bytes:
    """Return a file's bytes; ValueError if they are not those that were written."""
    path = folder / Path(name).name
    if path != folder / name:
        raise ValueError(f"{name} is no file of an entry")
    if path.suffix == ".safetensors":  # large, read by runs only, which check what they load
        return b"" if path.is_file() else path.read_bytes()
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != sha:
        raise ValueError(f"{path} is damaged")
    return content


def _checkpoint_bytes(checkpoint: Checkpoint) -> bytes:
    from safetensors.numpy import save

    metadata = {
        "network": checkpoint.network,
        "classes": json.dumps(list(checkpoint.classes)),
        "settings": json.dumps(dict(checkpoint.settings), sort_keys=True),
    }
    return save(dict(checkpoint.state), metadata=metadata)


def _array_bytes(array: np.ndarray) -> bytes:
    import io

    import numpy as np

    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def _array(content: bytes) -> np.ndarray:
    import io

    import numpy as np

    array: np.ndarray = np.load(io.BytesIO(content), allow_pickle=False)
    return array
