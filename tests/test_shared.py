"""A store that machines share: what one computes the others have, whatever breaks meanwhile."""

import errno
import json
import socket
from pathlib import Path

import pytest
from safetensors import safe_open

from reporter.artifacts import Metric, Result
from reporter.errors import ReportError
from reporter.executors.local import LocalExecutor
from reporter.runner import Runner
from reporter.serve.draft import Draft
from reporter.shared import open_store, remote_at
from reporter.shared.remotes import Folder
from reporter.store import Store
from reporter.workplace import Request
from tests.commanding import report
from tests.servers import Script, serving
from tests.sharing import KEY, computed, files, machine, mirror, race
from tests.workspaces import RECORD, every_artifact, planned, workspace


@pytest.fixture
def address(tmp_path: Path) -> str:
    """Return where nothing is yet."""
    return f"file://{tmp_path}/there"


def _sent(tmp_path: Path, address: str, key: str = KEY) -> Path:
    """Compute a result on a machine of its own; return its entry there."""
    store, _ = machine(tmp_path / "first", address)
    computed(store, key)
    assert store.share([key]) is None
    return store.root / key


def test_another_machine_has_what_one_computed(tmp_path: Path, address: str) -> None:
    """Bit for bit, and an ordinary store without the address has it, too."""
    first = _sent(tmp_path, address)
    store, _ = machine(tmp_path / "second", address)
    assert KEY in store
    assert store.load(KEY).record == RECORD
    assert not store.lacks_network(KEY)
    assert files(store.root / KEY) == files(first)
    assert Store(store.root).damage(KEY) == ""


def test_a_network_comes_when_it_is_loaded_and_not_before(tmp_path: Path, address: str) -> None:
    """Till then the entry is one whose network was left out."""
    _sent(tmp_path, address)
    store, line = machine(tmp_path / "second", address)
    assert store.load(KEY) is not None
    assert not store.checkpoint(KEY).exists()
    assert Store(store.root).lacks_network(KEY)
    assert Store(store.root).is_whole(KEY)
    line.asked.clear()
    store.export(KEY, tmp_path / "network.safetensors", half=False)
    assert [asked.split("/")[0] for asked in line.asked] == ["fetch files"]
    with safe_open(tmp_path / "network.safetensors", framework="numpy") as file:
        assert file.metadata()["network"] == "toy"


def test_a_run_that_loads_a_network_has_all_of_it_fetched(tmp_path: Path, address: str) -> None:
    """Although nothing of the entry was here when it was asked for."""
    first = _sent(tmp_path, address)
    store, _ = machine(tmp_path / "second", address)
    assert not store.lacks_network(KEY)
    assert files(store.root / KEY) == files(first)


def test_what_a_build_asks_of_the_store_grows_with_what_it_needs_alone(
    tmp_path: Path, address: str
) -> None:
    """Two requests look fifty keys up; each that is there costs its manifest and its files."""
    keys = [f"{number:064x}" for number in range(50)]
    first, line = machine(tmp_path / "first", address)
    first.prepare()
    line.counts()
    assert [first.load(key) for key in keys] == [None] * 50
    assert not line.counts(), "what is not there was listed"
    for key in keys:
        first.here.save(key, Result(a=Metric(value=0.5)), RECORD)
    assert first.share(keys) is None
    assert line.counts() == {"send files": 50 * 2, "create entries": 50}
    store, line = machine(tmp_path / "second", address)
    assert all(key in store for key in keys)
    assert line.counts() == {"read store.json": 1, "names entries": 1}
    assert all(store.load(key) for key in keys)
    assert line.counts() == {"read entries": 50, "fetch files": 50 * 2}
    assert all(store.load(key) for key in keys)
    assert store.share(keys) is None
    assert not line.counts(), "all of it is here"
    store, line = machine(tmp_path / "second", address)
    assert all(store.load(key) for key in keys)
    assert store.share(keys) is None
    assert line.counts() == {"read store.json": 1, "names entries": 1}
    with mirror(tmp_path / "there") as url:
        store, line = machine(tmp_path / "second", url)
        assert all(store.load(key) for key in keys)
        assert store.share(keys) is None
        assert not line.counts()
        store, line = machine(tmp_path / "third", url)
        assert not any(key in store for key in (f"{number:064x}" for number in range(50, 100)))
        assert line.counts() == {"read store.json": 1, "names entries": 1, "read entries": 50}


def test_a_computed_result_costs_a_lease_and_its_files(tmp_path: Path, address: str) -> None:
    """In this order: the manifest comes after all that it names, and then the lease ends."""
    store, line = machine(tmp_path / "first", address)
    store.prepare()
    line.asked.clear()
    computed(store)
    assert store.share([KEY]) is None
    verbs = [asked.split("/")[0] for asked in line.asked]
    assert verbs == [
        "create leases", "read entries", *["send files"] * 5, "create entries",
        "remove leases",
    ]  # fmt: skip


@pytest.mark.parametrize("is_heard", [False, True], ids=["asked in vain", "the answer lost"])
def test_a_connection_cut_anywhere_loses_nothing(tmp_path: Path, *, is_heard: bool) -> None:
    """At each of its requests: none sees half an entry, and the next build sends it."""
    ends = []
    for number in range(12):  # a result of five files takes nine
        folder, there = tmp_path / str(number), f"file://{tmp_path}/there-{number}"
        store, line = machine(folder / "first", there)
        store.prepare()
        line.breaks_at, line.is_heard = len(line.asked) + number, is_heard
        computed(store)
        unshared = store.share([KEY])
        assert store.load(KEY) is not None, "here it is whole"
        seen = machine(folder / "second", there)[0].load(KEY)
        assert seen is None or seen.record == RECORD
        if unshared:
            assert unshared.is_failure
            assert unshared.line == (
                f"1 result stayed in {store.root} alone: {there} did not take them ("
                "Connection reset by peer); the next build sends them"
            )
        else:
            assert seen
        ends.append((bool(unshared), seen is not None))
        later, _ = machine(folder / "first", there)
        assert later.share([KEY]) is None
        assert machine(folder / "third", there)[0].load(KEY).record == RECORD
    assert (True, False) in ends
    assert ends[9:] == [(False, True)] * 3


def test_a_short_cut_is_waited_for(tmp_path: Path, address: str) -> None:
    """With longer pauses each time; then the result is sent after all."""
    store, line = machine(tmp_path / "first", address)
    store.prepare()
    pauses = []

    def mend(pause_s: float) -> None:
        pauses.append(pause_s)
        if len(pauses) == 3:
            line.breaks_at = None

    store._there._wait = mend
    line.breaks_at = 0
    store.here.save(KEY, every_artifact(), RECORD)
    assert store.share([KEY]) is None
    assert pauses == [0.5, 2.0, 8.0]
    assert machine(tmp_path / "second", address)[0].load(KEY)


def test_what_cannot_be_reached_from_the_start_is_told_before_anything_is_computed(
    tmp_path: Path, address: str
) -> None:
    """But not where all that is needed lies here: that asks nothing."""
    store, _ = machine(tmp_path / "first", address, breaks_at=0)
    with pytest.raises(ReportError, match=r"can't be read: Connection reset by peer; see to it, o"):
        store.load(KEY)
    store.here.prepare()
    store.here.save(KEY, every_artifact(), RECORD)
    assert store.load(KEY)
    assert KEY in store
    told = store.share([KEY])
    assert "can't be read: Connection reset" in told.line
    assert told.is_failure


def test_a_build_goes_on_without_the_store(tmp_path: Path, address: str) -> None:
    """Cut in the middle: nothing is there any more, and machines don't agree; it does not stop."""
    _sent(tmp_path, address)
    store, line = machine(tmp_path / "second", address)
    store.prepare()
    assert KEY in store
    line.breaks_at = 0
    assert store.load(KEY) is None
    claim = store.claim(KEY)
    assert claim is not None
    assert store.here.claim(KEY) is None, "processes of this machine still agree"
    claim.release()


def _objects(tmp_path: Path) -> list[Path]:
    return sorted(path for path in (tmp_path / "there").rglob("*") if KEY in str(path))


def test_whatever_is_damaged_there_is_told_and_not_used(tmp_path: Path, address: str) -> None:
    """Each file of it, changed, cut or lost; what is computed instead stays here."""
    first = _sent(tmp_path, address)
    shas = json.loads((first / "manifest.json").read_bytes())
    names = {sha: name for name, sha in reversed(shas.items())}  # two arrays of it are equal
    told = set()
    for number, path in enumerate(path for path in _objects(tmp_path) if path.is_file()):
        content = path.read_bytes()
        for bad in (content[:-2] + b"?" + content[-1:], content[: len(content) // 2], None):
            path.unlink() if bad is None else path.write_bytes(bad)
            store, _ = machine(tmp_path / f"second-{number}", address)
            name = names.get(path.name, "manifest.json")
            if name == "manifest.json" and bad is None:
                assert KEY not in store, "an owner removed it"
            elif name == "checkpoint.safetensors":
                assert store.load(KEY)
                assert store.lacks_network(KEY)
            else:
                assert store.load(KEY) is None
            if (store.root / KEY).exists():
                store.here.forget(KEY)
            line = f"{name} in {address} (its owner removes entries/{KEY}.json there)"
            assert store.damage(KEY) in ("", line)
            told.add(store.damage(KEY))
            computed(store, seconds=2.5)
            assert store.share([KEY]) is None
            assert store.load(KEY).record["seconds"] == 2.5
            assert store.damage(KEY) == ""
            path.write_bytes(content)
            store.here.forget(KEY)
    assert len(told) == 1 + len({*names.values(), "manifest.json"})


def test_an_owner_who_removes_a_damaged_manifest_gets_a_good_one(
    tmp_path: Path, address: str
) -> None:
    """As the line says: the next build sends what it has."""
    _sent(tmp_path, address)
    manifest = tmp_path / "there" / "entries" / f"{KEY}.json"
    manifest.write_bytes(b"{}")
    store, _ = machine(tmp_path / "second", address)
    assert store.load(KEY) is None
    computed(store)
    store.share([KEY])
    manifest.unlink()
    assert machine(tmp_path / "second", address)[0].share([KEY]) is None
    assert machine(tmp_path / "third", address)[0].load(KEY)


def test_what_is_damaged_here_is_fetched_again(tmp_path: Path, address: str) -> None:
    """Nothing is computed for it, a network's file is no exception."""
    first = _sent(tmp_path, address)
    before = files(first)
    store, _ = machine(tmp_path / "first", address)
    for name in before:
        (first / name).write_bytes(b"?")
        assert store.damage(KEY) == ""
        assert store.load(KEY)
        assert not store.lacks_network(KEY)
        assert files(first) == before


def test_a_damaged_result_here_is_not_sent(tmp_path: Path, address: str) -> None:
    """Others would have to compute it anyway."""
    store, _ = machine(tmp_path / "first", address)
    store.prepare()
    store.here.save(KEY, every_artifact(), RECORD)
    store.checkpoint(KEY).write_bytes(b"?")
    store.share([KEY])
    assert KEY not in machine(tmp_path / "second", address)[0]


def test_a_result_without_its_network_is_not_sent(tmp_path: Path, address: str) -> None:
    """One that came in a bundle would stand there for ever without it."""
    store, _ = machine(tmp_path / "first", address)
    store.prepare()
    store.here.save(KEY, every_artifact(), RECORD)
    (store.root / KEY / "manifest.json").write_bytes(store.portable(KEY)["manifest.json"])
    assert store.share([KEY]) is None
    assert KEY not in machine(tmp_path / "second", address)[0]


def test_of_two_results_of_one_key_the_first_stays_whole(tmp_path: Path, address: str) -> None:
    """Nobody's files are mixed with another's, whoever sends while the other does."""
    stores = [machine(tmp_path / name, address)[0] for name in ("first", "second")]
    for store, seconds in zip(stores, (1.0, 2.0), strict=True):
        store.prepare()
        assert KEY not in store
        store.here.save(KEY, every_artifact(), {**RECORD, "seconds": seconds})
    assert [store.share([KEY]) for store in stores] == [None, None]
    third, _ = machine(tmp_path / "third", address)
    assert third.load(KEY).record["seconds"] == 1.0
    assert third.damage(KEY) == ""


REFUSALS = (OSError(errno.EROFS, "Not for you"), PermissionError("Not for you"))


@pytest.mark.parametrize("refusal", REFUSALS, ids=["a folder's", "a bucket's"])
def test_a_store_that_cannot_be_written_is_read(
    tmp_path: Path, address: str, refusal: OSError
) -> None:
    """What is computed goes into the folder here, which is said and no failure."""
    _sent(tmp_path, address)
    there = {path: path.stat().st_mtime_ns for path in (tmp_path / "there").rglob("*")}
    store, line = machine(tmp_path / "student", address, refuses=refusal)
    assert store.load(KEY)
    other = "cd" * 32
    computed(store, other)
    told = store.share([KEY, other])
    assert not told.is_failure
    assert told.line == (
        f"1 result stayed in {store.root} alone: {address} did not take them (Not for you)"
    )
    assert store.load(other)
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "there").rglob("*")} == there
    line.asked.clear()
    store.claim("ef" * 32).release()
    assert not line.asked, "it asks for no lease any more"


def test_a_run_that_another_machine_computed_meanwhile_is_not_computed(
    tmp_path: Path, address: str
) -> None:
    """It was lacking when the build began; its network, which no run here loads, stays there."""
    folder = workspace(tmp_path / "report", '[runs.net]\nexperiment = "trains"\n')
    plan = planned(folder)
    store, _ = machine(tmp_path / "second", address)
    assert store.load(plan.jobs[0].key) is None
    _sent(tmp_path, address, plan.jobs[0].key)
    folders = {name: tmp_path / name for name in ("work", "cache", "logs")}
    runner = Runner(store=store, device="cpu", threads=1, executor=LocalExecutor(1), **folders)
    assert [outcome.state for outcome in runner.run(plan)] == ["cached"]
    assert not store.checkpoint(plan.jobs[0].key).exists()


def test_a_preview_shows_what_is_fetched(
    tmp_path: Path, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And asks again for a report whose runs changed."""
    monkeypatch.setenv("REPORT_STORE", address)
    folder = workspace(tmp_path / "report")
    (job,) = planned(folder).jobs
    draft = Draft(Request(folder=folder, root=folder / "build"))
    assert draft.compose().finished["one"].error
    _sent(tmp_path, address, job.key)
    draft.forget([folder / "report.toml"])
    assert not draft.compose().finished["one"].error
    assert Store(folder / "build" / "store").load(job.key)


def test_what_another_machine_computes_is_running(tmp_path: Path, address: str) -> None:
    """As a store of one machine says of its own builds."""
    store, line = machine(tmp_path / "first", address)
    store.prepare()
    claim = store.claim(KEY)
    other, line = machine(tmp_path / "second", address)
    assert [other.is_claimed(key) for key in (KEY, "cd" * 32, "ef" * 32)] == [True, False, False]
    assert line.counts() == {"names leases": 1}
    claim.release()
    assert not store.is_claimed(KEY)


def test_a_mirror_is_read_over_http(tmp_path: Path, address: str) -> None:
    """Two hundred students need a web server, and no package; nothing is ever sent."""
    first = _sent(tmp_path, address)
    with mirror(tmp_path / "there") as url:
        store = open_store(tmp_path / "student", url)
        assert KEY in store
        assert store.load(KEY)
        assert not store.lacks_network(KEY)
        assert files(store.root / KEY) == files(first)
        assert "cd" * 32 not in store
        computed(store, "cd" * 32)
        assert store.share([KEY, "cd" * 32]) is None
    assert not list((tmp_path / "there").rglob(f"*{'cd' * 32}*"))


def test_a_mirror_of_nothing_is_told(tmp_path: Path) -> None:
    """An address with a slip would else compute everything again."""
    with mirror(tmp_path) as url, pytest.raises(ReportError, match="no shared store is there; cor"):
        open_store(tmp_path / "student", url).load(KEY)


@pytest.mark.parametrize("status", [None, 503])
def test_a_mirror_that_breaks_off_is_asked_again(tmp_path: Path, status: int | None) -> None:
    """Half a file is no damaged one, and a server that has too much to do may have less later."""
    script = Script(content=b"x" * 1000)
    with serving(script) as url:
        remote = remote_at(url.rpartition("/")[0])
        for ask in (lambda: remote.read("a"), lambda: remote.fetch("a", tmp_path / "a")):
            script.breaks_after, script.statuses = ([300], []) if status is None else ([], [status])
            with pytest.raises(OSError, match=r"broke off|answers 503"):
                ask()
            assert ask()
        assert (tmp_path / "a").read_bytes() == script.content
        script.statuses = [404, 404]
        assert remote.read("a") is None
        assert not remote.fetch("a", tmp_path / "b")
        script.statuses = [401]
        with pytest.raises(PermissionError, match="the server answers 401"):
            remote.read("a")


ADDRESSES = {
    "s4://bucket/x": "= 's4://bucket/x' should be a folder, file:///folder, s3://bucket/prefix or "
    "https://host/path",
    "file://here/x": "= 'file://here/x' should be a folder, file:///folder, s3://",
    "file:///": "= 'file:///' should be a folder",
    "s3://": "= 's3://' should be a folder",
    "s3:bucket": "= 's3:bucket' should be a folder",
    "https://": "= 'https://' should be a folder",
    "https://[x": "= 'https://[x' is no address: ",
    "s3://key:secret@bucket/x": "names a user or password; leave them out: s3:// finds them in AWS",
}


@pytest.mark.parametrize(("address", "told"), ADDRESSES.items())
def test_an_address_that_is_none_is_told(address: str, told: str) -> None:
    """With what was said, but never a password."""
    with pytest.raises(ReportError) as caught:
        remote_at(address)
    assert str(caught.value).startswith(f"REPORT_STORE {told}")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("verb", ["build", "status"])
def test_the_command_tells_of_an_address_before_it_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    """One line, exit code 2: one that is none, and one where nobody answers."""
    monkeypatch.setattr("reporter.shared.entries.PAUSES_S", ())
    folder = workspace(tmp_path / "report")
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        refused = "can't be read: Connection refused; see to it, or unset REPORT_STORE"
        for address, said in ((url, refused), ("s3:bucket", "should be a folder, file:///f")):
            monkeypatch.setenv("REPORT_STORE", address)
            code, _, told = report(folder, verb)
            assert code == 2
            assert told.startswith("report: REPORT_STORE = ")
            assert said in told
            assert told.count("\n") == 1
    assert not (folder / "build" / "tiny" / "report.html").exists()


def test_a_folder_of_results_is_no_shared_store(tmp_path: Path) -> None:
    """Nothing of it would be found: the way to use it is told."""
    Store(tmp_path / "plain").save(KEY, every_artifact(), RECORD)
    store = open_store(tmp_path / "here", f"file://{tmp_path}/plain")
    with pytest.raises(ReportError, match="holds results as a folder keeps them; leave out file:"):
        store.load(KEY)


@pytest.mark.parametrize("about", ['{"format": 2}', "[]", "?"])
def test_a_store_of_another_format_is_told(tmp_path: Path, address: str, about: str) -> None:
    """It is neither read nor written."""
    _sent(tmp_path, address)
    (tmp_path / "there" / "store.json").write_text(about)
    store, line = machine(tmp_path / "second", address)
    with pytest.raises(ReportError, match=r"is of format (2|none|None), not 1; use the version"):
        store.prepare()
    assert not [asked for asked in line.asked if asked.startswith(("create", "send", "write"))]


def test_where_there_are_no_links_an_object_is_created_once_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on some file servers."""

    def link(*_: object) -> None:
        raise OSError(errno.EOPNOTSUPP, "Operation not supported")

    monkeypatch.setattr("os.link", link)
    folder = Folder(tmp_path)
    assert [folder.create("a/b", text) for text in (b"1", b"2")] == [True, False]
    assert folder.read("a/b") == b"1"
    assert folder.names("a") == {"b"}


def test_eight_machines_that_want_one_key_compute_it_once(tmp_path: Path, address: str) -> None:
    """The others wait, and load what the first has sent."""
    ran, loaded = race(tmp_path, address)
    assert len(ran) == 1
    assert loaded == set(ran)


TABLES = '[runs.one]\nexperiment = "toy"\n[runs.net]\nexperiment = "trains"\n'
LATE = '[runs.late]\nexperiment = "trains"\nweights = "run:net"\n'


def test_two_machines_build_one_report_and_the_second_computes_nothing(
    tmp_path: Path, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pages are the same; a run that builds on a network of the first fetches that network."""
    monkeypatch.setenv("REPORT_STORE", address)
    pages = []
    for name in ("first", "second"):
        code, _, told = report(workspace(tmp_path / name, TABLES), "build", "--format", "html")
        assert code == 0, told
        assert f"{2 if name == 'first' else 0} ran, {2 if name == 'second' else 0} stored" in told
        pages.append((tmp_path / name / "build/tiny/report.html").read_bytes())
    assert pages[0] == pages[1]
    networks = list((tmp_path / "second/build/store").glob("*/*.safetensors"))
    assert not networks
    workspace(tmp_path / "second", TABLES + LATE)
    code, _, told = report(tmp_path / "second", "run")
    assert code == 0, told
    assert "1 ran, 2 stored" in told
    assert len(list((tmp_path / "second/build/store").glob("*/*.safetensors"))) == 2
    code, out, _ = report(workspace(tmp_path / "third", TABLES + LATE), "status")
    assert "0 of 3 to run" in out


def test_a_build_whose_results_were_not_sent_says_so_and_the_next_one_sends_them(
    tmp_path: Path, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The report is whole, the exit code is 1; a next build that changes nothing is enough."""
    monkeypatch.setenv("REPORT_STORE", address)
    monkeypatch.setattr("reporter.shared.entries.PAUSES_S", ())
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "files").write_text("in the way of the folder")
    folder = workspace(tmp_path / "first", '[runs.one]\nexperiment = "toy"\n')
    code, out, told = report(folder, "build", "--format", "html")
    assert code == 1
    assert "report.html" in out
    assert "report: 1 result stayed in" in told
    assert "; the next build sends them\n" in told
    (tmp_path / "there" / "files").unlink()
    code, _, told = report(folder, "build", "--format", "html")
    assert (code, "stayed" in told) == (0, False)
    assert "nothing changed: 0 ran" in told
    assert len(list((tmp_path / "there" / "entries").iterdir())) == 1


def test_collecting_garbage_leaves_the_shared_store_alone(
    tmp_path: Path, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What lies here may go, for it can be fetched; what others need nobody knows here."""
    entry = _sent(tmp_path, address)
    folder = workspace(tmp_path / "other")
    monkeypatch.setenv("REPORT_STORE", address)
    store, _ = machine(folder / "build" / "store", address)
    assert store.load(KEY)
    code, out, _ = report(folder, "gc", "--max-size", "0", "--yes")
    assert (code, "1 removed" in out) == (0, True)
    assert not (store.root / KEY).exists()
    assert files(entry).keys() == files(tmp_path / "first" / KEY).keys()
    assert machine(folder / "build" / "store", address)[0].load(KEY)
