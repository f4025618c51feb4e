"""What builds survive: each other, damaged and read-only stores, full disks, their own end."""

import contextlib
import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pypdfium2
import pytest

from reporter.build import Request, build
from reporter.cli import watch
from reporter.errors import DiskError, ReportError
from tests.processes import LIMIT_S, left_over, table, until
from tests.workspaces import planned, workspace

TOY = '''
from reporter import *


@experiment
def waits(run: Run, *, outside: str) -> Result:
    """Say that it began, and end when it may."""
    import os, time
    from pathlib import Path

    with Path(outside, "began").open("a") as file:
        file.write(f"{run.name} {os.getpid()}\\n")
    while not Path(outside, "go").exists():
        time.sleep(0.01)
    return Result(test_accuracy=Metric(value=0.5, split="test"))


@experiment
def begets(run: Run, *, outside: str, how: str) -> Result:
    """Start a process and one that this starts, each in its own way; then end in some way."""
    import ctypes, os, subprocess, time
    from pathlib import Path

    code = "import subprocess, sys; print(subprocess.Popen(['sleep', '600']).pid, flush=True)"
    child = subprocess.Popen(
        ["python3", "-c", code + "; sys.stdin.read()"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
    )
    below = [os.getpid(), child.pid, int(child.stdout.readline())]
    forked = os.fork()
    if forked == 0:
        time.sleep(600)
    Path(outside, "pids.new").write_text(" ".join(map(str, [*below, forked])))
    Path(outside, "pids.new").rename(Path(outside, "pids"))
    if how == "killed":
        os.kill(os.getpid(), 9)
    if how == "hangs":
        ctypes.PyDLL(None).sleep(600)  # and lets no other thread have a word
    if how == "sleeps":
        time.sleep(600)
    return Result()


@experiment
def devours(run: Run) -> Result:
    """Take more memory than there is."""
    import numpy as np
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))
    np.ones(2 << 30)
    return Result()


@experiment
def trains(run: Run, *, weights: Weights = "random", note: str = "") -> Result:
    """Make a network of what it is given."""
    import numpy as np
    from safetensors.numpy import load_file

    state = {"w": np.arange(3000, dtype=np.float32)}
    if weights.path:
        state = load_file(weights.path)
    print("this is printed", flush=True)
    run.progress(epoch=1, epochs=1)
    total = Metric(value=float(state["w"].sum()), unit="count")
    network = Checkpoint(network="toy", classes=(), settings={}, state=state)
    return Result(total=total, network=network)


KEPT = []


@experiment
def locks(run: Run) -> Result:
    """Make semaphores of a name, as libraries do, and keep them to the end."""
    import multiprocessing

    run.note(kept=str(KEPT.append(multiprocessing.get_context("spawn").Lock())))
    return Result()
'''
WAITS = "".join(
    f'[runs.{name}]\nexperiment = "waits"\noutside = "{{outside}}"\nseeds = [{seed}]\n'
    for seed, name in enumerate("abc")
)
TRAINS = '[runs.first]\nexperiment = "trains"\n'
BUILDS_ON = '[runs.second]\nexperiment = "trains"\nweights = "run:first"\n'


def command(*words: str) -> list[str]:
    """Return what runs `report` in a process of its own."""
    return [sys.executable, "-c", "from reporter.cli import main; main()", *words]


def report(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run `report` in a workspace to its end."""
    return subprocess.run(command(*words), cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture
def begun():
    """Return a function that starts `report` in a session of its own; none outlives the test."""
    with contextlib.ExitStack() as stack:
        for number in (signal.SIGINT, signal.SIGHUP):  # ignored below "&" and nohup
            before = signal.signal(number, signal.default_int_handler)
            stack.callback(signal.signal, number, before)

        def begin(folder: Path, *words: str, **environment: str) -> subprocess.Popen[str]:
            process = subprocess.Popen(
                command(*words),
                cwd=folder,
                env={**os.environ, **environment},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
            stack.enter_context(process)  # reads no more, and waits
            stack.callback(process.kill)
            return process

        yield begin


def heard(process: subprocess.Popen[str], start: str) -> None:
    """Read what a build tells until a line begins so."""
    for line in process.stderr:
        if line.startswith(start):
            return
    pytest.fail(f"it never said {start!r}")


def made(folder: Path, **options: object):
    """Build a workspace in this process, without a page on paper."""
    return build(Request(folder=folder, root=folder / "build", formats=("html",), **options))


def last_build(folder: Path) -> dict[str, list[str]]:
    """Return what the last build says of itself."""
    return json.loads((folder / "build" / "tiny" / "last-build.json").read_text())


@pytest.fixture
def outside(tmp_path):
    """Return a folder by which runs and tests tell each other how far they are."""
    folder = tmp_path / "outside"
    folder.mkdir()
    return folder


@pytest.fixture
def tiny_disk(tmp_path):
    """Return a function that mounts a small file system below tmp_path, if we may."""
    with contextlib.ExitStack() as stack:

        def mount(name: str, *options: str) -> Path:
            folder = tmp_path / name
            folder.mkdir(exist_ok=True)
            if subprocess.run(["mount", *options, folder], check=False).returncode:
                pytest.skip("may not mount a file system")
            stack.callback(subprocess.run, ["umount", "-l", folder], check=True)
            return folder

        yield mount


def began(outside: Path) -> list[str]:
    """Return the names of the runs that began, in order."""
    lines = (outside / "began").read_text().splitlines() if (outside / "began").exists() else []
    return [line.split()[0] for line in lines]


@pytest.mark.parametrize("shares", ["a workspace", "a store"])
def test_two_builds_at_once_compute_each_result_once(tmp_path, begun, outside, shares):
    """The second waits for what the first computes, does the rest, and both are whole."""
    tables = WAITS.format(outside=outside)
    folders = [tmp_path / name for name in ("one", "one" if shares == "a workspace" else "two")]
    for folder in folders:
        workspace(folder, tables, toy=TOY)
    store = {} if shares == "a workspace" else {"REPORT_STORE": str(tmp_path / "store")}
    first = begun(folders[0], "build", "-j", "1", **store)
    heard(first, "running  a (seed 0)")
    second = begun(folders[1], "build", "-j", "1", **store)
    heard(second, "waiting  a (seed 0)  another build computes it")
    heard(second, "running  b (seed 1)")
    assert until(lambda: len(began(outside)) == 2, limit_s=LIMIT_S)
    (outside / "go").touch()
    for process, folder in ((first, folders[0]), (second, folders[1])):
        _, told = process.communicate()
        assert process.returncode == 0, told
        assert len(pypdfium2.PdfDocument(folder / "build" / "tiny" / "report.pdf")) > 1
        assert "</html>" in (folder / "build" / "tiny" / "report.html").read_text()
    assert sorted(began(outside)) == ["a", "b", "c"]
    assert len(last_build(folders[1])["cached"] + last_build(folders[1])["ran"]) == 3


def test_who_waits_for_a_build_that_is_killed_computes_itself(tmp_path, begun, outside):
    """A lock ends with its process."""
    tables = WAITS.format(outside=outside)[: WAITS.format(outside=outside).index("[runs.b]")]
    folder = workspace(tmp_path, tables, toy=TOY)
    first = begun(folder, "run")
    assert until(lambda: began(outside), limit_s=LIMIT_S)
    second = begun(folder, "run")
    heard(second, "waiting  a (seed 0)")
    first.kill()
    first.communicate()
    heard(second, "running  a (seed 0)")
    (outside / "go").touch()
    _, told = second.communicate()
    assert second.returncode == 0, told
    assert began(outside) == ["a", "a"]
    assert not list((folder / "build" / "store").glob(".*"))


def test_a_damaged_result_is_computed_again_and_told(tmp_path):
    """By a line to whoever watches, and in last-build.json."""
    folder = workspace(tmp_path)
    key = made(folder).outcomes[0].job.key
    (folder / "build" / "store" / key / "result.json").write_text("{}")
    told: list[str] = []
    made(folder, watch=lambda event: told.append(watch.line(event)))
    assert told[0] == "damaged  one (seed 0)  its stored result.json; computing it again"
    assert last_build(folder)["damaged"] == ["result.json of one (seed 0)"]
    assert last_build(folder)["ran"] == ["one (seed 0)"]
    made(folder)
    assert last_build(folder)["damaged"] == []


def test_what_only_reads_the_store_names_the_damaged_file(tmp_path):
    """A frozen build and a check say so, and are not well."""
    folder = workspace(tmp_path)
    key = made(folder).outcomes[0].job.key
    (folder / "build" / "store" / key / "record.json").write_text("{}")
    error = "its stored record.json is damaged; build it"
    frozen = made(folder, is_frozen=True)
    assert not frozen.is_well
    assert frozen.made["failures"] == {"one": error}
    done = report(folder, "check")
    assert done.returncode == 1
    assert error in done.stdout


def test_a_damaged_network_is_trained_again_before_a_run_loads_it(tmp_path):
    """What builds on it has the same bits as if nothing had happened."""
    folder = workspace(tmp_path, TRAINS, toy=TOY)
    key = made(folder).outcomes[0].job.key
    network = folder / "build" / "store" / key / "checkpoint.safetensors"
    good = network.read_bytes()
    network.write_bytes(good[:-1] + b"\x7f")
    assert [o.state for o in made(folder).outcomes] == ["cached"]  # no run asks for it
    workspace(folder, TRAINS + BUILDS_ON, toy=TOY)
    outcomes = made(folder).outcomes
    assert [(o.job.run, o.state) for o in outcomes] == [("first", "ran"), ("second", "ran")]
    assert outcomes[0].damaged == "checkpoint.safetensors"
    assert network.read_bytes() == good


def test_what_a_worker_left_that_was_killed_after_storing_goes(tmp_path):
    """The epochs of a result that is there are of no use."""
    folder = workspace(tmp_path, TRAINS, toy=TOY)
    key = made(folder).outcomes[0].job.key
    for name in ("epochs", "epochs.123.0"):
        (folder / "build" / "work" / key / name).write_text("kept")
    (folder / "build" / "store" / f".{key}.123.new").mkdir()
    (folder / "sections" / "01-results.md").write_text("# Other results\n")
    made(folder)
    assert not left_over(folder)


@pytest.mark.parametrize("how", ["killed", "sleeps", "hangs", "ends"])
def test_no_process_outlives_the_worker_that_started_it(tmp_path, outside, how):
    """Killed, out of time, or done: neither a child nor its child in another session."""
    tables = f'[runs.x]\nexperiment = "begets"\noutside = "{outside}"\nhow = "{how}"\n'
    folder = workspace(tmp_path, tables + "timeout_s = 4\n", toy=TOY)
    (outcome,) = made(folder).outcomes
    assert outcome.state == ("ran" if how == "ends" else "failed")
    if how == "killed":
        assert outcome.error.startswith("its worker died (SIGKILL, as when memory runs out)")
    if how in ("sleeps", "hangs"):
        assert outcome.error.startswith("ran past timeout_s = 4;")
    living = {process.pid for process in table()}
    assert not living & set(map(int, (outside / "pids").read_text().split()))


def test_no_process_outlives_a_build_that_is_killed(tmp_path, begun, outside):
    """Not even a worker that hangs, and what it started in another session."""
    tables = f'[runs.x]\nexperiment = "begets"\noutside = "{outside}"\nhow = "hangs"\n'
    process = begun(workspace(tmp_path, tables, toy=TOY), "run")
    assert until((outside / "pids").exists, limit_s=LIMIT_S)
    process.kill()
    process.communicate()
    pids = set(map(int, (outside / "pids").read_text().split()))

    def all_ended() -> bool:
        return not any(p.pid in pids or p.session == process.pid for p in table())

    assert until(all_ended, limit_s=LIMIT_S)


def test_semaphores_of_a_run_go_with_it(tmp_path):
    """Nothing is left in the system for Python to find and to complain of after the build."""
    done = report(workspace(tmp_path, '[runs.a]\nexperiment = "locks"\n', toy=TOY), "run")
    assert done.returncode == 0
    assert "leaked" not in done.stderr


def test_a_run_that_lacks_memory_says_so(tmp_path):
    """In one line with the place, and what to do."""
    folder = workspace(tmp_path, '[runs.x]\nexperiment = "devours"\n', toy=TOY)
    (outcome,) = made(folder).outcomes
    assert outcome.error == (
        "out of memory (toy.py:51); fewer workers (-j 1), smaller images or batches need less"
    )


def filled(disk: Path) -> Path:
    """Fill a small disk to the last byte; return the file that does."""
    with contextlib.suppress(OSError), (disk / "filler").open("wb", buffering=0) as file:
        while file.write(bytes(4096)):
            pass
    return disk / "filler"


@pytest.mark.parametrize(
    ("full", "error"),
    [
        (("build/tiny/logs",), "no space left on device (toy.py:64); free some"),
        (("build/work",), ""),
        (("build/tiny/logs", "build/work"), "can't be written, as on a full disk; free some and"),
    ],
)
def test_a_disk_that_fills_up_while_a_run_tells_of_itself_is_one_line(
    tmp_path, tiny_disk, full, error
):
    """Progress is no reason to fail; a log is, and that is said even if it can't be written."""
    folder = workspace(tmp_path, TRAINS, toy=TOY)
    key = planned(folder).jobs[0].key
    for name in full:
        (folder / name).mkdir(parents=True)
        disk = tiny_disk(name, "-t", "tmpfs", "-o", "size=64k", "tmpfs")
        (disk / key).mkdir()
        filled(disk)
    (outcome,) = made(folder).outcomes
    assert error in outcome.error
    assert bool(outcome.error) == bool(error)


def test_a_full_disk_keeps_old_results_and_pages(tmp_path, tiny_disk):
    """What was there stays, bit by bit; one line says what is full; exit code 1."""
    folder = workspace(tmp_path / "x", TRAINS, toy=TOY)
    disk = tiny_disk("x/build", "-t", "tmpfs", "-o", "size=20m", "tmpfs")
    made(folder)
    page = (disk / "tiny" / "report.html").read_bytes()
    entry = sorted((path, path.read_bytes()) for path in disk.glob("store/*/*"))
    workspace(folder, TRAINS + BUILDS_ON, toy=TOY)
    filler = filled(disk)
    done = report(folder, "build", "--format", "html")
    assert done.returncode == 1
    assert "no space left on device" in done.stderr
    assert "Traceback" not in done.stderr
    assert (disk / "tiny" / "report.html").read_bytes() == page
    assert sorted((path, path.read_bytes()) for path in disk.glob("store/*/*")) == entry
    filler.unlink()
    made(folder)
    assert last_build(folder)["ran"] == ["second (seed 0)"]
    assert not list(disk.rglob(".*"))


def test_a_read_only_store_serves_what_it_has(tmp_path, tiny_disk):
    """Stored results are set; what must be computed is told before anything is."""
    folder = workspace(tmp_path / "x", TRAINS, toy=TOY)
    made(folder)
    store = folder / "build" / "store"
    before = sorted(store.rglob("*"))
    tiny_disk("x/build/store", "--bind", str(store))
    subprocess.run(["mount", "-o", "remount,bind,ro", store], check=True)
    assert [o.state for o in made(folder).outcomes] == ["cached"]
    workspace(folder, TRAINS + BUILDS_ON, toy=TOY)
    with pytest.raises(ReportError) as told:
        made(folder)
    assert str(told.value) == (
        f"results can't be stored in {store}: read-only file system; "
        "set REPORT_STORE to a folder that can be written"
    )
    assert sorted(store.rglob("*")) == before


@pytest.fixture
def failing(monkeypatch):
    """Return a function that lets calls of `os` fail below a folder, the first few excepted."""

    def fail(name: str, number: int, folder: Path, spared: int = 0) -> None:
        call, seen = getattr(os, name), []

        def injected(target, *rest, **options):
            path = Path(f"/proc/self/fd/{target}").readlink() if isinstance(target, int) else target
            is_reading = name == "open" and not rest[0] & (os.O_WRONLY | os.O_RDWR)
            if not is_reading and Path(path).is_relative_to(folder):
                seen.append(path)
                if len(seen) > spared:
                    raise OSError(number, os.strerror(number), str(path))
            return call(target, *rest, **options)

        monkeypatch.setattr(os, name, injected)

    return fail


@pytest.mark.parametrize("spared", range(3))
@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_disk_that_is_full_at_any_file_keeps_what_it_has(
    tmp_path, failing, monkeypatch, call, spared
):
    """For every user: the system's answer is injected, at the first file and at later ones."""
    folder = workspace(tmp_path)
    made(folder)
    out = folder / "build" / "tiny"
    before = {path: path.read_bytes() for path in out.iterdir() if path.is_file()}
    results = sorted((path, path.read_bytes()) for path in folder.glob("build/store/*/*"))
    (folder / "sections" / "01-results.md").write_text("# Other results\n")
    failing(call, errno.ENOSPC, out, spared)
    with pytest.raises(DiskError, match="can't be written: no space left on device; free some"):
        made(folder)
    monkeypatch.undo()
    changed = [path for path, content in before.items() if path.read_bytes() != content]
    assert len(changed) <= spared
    assert not list(out.rglob(".*"))
    assert sorted((path, path.read_bytes()) for path in folder.glob("build/store/*/*")) == results
    made(folder)
    assert "Other results" in (out / "report.html").read_text()


def test_a_store_in_which_nothing_can_be_opened_to_write_serves_what_it_has(tmp_path, failing):
    """For every user, as a read-only disk does."""
    folder = workspace(tmp_path, TRAINS, toy=TOY)
    made(folder)
    store = folder / "build" / "store"
    before = sorted(store.rglob("*"))
    failing("open", errno.EROFS, store)
    assert [o.state for o in made(folder).outcomes] == ["cached"]
    workspace(folder, TRAINS + BUILDS_ON, toy=TOY)
    with pytest.raises(ReportError, match=r"results can't be stored in .*: read-only file system;"):
        made(folder)
    assert sorted(store.rglob("*")) == before


def test_a_clock_that_goes_backwards_changes_nothing(tmp_path):
    """Files of tomorrow are as good as those of today."""
    folder = workspace(tmp_path, TRAINS, toy=TOY)
    made(folder)
    tomorrow = time.time() + 86400
    for path in folder.rglob("*"):
        os.utime(path, (tomorrow, tomorrow))
    assert [o.state for o in made(folder).outcomes] == ["cached"]
    workspace(folder, TRAINS + BUILDS_ON, toy=TOY)
    assert [o.state for o in made(folder).outcomes] == ["cached", "ran"]
    assert "second" in (folder / "build" / "tiny" / "report.html").read_text()


def test_a_page_of_a_build_that_was_killed_is_not_taken_for_another(tmp_path):
    """The PDF is set again when it is not the one that the last whole build wrote."""
    folder = workspace(tmp_path)
    request = Request(folder=folder, root=folder / "build")
    path = build(request).files[1]
    good = path.read_bytes()
    path.write_bytes(b"of a build that did not come to write last-build.json")
    build(request)
    assert path.read_bytes() == good


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_ends_a_build_in_order(tmp_path, begun, outside, number, code):
    """Its exit code says which, no traceback is shown, nobody is left, finished runs are kept."""
    tables = '[runs.one]\nexperiment = "trains"\n' + WAITS.format(outside=outside)
    process = begun(workspace(tmp_path, tables, toy=TOY), "run", "-j", "1")
    heard(process, "running  a")
    assert until(lambda: began(outside), limit_s=LIMIT_S)
    (os.kill if number == signal.SIGTERM else os.killpg)(process.pid, number)  # as users do
    _, told = process.communicate()
    assert process.returncode == code
    assert told.lstrip() == "report: interrupted; finished runs are kept, build again to go on\n"
    assert until(lambda: not any(p.session == process.pid for p in table()), limit_s=LIMIT_S)
    entries = [path.name for path in (tmp_path / "build" / "store").iterdir()]
    assert len(entries) == 1
    assert not entries[0].startswith(".")
