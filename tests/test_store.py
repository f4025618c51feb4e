"""The store gives back what was put in, whole or not at all."""

import errno
import json
import math
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import numpy as np
import pytest
from safetensors import safe_open

from reporter import files
from reporter.artifacts import Checkpoint, ImageGrid, Metric, Reading, Result
from reporter.errors import DiskError, ReportError
from reporter.plain import dump
from reporter.store import Store
from tests.workspaces import RECORD, every_artifact

KEY = "0123456789abcdef"


def _saved(folder: Path, result: Result | None = None) -> Store:
    store = Store(folder / "store")
    store.save(KEY, every_artifact() if result is None else result, RECORD)
    return store


def test_every_kind_of_artifact_comes_back_as_it_was(tmp_path: Path) -> None:
    """Metrics, curves, bars, matrices, tables and texts are equal to those that were saved."""
    stored = _saved(tmp_path).load(KEY)
    assert stored is not None
    assert stored.record == RECORD
    before = every_artifact()
    assert list(stored.result) == sorted(before)
    for name, value in before.items():
        if not isinstance(value, ImageGrid | Checkpoint):
            assert stored.result[name] == value


def test_images_come_back_with_their_pixels_and_type(tmp_path: Path) -> None:
    """Colour and grey images keep shape, type and every value."""
    stored = _saved(tmp_path).load(KEY)
    before, after = every_artifact()["filters"], stored.result["filters"]
    assert isinstance(after.images, tuple)
    for first, second in zip(before.images, after.images, strict=True):
        assert second.dtype == np.uint8
        assert np.array_equal(first, second)
    assert (after.columns, after.description, after.labels) == (2, "two filters", ())


def test_a_checkpoint_can_be_read_by_safetensors_alone(tmp_path: Path) -> None:
    """Its metadata name network, classes and settings; of the result only its state is left out."""
    store = _saved(tmp_path)
    with safe_open(store.checkpoint(KEY), framework="numpy") as file:
        metadata = file.metadata()
        assert np.array_equal(file.get_tensor("fc.weight"), np.eye(3, dtype=np.float32))
    assert metadata["network"] == "toy"
    assert json.loads(metadata["classes"]) == ["dog", "cat"]
    assert json.loads(metadata["settings"]) == {"head": 7}
    network = store.load(KEY).result["network"]
    assert (network.network, network.classes, dict(network.state)) == ("toy", ("dog", "cat"), {})


def test_numbers_that_json_lacks_come_back(tmp_path: Path) -> None:
    """A loss that is nan or infinite is a result like any other; the file itself stays JSON."""
    history = (Reading(value=math.inf), Reading(value=-math.inf), Reading(value=1.0))
    store = _saved(tmp_path, Result(loss=Metric(value=math.nan, unit="nats", history=history)))
    loss = store.load(KEY).result["loss"]
    assert math.isnan(loss.value)
    assert loss.history == history
    assert "NaN" not in (store.root / KEY / "result.json").read_text()


def test_numbers_of_numpy_come_back_as_plain_ones(tmp_path: Path) -> None:
    """What an experiment measured with numpy is stored as the number it is."""
    metric = Metric(value=np.float32(0.5), epoch=np.int64(3), history=())
    stored = _saved(tmp_path, Result(a=metric)).load(KEY).result["a"]
    assert (stored.value, stored.epoch) == (0.5, 3)
    assert type(stored.epoch) is int


def test_a_number_of_numpy_that_is_nan_comes_back(tmp_path: Path) -> None:
    """A float32 nan is stored like Python's own."""
    stored = _saved(tmp_path, Result(a=Metric(value=np.float32("nan")))).load(KEY)
    assert math.isnan(stored.result["a"].value)


def test_a_missing_entry_is_none(tmp_path: Path) -> None:
    """Neither an absent store nor an absent key is an error."""
    store = Store(tmp_path / "none")
    assert store.load(KEY) is None
    assert KEY not in store


def test_a_half_written_entry_is_invisible(tmp_path: Path) -> None:
    """Without the manifest, which is written last, an entry does not exist."""
    store = _saved(tmp_path)
    (store.root / KEY / "manifest.json").unlink()
    assert KEY not in store
    assert store.load(KEY) is None


def test_a_save_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    """What can't be written is raised, and the store is as it was."""
    store = _saved(tmp_path)
    with pytest.raises(TypeError):
        store.save("other", Result(a=Metric(value=object())), RECORD)
    assert [path.name for path in store.root.iterdir()] == [KEY]


FILES = ("result.json", "record.json", "array-000.npy", "manifest.json")


@pytest.mark.parametrize("name", FILES)
def test_a_damaged_file_makes_the_entry_none(tmp_path: Path, name: str) -> None:
    """One changed byte is noticed, so is a truncated file, so is a lost one."""
    path = _saved(tmp_path).root / KEY / name
    content = path.read_bytes()
    for damaged in (content[:-2] + b"?" + content[-1:], content[: len(content) // 2], b"", None):
        path.unlink(missing_ok=True)
        if damaged is not None:
            path.write_bytes(damaged)
        assert Store(tmp_path / "store").load(KEY) is None


@pytest.mark.parametrize("content", ["{}", "[]", "null"])
def test_a_manifest_that_names_no_result_makes_the_entry_none(tmp_path: Path, content: str) -> None:
    """JSON that is no manifest is damage like any other."""
    store = _saved(tmp_path)
    (store.root / KEY / "manifest.json").write_text(content)
    assert store.load(KEY) is None


def test_a_lost_checkpoint_makes_the_entry_none(tmp_path: Path) -> None:
    """A result whose network is gone is computed again."""
    store = _saved(tmp_path)
    store.checkpoint(KEY).unlink()
    assert store.load(KEY) is None


def test_a_new_save_replaces_an_older_one(tmp_path: Path) -> None:
    """Nothing of the older entry stays, not even its arrays."""
    store = _saved(tmp_path)
    store.save(KEY, Result(a=Metric(value=0.5)), {**RECORD, "seconds": 2})
    stored = store.load(KEY)
    assert stored.result == {"a": Metric(value=0.5)}
    assert stored.record["seconds"] == 2
    names = sorted(path.name for path in (store.root / KEY).iterdir())
    assert names == ["manifest.json", "record.json", "result.json"]


def test_two_saves_of_one_key_at_once_end_with_a_valid_entry(tmp_path: Path) -> None:
    """Two builds may compute the same run; whoever is last or first, the entry is whole."""
    store = Store(tmp_path)
    barrier = Barrier(2)

    def save(value: float) -> None:
        barrier.wait()
        store.save(KEY, Result(a=Metric(value=value)), RECORD)

    with ThreadPoolExecutor(2) as pool:
        for _ in range(25):
            list(pool.map(save, (0.25, 0.5)))
            stored = store.load(KEY)
            assert stored is not None
            assert stored.result["a"].value in (0.25, 0.5)
    assert [path.name for path in tmp_path.iterdir()] == [KEY]


def test_a_forgotten_entry_is_gone(tmp_path: Path) -> None:
    """Forgetting twice is no error."""
    store = _saved(tmp_path)
    store.forget(KEY)
    store.forget(KEY)
    assert KEY not in store


def test_json_is_written_with_sorted_keys_and_without_nan() -> None:
    """Equal data give equal bytes, readable by any program."""
    assert dump({"b": 1, "a": "é"}) == '{\n "a": "é",\n "b": 1\n}\n'.encode()
    with pytest.raises(ValueError, match="JSON"):
        dump({"a": math.nan})


def test_equal_results_are_equal_files(tmp_path: Path) -> None:
    """Same result, same bytes: the entries of two stores do not differ."""
    result = every_artifact()
    first, second = (_saved(tmp_path / name, result).root / KEY for name in ("a", "b"))
    for path in first.iterdir():
        assert path.read_bytes() == (second / path.name).read_bytes()


def test_a_flipped_bit_of_a_network_is_found_by_name(tmp_path: Path) -> None:
    """Loading a result does not read its network; looking for damage does."""
    store = _saved(tmp_path)
    assert store.damage(KEY) == ""
    content = bytearray(store.checkpoint(KEY).read_bytes())
    content[-1] ^= 1
    store.checkpoint(KEY).write_bytes(content)
    assert store.load(KEY) is not None
    assert store.damage(KEY) == "checkpoint.safetensors"
    with pytest.raises(ReportError, match=r"checkpoint.safetensors is damaged; build the run"):
        store.export(KEY, tmp_path / "a.safetensors", half=False)


@pytest.mark.parametrize("name", FILES)
def test_damage_is_named(tmp_path: Path, name: str) -> None:
    """The file whose bytes changed; a missing entry is not a damaged one."""
    store = _saved(tmp_path)
    (store.root / KEY / name).write_bytes(b"?")
    assert store.damage(KEY) == name
    assert store.damage("another") == ""


def _brought(folder: Path) -> Store:
    """Return a store with an entry that came in a bundle."""
    store = _saved(folder)
    files = store.portable(KEY)
    store.forget(KEY)
    (store.root / KEY).mkdir()
    for name, content in files.items():
        (store.root / KEY / name).write_bytes(content)
    return store


def test_an_entry_can_travel_without_its_network(tmp_path: Path) -> None:
    """All else can be read, and it travels on as it came; an own entry lacks nothing."""
    store = _saved(tmp_path)
    assert not store.lacks_network(KEY)
    before = store.load(KEY).result["loss"]
    store = _brought(tmp_path)
    assert not store.checkpoint(KEY).exists()
    assert store.load(KEY).result["loss"] == before
    assert store.is_whole(KEY)
    assert store.damage(KEY) == ""
    assert store.lacks_network(KEY)
    on_disk = {path.name: path.read_bytes() for path in (store.root / KEY).iterdir()}
    assert store.portable(KEY) == on_disk
    told = r"computed elsewhere, and its network not brought along; run it again with -f$"
    with pytest.raises(ReportError, match=told):
        store.export(KEY, tmp_path / "a.safetensors", half=False)


def test_a_network_that_is_only_gone_is_damage(tmp_path: Path) -> None:
    """Nobody said that it would be; and what is damaged doesn't travel."""
    store = _saved(tmp_path)
    store.checkpoint(KEY).unlink()
    assert store.load(KEY) is None
    assert not store.lacks_network(KEY)
    with pytest.raises(ReportError, match="is damaged; build the run again"):
        store.portable(KEY)


def test_a_manifest_reads_nothing_outside_its_entry(tmp_path: Path) -> None:
    """A store may come from anyone."""
    store = _saved(tmp_path)
    path = store.root / KEY / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "../../secret": "0"}))
    assert store.load(KEY) is None
    assert store.damage(KEY) == "manifest.json"


def test_equal_networks_are_equal_bytes_that_safetensors_reads(tmp_path: Path) -> None:
    """Also with many texts, which the library alone writes in another order each time."""
    settings = {f"setting {index}": index for index in range(9)}
    state = {"b": np.ones(3, np.float16), "a": np.eye(2, dtype=np.float32), "n": np.array(7)}
    network = Checkpoint(network="toy", classes=("é", "b"), settings=settings, state=state)
    contents = set()
    for name in map(str, range(6)):
        store = _saved(tmp_path / name, Result(network=network))
        contents.add(store.checkpoint(KEY).read_bytes())
    assert len(contents) == 1
    with safe_open(store.checkpoint(KEY), framework="numpy") as file:
        assert json.loads(file.metadata()["settings"]) == settings
        assert json.loads(file.metadata()["classes"]) == ["é", "b"]
        for key, array in state.items():
            assert np.array_equal(file.get_tensor(key), array)


def test_an_entry_is_never_missing_while_it_is_replaced(tmp_path: Path) -> None:
    """Whoever reads during thirty replacements finds one of the two results."""
    store = _saved(tmp_path, Result(a=Metric(value=0.0)))
    with ThreadPoolExecutor(1) as pool:
        writer = pool.submit(
            lambda: [store.save(KEY, Result(a=Metric(value=n / 30)), RECORD) for n in range(30)]
        )
        while not writer.done():
            assert KEY in store
            assert store.load(KEY) is not None


def test_where_folders_cannot_change_places_they_do_so_in_steps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on some network file systems."""
    monkeypatch.setattr(files, "AT_FDCWD", -1)  # no folder: the call fails
    store = _saved(tmp_path, Result(a=Metric(value=0.0)))
    store.save(KEY, Result(a=Metric(value=1.0)), RECORD)
    assert store.load(KEY).result["a"].value == 1
    assert [path.name for path in store.root.iterdir()] == [KEY]


def test_a_claim_is_given_once(tmp_path: Path) -> None:
    """Who comes second is told to wait, until the first is done; nothing of it is left then."""
    store = Store(tmp_path)
    claim = store.claim(KEY)
    assert claim is not None
    assert store.claim(KEY) is None
    store.claim("another").release()
    claim.release()
    store.claim(KEY).release()
    assert not list(tmp_path.glob(f".{KEY}*"))


def test_leftovers_go_unless_someone_computes_that_result(tmp_path: Path) -> None:
    """A scratch folder without a claim is of a killed process; good entries stay."""
    store = _saved(tmp_path)
    for key in (KEY, "b"):
        (store.root / f".{key}.12345678.new").mkdir()
        (store.root / f".{key}.12345678.new" / "result.json").write_text("{}")
    (store.root / ".c.lock").touch()
    claim = store.claim("b")
    store.sweep()
    left = sorted(path.name for path in store.root.iterdir())
    assert left == [".b.12345678.new", ".b.lock", KEY]
    claim.release()
    store.sweep()
    assert [path.name for path in store.root.iterdir()] == [KEY]


def test_everything_is_on_the_disk_before_an_entry_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its files, the manifest last, then its folder; and then the store's."""
    synced: list[str] = []

    def fsync(handle: int) -> None:
        path = Path(f"/proc/self/fd/{handle}").readlink()
        is_named = (tmp_path / "store" / KEY).exists()
        synced.append(f"{'named' if is_named else 'unnamed'} {path.name}")

    monkeypatch.setattr("os.fsync", fsync)
    _saved(tmp_path, Result(a=Metric(value=0.5)))
    assert synced[:3] == [f"unnamed {name}.json" for name in ("result", "record", "manifest")]
    assert synced[3].startswith(f"unnamed .{KEY}.")
    assert synced[4:] == ["named store"]


def test_a_full_disk_leaves_the_old_entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At whichever file it fills up: one line that says what and where, and no rest."""
    store = _saved(tmp_path, Result(a=Metric(value=0.5)))
    for last in range(4):
        calls = []

        def full(_: object, calls: list[int] = calls, last: int = last) -> None:
            calls.append(1)
            if len(calls) > last:
                raise OSError(errno.ENOSPC, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr("os.fsync", full)
            with pytest.raises(DiskError, match="store can't be written: no space left on device;"):
                store.save(KEY, Result(a=Metric(value=1.0)), RECORD)
        assert store.load(KEY).result["a"].value == 0.5
        assert [path.name for path in store.root.iterdir()] == [KEY]
