"""What happens inside a worker: one task → one entry in the store, or one line of error."""

from __future__ import annotations

import contextlib
import errno
import faulthandler
import hashlib
import json
import os
import platform
import subprocess
import sys
import time
import traceback
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reporter import shipped, trust
from reporter.artifacts import KINDS, Result
from reporter.errors import ReportError, RunError
from reporter.executors import LAST_WORDS, PROGRESS, RESUME
from reporter.experiment import Run
from reporter.registry import experiments_in
from reporter.store import Store

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reporter.executors import Task

RECORDED = ("torch", "torchvision", "numpy", "scikit-learn", "pillow", "reporter")
BOOT = Path("/proc/sys/kernel/random/boot_id")
PAUSE_S = 0.1  # between two lines of progress
FULL = (errno.ENOSPC, errno.EDQUOT)
OUT_OF_MEMORY = ("can't allocate memory", "CUDA out of memory")  # PyTorch's RuntimeErrors
COUNTS = (("epoch", "epochs"), ("done", "of"))


def work(task: Task) -> None:
    """Compute the result of `task` and store it; on failure leave `error.json` and a log.

    Raises:
        SystemExit: with 1 when it failed, with EX_IOERR when not even that could be written.
    """
    try:
        task.work.mkdir(parents=True, exist_ok=True)
        _log_into(task)
        result, record = _compute(task)
        Store(task.store).save(task.key, result, record)
        for kept in task.work.glob(f"{RESUME}*"):  # and what a killed write left of it
            kept.unlink(missing_ok=True)
    except BaseException as exc:  # noqa: BLE001 - the build tells of it
        try:
            _report(task, exc)
        except OSError:
            raise SystemExit(os.EX_IOERR) from None
        raise SystemExit(1) from None


def _log_into(task: Task) -> None:
    """Have whatever is printed go into the log at once, which begins with whose it is."""
    task.log.parent.mkdir(parents=True, exist_ok=True)
    with task.log.open("w", encoding="utf-8") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    for stream in (sys.stdout, sys.stderr):  # whoever is killed writes nothing any more
        stream.reconfigure(line_buffering=True)  # type: ignore[union-attr] # of files
    faulthandler.enable(2)
    faulthandler.register(LAST_WORDS, 2, chain=True)
    now = time.strftime("%Y-%m-%d %H:%M:%S")
    with contextlib.suppress(OSError):  # the run's own words will meet the full disk
        print(f"{task.run} (seed {task.seed}), key {task.key[:10]}, {now}")  # noqa: T201 - the log


def _compute(task: Task) -> tuple[Result, dict[str, Any]]:
    device = _prepare_device(task.device, task.threads)
    run = Run(
        name=task.run,
        seed=task.seed,
        device=device,
        notify=Progress(task.work / PROGRESS),
        cache=task.cache,
        resume=task.work / RESUME,
    )
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    started = time.perf_counter()
    found = {e.name: e for e in experiments_in(task.file)}
    result = found[task.experiment].function(run, **task.arguments)
    if not isinstance(result, Result):
        raise RunError(f"{task.experiment} returned {type(result).__name__}; return a Result")
    for name, value in result.items():
        if not isinstance(value, KINDS):
            kind = type(value).__name__
            raise RunError(f"{task.experiment} returned {name} = {kind}; wrap it in an artifact")
    record = {
        "report": task.report,
        "experiment": task.experiment,
        "run": task.run,
        "seed": task.seed,
        "started": now,
        "machine": _machine(),
        "seconds": round(time.perf_counter() - started, 2),
        "processor_seconds": round(time.process_time(), 2),  # which other programs don't prolong
        "device": _device_name(device),
        "host": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "threads": task.threads,
        "python": platform.python_version(),
        "versions": _versions(),
        "commit": _commit(),
        "computed": run.notes,
    }
    return result, record


class Progress:
    """Appends what a run tells of itself to a file, where anyone may look.

    A loop may tell of each of its fast rounds: what comes too soon is passed over, but never the
    last round of a count.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with contextlib.suppress(OSError):  # no run fails for want of onlookers
            self.path.write_text("")
        self.next_s = time.monotonic()

    def __call__(self, values: Mapping[str, float | str]) -> None:
        """Write what is told, unless it comes too soon."""
        now_s = time.monotonic()
        is_last = any(n in values and values[n] == values.get(of) for n, of in COUNTS)
        if now_s < self.next_s and not is_last:
            return
        self.next_s = now_s + PAUSE_S
        with contextlib.suppress(OSError), self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"time": time.time(), **values}) + "\n")


def _prepare_device(wanted: str, threads: int) -> str:
    import torch

    torch.set_num_threads(threads)
    has_cuda = torch.cuda.is_available()
    if wanted == "cuda" and not has_cuda:
        raise RunError('settings.device: "cuda", but torch finds no GPU; set device = "auto"')
    if wanted == "cpu" or not has_cuda:
        return "cpu"
    torch.backends.cudnn.deterministic = True
    torch.backends.cudnn.benchmark = False
    return "cuda"


def _device_name(device: str) -> str:
    if device == "cuda":
        import torch

        return str(torch.cuda.get_device_name())
    with contextlib.suppress(OSError), Path("/proc/cpuinfo").open(encoding="utf-8") as file:
        for line in file:
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "CPU"


def _machine() -> str:
    """Return what tells machines apart and names none: "" where the system has nothing for it.

    It is Linux's identity of the time since the machine started, which every container on it has;
    an identity of the system may have been copied with it.
    """
    with contextlib.suppress(OSError):
        return hashlib.sha256(b"reporter" + BOOT.read_bytes()).hexdigest()[:12]
    return ""


def _versions() -> dict[str, str]:
    found = {}
    for name in RECORDED:
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found


def _commit() -> str:
    """Return the commit of the folder the command runs in, "" outside a checkout or without git.

    Whether anything is changed there is only asked where the user works: to answer, git starts
    programs that the checkout names.
    """
    here = Path.cwd()
    is_own = trust.is_remembered(here) or here == shipped.PACKAGE.parent
    with contextlib.suppress(OSError):
        answer = subprocess.run(  # noqa: S603 - no word is foreign
            ["git", "describe", "--always", *(["--dirty"] if is_own else [])],  # noqa: S607 - the user's git
            capture_output=True,
            text=True,
            check=False,
        )
        return answer.stdout.strip()
    return ""


def _report(task: Task, exc: BaseException) -> None:
    """Leave one line for the report; the traceback of a defect goes into the log."""
    line = str(exc)
    if not isinstance(exc, ReportError):
        line = _described(exc)
    (task.work / "error.json").write_text(json.dumps({"error": " ".join(line.split())}))
    if not isinstance(exc, ReportError):
        traceback.print_exception(exc)
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - into the run's log


def _described(exc: BaseException) -> str:
    """Return what went wrong and where, in one line, with the remedy where there is one."""
    frames = traceback.extract_tb(exc.__traceback__)
    own = [frame for frame in frames if Path(frame.filename).parent.name == "experiments"]
    place = (own or frames)[-1]
    where = f"{Path(place.filename).name}:{place.lineno}"
    if isinstance(exc, OSError) and exc.errno in FULL:
        return f"no space left on device ({where}); free some and build again"
    if isinstance(exc, MemoryError) or any(word in str(exc) for word in OUT_OF_MEMORY):
        return f"out of memory ({where}); fewer workers (-j 1), smaller images or batches need less"
    return f"{type(exc).__name__}: {exc} ({where})"
