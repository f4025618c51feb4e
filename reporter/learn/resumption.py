"""How far a training is ⇄ files from which it goes on after an interruption."""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from array import array
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import torch

from reporter.learn.arithmetic import arithmetic
from reporter.learn.encoding import HEADER, decoded, encoded, number
from reporter.learn.trials import Course, Epoch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from reporter.learn.encoding import Pieces
    from reporter.learn.streams import RunContext

Contents = dict[str, Any]


@dataclass(kw_only=True, eq=False)
class Ration:
    """Time for what is done over and over: a share of all that passes, and some at first."""

    share: float
    free_s: float = 0.0
    spent_s: float = 0.0
    began_s: float = field(default_factory=time.perf_counter)

    def is_left(self) -> bool:
        """Tell whether it may be done now."""
        allowed_s = max(self.free_s, self.share * (time.perf_counter() - self.began_s))
        return self.spent_s <= allowed_s

    @contextlib.contextmanager
    def taken(self) -> Iterator[None]:
        """Count the time of the block."""
        began_s = time.perf_counter()
        yield
        self.spent_s += time.perf_counter() - began_s


@dataclass(kw_only=True, eq=False)
class Resumption:
    """Files that hold a training's state after its last epochs.

    After every epoch the state is written, over an older one: of three files never the newest, nor
    the newest that is known to be on the disk. So a process may be killed at any moment, and only
    the epoch in progress is lost. Writing copies memory and adds a checksum: 0.6 to 0.9 ms for half
    a megabyte. Where it takes more than a tenth of the time, and has taken two seconds, epochs
    are passed over: as many as end within ten writes.

    A power failure takes what the system has not yet put on the disk. That is waited for as long as
    it takes a fortieth of the time: after every epoch that lasts forty times as long as the disk
    takes, else after as many as do.

    Whatever can't be read, or was written for another training, by another version of torch, on
    another device or with another number of threads, counts as nothing: training starts anew.

    Attributes:
        path: what the names of the files begin with; None for no such.
        identity: a digest of what the training is.
    """

    path: Path | None
    identity: str
    writing: Ration = field(default_factory=lambda: Ration(share=1 / 10, free_s=2))
    waiting: Ration = field(default_factory=lambda: Ration(share=1 / 40, spent_s=0.01))
    number: int = 0  # of the newest
    newest: Path | None = None
    on_disk: Path | None = None

    @cached_property
    def files(self) -> tuple[Path, ...]:
        """Return where the state may be."""
        if self.path is None:
            return ()
        name = f"{self.path.name}.{self.identity}"
        return tuple(self.path.with_name(f"{name}.{n}") for n in range(3))

    def read(self) -> Contents:
        """Return what was last written; {} when there is nothing that this training can use."""
        numbers = {file: number for file in self.files if (number := written(file))}
        for file in sorted(numbers, key=numbers.__getitem__, reverse=True):
            with contextlib.suppress(OSError):
                found = decoded(file.read_bytes())
                if found is not None:
                    sync(file)
                    self.number, self.newest, self.on_disk = numbers[file], file, file
                    return found
        return {}

    def write(self, contents: Callable[[], Contents]) -> None:
        """Keep `contents()`, plain values and tensors, in place of what was; not if too early.

        Where that fails, as on a full disk, no more is kept, and training goes on.
        """
        if self.path is None or not self.writing.is_left():
            return
        file = next(file for file in self.files if file not in (self.newest, self.on_disk))
        self.number += 1
        try:
            with self.writing.taken():
                overwrite(file, encoded(contents(), self.number))
            self.newest = file
            if self.waiting.is_left():
                with self.waiting.taken():
                    sync(file)
                self.on_disk = file
        except OSError:
            self.path = None
            with contextlib.suppress(OSError):
                file.unlink()


def written(file: Path) -> int:
    """Return the number of what was written to a file, which tells the newest; 0 for nothing."""
    try:
        with file.open("rb") as opened:
            return number(opened.read(HEADER.size))
    except OSError:
        return 0


def overwrite(file: Path, pieces: Pieces) -> None:
    """Begin a file with these bytes; what it had beyond them stays. A new one would take longer."""
    handle = os.open(file, os.O_WRONLY | os.O_CREAT, 0o666)  # which "wb" would empty
    with os.fdopen(handle, "wb") as opened:
        opened.writelines(pieces)


def sync(file: Path) -> None:
    """Have a file and its name on the disk, so that a power failure takes neither."""
    for path in (file, file.parent):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def resumption(
    run: RunContext, facts: Sequence[object], tensors: Iterable[torch.Tensor]
) -> Resumption:
    """Return the run's files for the training that these facts and tensors determine."""
    digest = hashlib.sha256()
    if run.resume:
        digest.update(repr((arithmetic(run.device), *facts)).encode())
        for tensor in tensors:
            flat = tensor.detach().cpu().contiguous().view(-1)
            digest.update(flat.view(torch.uint8).numpy().tobytes())
    return Resumption(path=run.resume, identity=digest.hexdigest()[:16])


def tell_resumed(run: RunContext, where: str) -> None:
    """Note, and print, after which epoch training goes on."""
    run.note(resumed_at=where)
    print(f"going on after {where}", flush=True)  # noqa: T201 - into the run's log


def random_states(device: str) -> list[torch.Tensor]:
    """Return the states of the global generators that a training on the device draws from."""
    own = [torch.cuda.get_rng_state()] if device == "cuda" else []
    return [torch.get_rng_state(), *own]


def restore_random_states(states: Sequence[torch.Tensor]) -> None:
    """Let the global generators go on from states of `random_states`."""
    torch.set_rng_state(states[0])
    for state in states[1:]:
        torch.cuda.set_rng_state(state)


def packed(course: Course) -> Contents:
    """Return a course as plain values, numbers in a row and tensors."""
    best = course.best.packed() if course.best else b""
    return {**vars(course), "epochs": None, "best": best}


def unpacked(contents: Contents) -> Course:
    """Return the course that `packed` made plain."""
    best = Epoch.unpacked(contents["best"])
    return Course(**{
        **contents,
        "losses": array("d", contents["losses"]),
        "epochs": Epoch.unpacked(contents["readings"]),
        "readings": bytearray(contents["readings"]),
        "best": best[0] if best else None,
    })  # fmt: skip
