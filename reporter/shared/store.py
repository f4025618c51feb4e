"""A store that several machines share: an ordinary one in a folder here, with entries of the other.

What is asked for and not here is fetched, verified file by file, and is an ordinary entry then; a
network when a run loads it, until then it counts as left out. What is computed lands here, and is
sent before its claim is released, so that whoever waited finds it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import shutil
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reporter.errors import ReportError
from reporter.files import Claim, flush, flush_folder, put, write_atomically
from reporter.plain import NETWORK, dump
from reporter.shared.entries import Entries, why
from reporter.shared.leases import LEASE_S, Leases
from reporter.store import LEFT_OUT, UNREADABLE, Store, Unshared

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from reporter.shared.remotes import Remote
    from reporter.store import Stored

END_S = 5.0  # for ending a lease of which nothing came; else it ends by itself
REMEDY = "its owner removes entries/{key}.json there"


@dataclass(frozen=True, kw_only=True)
class SharedClaim(Claim):
    """A right among the processes of this machine, with a lease among machines."""

    end: Callable[[Claim], None]

    def release(self) -> None:
        """Send what was computed, then let others have it: in the background."""
        self.end(Claim(path=self.path, file=self.file))


class SharedStore(Store):
    """Results of an address, and those of this machine in the folder `root`."""

    def __init__(
        self,
        root: Path,
        address: str,
        remote: Remote,
        *,
        lease_s: float = LEASE_S,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        super().__init__(root)
        self.here = Store(root)
        self.address = address
        self._there = Entries(address, remote, wait)
        self._leases = Leases(remote, lease_s=lease_s)
        self._is_mirror = not remote.can_be_written
        self._refusal = "a mirror" if self._is_mirror else ""  # why nothing can be written there
        self._damaged: dict[str, str] = {}  # key → what of it is damaged there
        self._claimed: set[str] | None = None  # when that was asked
        self._senders: list[threading.Thread] = []

    def __contains__(self, key: str) -> bool:
        return key in self.here or (key not in self._damaged and self._there.has(key))

    def prepare(self) -> None:
        """Make the folder here and the store there, if there are none yet."""
        self.here.prepare()
        if self._refusal:
            return
        try:
            self._there.establish()
        except PermissionError as exc:
            self._refusal = why(exc)
        except OSError as exc:
            told = f"REPORT_STORE = {self.address} can't be written: {why(exc)}; see to it"
            raise ReportError(told) from exc

    def claim(self, key: str) -> Claim | None:
        """Return the right to compute the result of `key`; None while another process has it.

        Where the store there can't be reached or written, the processes of this machine agree.
        """
        claim = self.claim_here(key)
        if claim is None or self._refusal:
            return claim
        try:
            is_due, was_there = self._leases.is_due(key), self._there.manifest(key)
            is_ours = is_due and self._there.asked(lambda: self._leases.take(key))
        except OSError as exc:
            self._refusal = why(exc) if isinstance(exc, PermissionError) else ""
            return claim
        is_there = None
        with contextlib.suppress(OSError):
            is_there = self._there.manifest(key, anew=is_due)  # may have been sent just now
        if not is_ours:
            if is_there and not was_there:
                return claim
            claim.release()
            return None
        claim.file.write(self._leases.owner.encode())  # for whoever finds it unlocked
        claim.file.flush()
        return SharedClaim(path=claim.path, file=claim.file, end=lambda it: self._end(key, it))

    def claim_here(self, key: str) -> Claim | None:
        """Return the right among processes of this machine; end the lease of a killed one."""
        claim = self.here.claim_here(key)
        owner = claim.path.read_text() if claim else ""
        if claim and owner:
            claim.file.truncate(0)
            self._leases.drop(key, owner)
        return claim

    def is_claimed(self, key: str) -> bool:
        """Tell whether some process computes the result of a key, here or on another machine."""
        if super().is_claimed(key):
            return True
        if self._claimed is None:
            with contextlib.suppress(OSError):
                self._claimed = self._leases.keys()
        return key in (self._claimed or ())

    def load(self, key: str) -> Stored | None:
        """Return the entry; fetch it when it is missing or damaged here."""
        found = self.here.load(key)
        return found or (self.here.load(key) if self._fetch(key) else None)

    def is_whole(self, key: str) -> bool:
        """Tell whether `load` would find what was written, fetching it as that does."""
        return self.here.is_whole(key) or (self._fetch(key) and self.here.is_whole(key))

    def damage(self, key: str) -> str:
        """Return which file of an entry is damaged here or, if it is needed from there, there."""
        found = self.here.damage(key)
        if found and self._fetch(key):
            found = ""
        is_here = key in self.here and not self.here.lacks_network(key)
        if found or is_here or key not in self._damaged:
            return found
        return f"{self._damaged[key]} in {self.address} ({REMEDY.format(key=key)})"

    def lacks_network(self, key: str) -> bool:
        """Tell whether an entry has no network here and none can be fetched."""
        if key not in self.here:
            self._fetch(key)
        return self.here.lacks_network(key) and not self._fetch_network(key)

    def export(self, key: str, file: Path, *, half: bool) -> None:
        """Copy an entry's checkpoint to `file`, fetching it if need be."""
        self.damage(key)
        super().export(key, file, half=half)

    def share(self, keys: Iterable[str]) -> Unshared | None:
        """Send what the store there lacks of these results; return what it lacks still."""
        for sender in self._senders:
            sender.join()
        self._senders.clear()
        if self._is_mirror:
            return None
        self._there.rested()
        unsent, failure = 0, ""
        for key in dict.fromkeys(keys):
            try:
                if not self._is_unsent(key):
                    continue
                unsent += 1
                if not self._refusal:
                    self._send(key)
                    unsent -= 1
            except PermissionError as exc:
                self._refusal = why(exc)
            except OSError as exc:
                failure = why(exc)
            except ReportError as exc:
                return Unshared(line=str(exc), is_failure=True)
        if not unsent:
            return None
        count = f"{unsent} result{'s' if unsent > 1 else ''}"
        line = f"{count} stayed in {self.root} alone: {self.address} did not take them"
        line += f" ({failure}); the next build sends them" if failure else f" ({self._refusal})"
        return Unshared(line=line, is_failure=bool(failure))

    def _end(self, key: str, claim: Claim) -> None:
        """Let a claim end; a new result is sent before."""

        def end() -> None:
            with contextlib.suppress(OSError):  # then `share` sends it, or tells
                if self._is_unsent(key):
                    self._send(key)
            self._leases.end(key)
            claim.release()

        sender = threading.Thread(target=end, name=f"send {key[:10]}", daemon=True)
        sender.start()
        if key in self.here:
            self._senders.append(sender)
        else:
            sender.join(END_S)

    def _is_unsent(self, key: str) -> bool:
        """Tell whether an entry is here, whole and good, and not there."""
        is_here = key in self.here and not self.here.lacks_network(key)
        return is_here and not self._there.has(key) and not self.here.damage(key)

    def _send(self, key: str) -> None:
        manifest = (self.root / key / "manifest.json").read_bytes()
        self._there.send(key, self.root / key, _files(manifest))

    def _fetch(self, key: str) -> bool:
        """Fetch an entry, all but its network; tell whether it is here now."""
        if key in self._damaged:
            return False
        with contextlib.suppress(OSError):  # who can't be reached any more has nothing
            content = self._there.manifest(key)
            return content is not None and self._install(key, content)
        return False

    def _install(self, key: str, content: bytes) -> bool:
        try:
            files = _files(content)
        except UNREADABLE:
            self._damaged[key] = "manifest.json"
            return False
        network = {NETWORK: files.pop(NETWORK)} if NETWORK in files else {}
        with self._received(key, files) as scratch:
            if scratch is None:
                return False
            content = dump({**files, LEFT_OUT: network}) if network else content
            with (scratch / "manifest.json").open("wb") as file:
                file.write(content)
                flush(file)
            flush_folder(scratch)
            put(scratch, self.root / key)
            flush_folder(self.root)
        return True

    def _fetch_network(self, key: str) -> bool:
        """Fetch the network of an entry that is here without it; tell whether it came."""
        if key in self._damaged:
            return False
        with contextlib.suppress(*UNREADABLE):
            manifest = json.loads((self.root / key / "manifest.json").read_bytes())
            network = manifest.pop(LEFT_OUT)
            there = self._there.manifest(key)
            if there is None or _files(there).get(NETWORK) != network[NETWORK]:
                return False
            with self._received(key, network) as scratch:
                if scratch is None:
                    return False
                (scratch / NETWORK).rename(self.checkpoint(key))
                content = dump({**manifest, **network})
                write_atomically(self.root / key / "manifest.json", content)
            return True
        return False

    @contextlib.contextmanager
    def _received(self, key: str, files: Mapping[str, str]) -> Iterator[Path | None]:
        """Yield a folder with files of an entry as they were written; None if one is not."""
        scratch = self._scratch(key)
        scratch.parent.mkdir(parents=True, exist_ok=True)
        claim = self.claim_here(key)  # so that nobody sweeps the folder away
        try:
            scratch.mkdir()
            self._there.fetch(key, scratch, files)
            bad = [name for name, sha in files.items() if _flushed_sha(scratch / name) != sha]
            if bad:
                self._damaged[key] = bad[0]
            yield None if bad else scratch
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
            if claim:
                claim.release()


def _files(content: bytes) -> dict[str, str]:
    """Return name → sha-256 of a manifest; one of UNREADABLE if it is none."""
    files = dict(json.loads(content))
    are_plain = all(Path(name).name == name and name[0] != "." for name in files)
    are_digests = all(re.fullmatch("[0-9a-f]{64}", sha) for sha in files.values())
    if not (are_plain and are_digests and files.keys() >= {"result.json", "record.json"}):
        raise ValueError("no manifest of an entry")
    return files


def _flushed_sha(path: Path) -> str:
    """Return the sha-256 of a file that is on the disk then."""
    with path.open("r+b") as file:
        flush(file)
        return hashlib.file_digest(file, "sha256").hexdigest()
