"""build/store/<key>/: one result per run and seed, written whole or not at all.

An entry is a folder: result.json (metrics and artifacts), their arrays and checkpoints, record.json
(how it was computed) and manifest.json (sha-256 of every file), which is written last. Of an entry
that came in a bundle, the manifest has the checkpoint under "left out". An entry is made
as .<key>.<any>.new, is on the disk before it gets its name, and changes place with an older one in
one step. Who computes a result holds .<key>.lock; where nobody does, both are of a killed process.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import secrets
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reporter.errors import ReportError
from reporter.files import (
    Claim,
    claimed,
    flush,
    flush_folder,
    put,
    reason,
    told,
    write_atomically,
)
from reporter.plain import NETWORK, dump, result_from, safetensors_bytes, to_plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reporter.artifacts import Result

LEFT_OUT = "left out"  # of a manifest: what a bundle did not bring along, with its sha-256
UNREADABLE = (  # what reading a damaged entry raises
    OSError, ValueError, LookupError, AttributeError, TypeError, RecursionError
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Stored:
    """A result that was read back, with the record of its computation."""

    key: str
    result: Result
    record: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Unshared:
    """Why results are in the folder here alone, in a line; a failure unless nobody may write."""

    line: str
    is_failure: bool


class Store:
    """Results by key, in one folder that several reports and builds may share."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def __contains__(self, key: str) -> bool:
        return (self.root / key / "manifest.json").is_file()

    def checkpoint(self, key: str) -> Path:
        """Return where the checkpoint of an entry lies, whether it exists or not."""
        return self.root / key / NETWORK

    def sweep(self) -> None:
        """Remove what killed processes left, where that can be removed."""
        with contextlib.suppress(OSError):
            for left in [*self.root.glob(".*.new"), *self.root.glob(".*.lock")]:
                claim = self.claim_here(left.name.split(".")[1])
                if claim:
                    shutil.rmtree(left, ignore_errors=True)
                    claim.release()

    def prepare(self) -> None:
        """Make the folder, if there is none yet.

        Raises:
            ReportError: nothing can be written there.
        """
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=self.root).close()
        except OSError as exc:
            why = reason(exc, "set REPORT_STORE to a folder that can be written")
            raise ReportError(f"results can't be stored in {self.root}: {why}") from exc

    def claim(self, key: str) -> Claim | None:
        """Return the right to compute the result of `key`; None while another process has it."""
        return self.claim_here(key)

    def claim_here(self, key: str) -> Claim | None:
        """Return the right to change an entry in the folder, given to one process at a time."""
        return claimed(self.root / f".{key}.lock")

    def is_claimed(self, key: str) -> bool:
        """Tell whether some process computes the result of a key at the moment."""
        if not (self.root / f".{key}.lock").exists():
            return False
        with contextlib.suppress(OSError):  # nobody computes into a store that can't be written
            claim = self.claim_here(key)
            if claim:
                claim.release()
            return claim is None
        return False

    def share(self, _keys: Iterable[str]) -> Unshared | None:
        """Have these results where other machines find them; return what is not there."""
        return None  # a folder is where they are

    def load(self, key: str) -> Stored | None:
        """Return the entry, or None when it is missing or a file of it is not what was written.

        Of a checkpoint only its being there is looked at: `damage` reads it, too.
        """
        while True:
            before = self._identity(key)
            with contextlib.suppress(*UNREADABLE):
                return self._opened(key)
            if self._identity(key) == before:  # else it was replaced while it was read
                return None

    def _identity(self, key: str) -> tuple[int, int] | None:
        """Return what tells an entry from another one of its key; None while there is none."""
        with contextlib.suppress(OSError):
            stat = (self.root / key).stat()
            return stat.st_ino, stat.st_ctime_ns
        return None

    def damage(self, key: str) -> str:
        """Return which file of an entry is not what was written; "" of a good one, or of none."""
        folder = self.root / key
        if not folder.is_dir():
            return ""
        name = "manifest.json"
        with contextlib.suppress(*UNREADABLE):
            for name, sha in _manifest(folder).items():
                with (folder / name).open("rb") as file:
                    if hashlib.file_digest(file, "sha256").hexdigest() != sha:
                        return name
            return ""
        return name

    def lacks_network(self, key: str) -> bool:
        """Tell whether an entry came in a bundle, which brings no networks along."""
        with contextlib.suppress(*UNREADABLE):
            return NETWORK in _all_of_manifest(self.root / key).get(LEFT_OUT, {})
        return False

    def portable(self, key: str) -> dict[str, bytes]:
        """Return the files of an entry without its network, as a bundle brings them.

        Raises:
            ReportError: it is missing or damaged.
        """
        try:
            manifest = _all_of_manifest(self.root / key)
            contents = self._contents(key)
        except UNREADABLE as exc:
            raise ReportError(f"{self.root / key} is damaged; build the run again") from exc
        if contents.pop(NETWORK, None) is not None:
            manifest[LEFT_OUT] = {NETWORK: manifest.pop(NETWORK)}
        return {**contents, "manifest.json": dump(manifest)}

    def is_whole(self, key: str) -> bool:
        """Tell whether `load` would find what was written; nothing is decoded."""
        with contextlib.suppress(*UNREADABLE):
            return self._contents(key).keys() >= {"result.json", "record.json"}
        return False

    def save(self, key: str, result: Result, record: Mapping[str, Any]) -> None:
        """Write an entry under a temporary name, then rename it; an older one of this key goes.

        Raises:
            DiskError: it can't be written; the store is as it was.
        """
        scratch = self._scratch(key)
        with told(self.root):
            try:
                scratch.mkdir(parents=True)
                self._write(scratch, result, record)
                put(scratch, self.root / key)
                flush_folder(self.root)
            finally:
                shutil.rmtree(scratch, ignore_errors=True)

    def export(self, key: str, file: Path, *, half: bool) -> None:
        """Copy an entry's checkpoint to `file`, with its numbers in half precision if asked."""
        from safetensors import safe_open

        if self.lacks_network(key):
            told = "was computed elsewhere, and its network not brought along; run it again with -f"
            raise ReportError(f"{self.root / key} {told}")
        if name := self.damage(key):
            raise ReportError(f"{self.root / key / name} is damaged; build the run again")
        with safe_open(self.checkpoint(key), framework="numpy") as source:
            state = {name: source.get_tensor(name) for name in source.keys()}  # noqa: SIM118 - not iterable
            metadata = source.metadata()
        if half:
            is_real = {name: array.dtype.kind == "f" for name, array in state.items()}
            state = {n: a.astype("float16") if is_real[n] else a for n, a in state.items()}
        write_atomically(file, safetensors_bytes(state, metadata))

    def forget(self, key: str) -> None:
        """Remove an entry, if it is there: at once, so that no half of it can be found."""
        scratch = self._scratch(key)
        with contextlib.suppress(FileNotFoundError):
            (self.root / key).rename(scratch)
        shutil.rmtree(scratch, ignore_errors=True)

    def _scratch(self, key: str) -> Path:
        """Return a new name for what is, or was, an entry of that key."""
        return self.root / f".{key}.{secrets.token_hex(4)}.new"

    @staticmethod
    def _write(folder: Path, result: Result, record: Mapping[str, Any]) -> None:
        files: dict[str, bytes] = {}
        plain = {name: to_plain(value, files) for name, value in result.items()}
        files["result.json"] = dump(plain)
        files["record.json"] = dump(record)
        for name, content in files.items():
            _write_file(folder / name, content)
        manifest = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
        _write_file(folder / "manifest.json", dump(manifest))
        flush_folder(folder)

    def _opened(self, key: str) -> Stored:
        """Return an entry; one of UNREADABLE if it is missing or damaged."""
        contents = self._contents(key)
        result = result_from(json.loads(contents["result.json"]), contents.get)
        record = json.loads(contents["record.json"])
        math.isfinite(record["seconds"])  # TypeError or LookupError without such a number
        return Stored(key=key, result=result, record=record)

    def _contents(self, key: str) -> dict[str, bytes]:
        """Return the files of an entry, each as it was written."""
        folder = self.root / key
        return {name: _verified(folder / name, sha) for name, sha in _manifest(folder).items()}


def _manifest(folder: Path) -> dict[str, str]:
    """Return the sha-256 of each file of an entry by name; ValueError if it names no such."""
    manifest = _all_of_manifest(folder)
    manifest.pop(LEFT_OUT, None)
    if "result.json" not in manifest or any(Path(name).name != name for name in manifest):
        raise ValueError(f"{folder} has no manifest")
    return manifest


def _all_of_manifest(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "manifest.json").read_text()))


def _verified(path: Path, sha: str) -> bytes:
    """Return a file's bytes; ValueError if they are not those that were written."""
    if path.suffix == ".safetensors":  # large, and no page shows it
        return b"" if path.is_file() else path.read_bytes()
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != sha:
        raise ValueError(f"{path} is damaged")
    return content


def _write_file(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        flush(file)
