"""How far a training is ⇄ a file from which it goes on after an interruption."""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
import zipfile
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import torch

from reporter.learn.arithmetic import arithmetic
from reporter.learn.evaluate import Score
from reporter.learn.trials import Course, Epoch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from reporter.learn.streams import RunContext

Contents = dict[str, Any]
FORMAT = 1  # of the file; another one is not read
PAUSE = 20  # times as long as a write took, until the next: at most 5 % of the time is spent
FIRST_COST_S = 0.01  # a guess, until one has been written


@dataclass(kw_only=True, eq=False)
class Resumption:
    """A file that holds a training's state after one of its last epochs.

    It is written after an epoch, whole or not at all, and so seldom that at most one twentieth of
    the time goes into it: the next time only when twenty times as long as the last write took has
    passed. So an epoch that takes longer than twenty writes is kept when it ends, and only the one
    in progress can be lost; of shorter ones as many as end within twenty writes.

    Whatever can't be read, or was written for another training, by another version of torch, on
    another device or with another number of threads, counts as nothing: training starts anew.

    Attributes:
        path: the file; None for no such.
        identity: a digest of what the training is.
    """

    path: Path | None
    identity: str
    cost_s: float = FIRST_COST_S
    written_s: float = field(default_factory=time.perf_counter)

    def read(self) -> Contents:
        """Return what was last written; {} when there is nothing that this training can use."""
        if self.path is None or not self.path.exists():
            return {}
        try:
            with zipfile.ZipFile(self.path) as parts:
                if parts.testzip():  # a checksum says no; PyTorch does not look at them
                    return {}
            found = torch.load(self.path, weights_only=True)
        except Exception:  # noqa: BLE001 - a damaged file fails in many ways; all mean: start anew
            return {}
        is_own = isinstance(found, dict) and found.get("identity") == self.identity
        return found if is_own else {}

    def write(self, contents: Callable[[], Contents]) -> None:
        """Keep `contents()`, plain values and tensors, in place of what was; not if too early.

        Where that fails, as on a full disk, no more is kept, and training goes on.
        """
        started_s = time.perf_counter()
        if self.path is None or started_s - self.written_s < PAUSE * self.cost_s:
            return
        whole = {"identity": self.identity, **contents()}
        partial = self.path.with_name(f"{self.path.name}.{os.getpid()}.partial")
        try:
            with partial.open("wb") as file:
                torch.save(whole, file)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(self.path)
            on_disk(self.path.parent)
        except (OSError, RuntimeError):  # the second is PyTorch's, of its archives
            self.path = None
            with contextlib.suppress(OSError):
                partial.unlink()
        self.written_s = time.perf_counter()
        self.cost_s = self.written_s - started_s


def resumption(
    run: RunContext, facts: Sequence[object], tensors: Iterable[torch.Tensor]
) -> Resumption:
    """Return the run's file for the training that these facts and tensors determine."""
    digest = hashlib.sha256()
    if run.resume:
        digest.update(repr((FORMAT, arithmetic(run.device), *facts)).encode())
        for tensor in tensors:
            flat = tensor.detach().cpu().contiguous().view(-1)
            digest.update(flat.view(torch.uint8).numpy().tobytes())
    return Resumption(path=run.resume, identity=digest.hexdigest())


def on_disk(folder: Path) -> None:
    """Have the names in a folder on the disk, so that a power failure brings no older file back."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


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
    """Return a course as plain values and tensors."""
    return {
        **vars(course),
        "losses": torch.tensor(course.losses, dtype=torch.float64),
        "epochs": [asdict(epoch) for epoch in course.epochs],
        "best": asdict(course.best) if course.best else None,
    }


def unpacked(contents: Contents) -> Course:
    """Return the course that `packed` made plain."""
    best = contents["best"]
    return Course(**{
        **contents,
        "losses": contents["losses"].tolist(),
        "epochs": [unpacked_epoch(epoch) for epoch in contents["epochs"]],
        "best": unpacked_epoch(best) if best else None,
    })  # fmt: skip


def unpacked_epoch(contents: Contents) -> Epoch:
    """Return the epoch that `asdict` made plain."""
    scores: dict[str, Any] = {
        split: Score(**contents[split]) if contents[split] else None
        for split in ("train", "validation", "test")
    }
    return Epoch(number=contents["number"], **scores)
