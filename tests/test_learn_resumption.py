"""Training that is interrupted, and goes on."""

import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from reporter.experiment import Run
from reporter.learn import delayed, resumption, steps
from reporter.learn.ahead import look_ahead
from reporter.learn.augment import Augmentation, parse
from reporter.learn.data import Parts, Samples
from reporter.learn.encoding import encoded
from reporter.learn.frozen import first_layers_once, unchanged
from reporter.learn.normalisation import HALF
from reporter.learn.pretrain import pretrain
from reporter.learn.resumption import Ration, Resumption, written
from reporter.learn.steps import snapshot
from reporter.learn.streams import generator
from reporter.learn.train import Recipe, Task, sweep
from reporter.learn.trials import Sweep
from tests.tasks import ONE, task, tiny

RECIPE = Recipe(
    rates=(0.05, 1e30, 0.2), epochs=3, batch=4, momentum=0.9, patience=2, epoch_zero=True
)


class Stopped(Exception):  # noqa: N818 - not an error: someone pulls the plug
    """Training was interrupted."""


def whole() -> Task:
    """Return a task with all that draws at random: augmentation, dropout, and batch norm."""
    pixels = torch.randint(0, 256, (14, 3, 6, 6), dtype=torch.uint8, generator=generator(0))
    images = Samples(inputs=pixels, labels=torch.arange(14) % 2)
    model = nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Dropout(0.3), nn.Linear(64, 2)
    )
    return seeded(model, images, lambda x: x.float(), parse(["flip 0.5", "affine 10"], 2))


def stacked() -> Task:
    """Return a task whose rates are trained at once."""
    vectors = Samples(
        inputs=torch.randn(14, 5, generator=generator(0)), labels=torch.arange(14) % 2
    )
    return seeded(nn.Linear(5, 2), vectors, unchanged, Augmentation())


def ahead() -> Task:
    """Return a task with dropout, drawn for two batches at once, before what learns."""
    run = Run(name="x")
    return look_ahead(first_layers_once(task(tiny, ONE, 32, counts=(14, 6, 5)), HALF, run), run)


def seeded(
    model: nn.Module,
    data: Samples,
    prepare: Callable[[torch.Tensor], torch.Tensor],
    augmentation: Augmentation,
) -> Task:
    """Return a task with the same parameters each time."""
    for index, parameter in enumerate(model.parameters()):
        parameter.data = torch.randn(parameter.shape, generator=generator(index)) / 4
    parts = Parts(train=data, validation=data, test=data)
    return Task(
        model=model, active=(model,), parts=parts, prepare=prepare, augmentation=augmentation
    )


def stop_at(call: int) -> Callable[[Mapping[str, float | str]], None]:
    """Return a watcher that pulls the plug when it is told for the so-manieth time."""
    told: list[Mapping[str, float | str]] = []

    def notify(values: Mapping[str, float | str]) -> None:
        told.append(values)
        if len(told) == call:
            raise Stopped

    return notify


def interrupted(
    make: Callable[[], Task], recipe: Recipe, file: Path, calls: tuple[int, ...]
) -> tuple[Sweep, Task, Run]:
    """Train, stopped after so many epochs of each attempt, then undisturbed."""
    for call in calls:
        with pytest.raises(Stopped):
            sweep(make(), recipe, Run(name="x", resume=file, notify=stop_at(call)))
    made, run = make(), Run(name="x", resume=file)
    return sweep(made, recipe, run), made, run


def assert_same(found: tuple[Sweep, Task, Run], due: tuple[Sweep, Task, Run]) -> None:
    """Two sweeps and their states are equal bit by bit; a NaN has no part in them."""
    assert found[0] == due[0]
    state = snapshot(found[1].model)
    assert all(torch.equal(state[k], tensor) for k, tensor in due[1].model.state_dict().items())


@pytest.mark.parametrize("calls", [(2,), (3,), (4,), (5,), (6,), (7,), (2, 2, 3)])
def test_a_training_goes_on_as_if_nothing_had_happened(
    calls: tuple[int, ...], tmp_path: Path
) -> None:
    """Stopped within the first, the diverging or the last rate: the same bits in the end.

    Epochs 1 to 3 are of the first rate, 4 of the second, which diverges, 5 to 7 of the third.
    """
    due = interrupted(whole, RECIPE, tmp_path / "undisturbed", ())
    assert [len(trial.epochs) for trial in due[0].trials] == [4, 1, 4]
    found = interrupted(whole, RECIPE, tmp_path / "a", calls)
    assert_same(found, due)
    assert "resumed_at" not in due[2].notes
    assert "resumed_at" in found[2].notes


@pytest.mark.parametrize("calls", [(2,), (3,), (2, 2)])
def test_rates_trained_at_once_go_on_together(calls: tuple[int, ...], tmp_path: Path) -> None:
    """Whichever epoch it was."""
    recipe = replace(RECIPE, epochs=4, patience=None)
    due = interrupted(stacked, recipe, tmp_path / "undisturbed", ())
    found = interrupted(stacked, recipe, tmp_path / "a", calls)
    assert_same(found, due)
    assert found[2].notes["sweep"] == "stacked"
    done = sum(calls) - len(calls)  # an epoch that is being told of isn't kept yet
    assert found[2].notes["resumed_at"] == f"rate 0.05, 1e+30, 0.2, epoch {done}"


@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("calls", [(2,), (4,), (2, 2)])
def test_batches_at_once_go_on_too(
    calls: tuple[int, ...], momentum: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is drawn beyond an epoch; weights that change once in some batches have changed."""
    for module, limit, value in ((steps, "ROWS", 8), (delayed, "LEAST", 1), (delayed, "WIDTH", 1)):
        monkeypatch.setattr(module, limit, value)
    recipe = replace(RECIPE, rates=(0.05, 0.2), momentum=momentum, patience=None)
    due = interrupted(ahead, recipe, tmp_path / "undisturbed", ())
    found = interrupted(ahead, recipe, tmp_path / "a", calls)
    assert_same(found, due)
    assert "resumed_at" in found[2].notes
    assert ("delayed" in found[2].notes) == (momentum == 0)


def test_where_it_goes_on_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line, into the run's log."""
    interrupted(whole, RECIPE, tmp_path / "a", (3,))
    assert capsys.readouterr().out == "going on after rate 0.05, epoch 2\n"


def test_a_finished_training_is_not_done_again(tmp_path: Path) -> None:
    """Its file has all; not one epoch is told of."""
    due = interrupted(whole, RECIPE, tmp_path / "a", ())
    made = whole()
    run = Run(name="x", resume=tmp_path / "a", notify=stop_at(1))
    assert_same((sweep(made, RECIPE, run), made, run), due)


def newest(path: Path) -> Path:
    """Return the file of a training that was written last."""
    return max(path.parent.glob(f"{path.name}.*"), key=written)


@pytest.mark.parametrize("damage", [b"", b"no checkpoint", None])
def test_a_damaged_file_counts_as_nothing(damage: bytes | None, tmp_path: Path) -> None:
    """Empty, foreign or cut off: training goes on from the one before, or starts anew."""
    path = tmp_path / "a"
    due = interrupted(whole, RECIPE, path, (3,))
    for left in (1, 0):
        file = newest(path)
        file.write_bytes(file.read_bytes()[:-500] if damage is None else damage)
        for _ in range(left):
            found = interrupted(whole, RECIPE, path, ())
            assert_same(found, due)
            assert "resumed_at" in found[2].notes
    for file in tmp_path.iterdir():
        file.write_bytes(b"nothing")
    found = interrupted(whole, RECIPE, path, ())
    assert_same(found, due)
    assert "resumed_at" not in found[2].notes


def test_a_changed_bit_changes_no_result(tmp_path: Path) -> None:
    """Wherever it lies: training goes on from the epoch before, to the same end."""
    due = interrupted(whole, RECIPE, tmp_path / "undisturbed", ())
    path = tmp_path / "a"
    with pytest.raises(Stopped):
        sweep(whole(), RECIPE, Run(name="x", resume=path, notify=stop_at(3)))
    kept = {file: file.read_bytes() for file in tmp_path.glob("a.*")}
    dice = random.Random(0)
    for _ in range(40):
        for file in tmp_path.glob("a.*"):
            file.unlink()
        for file, content in kept.items():
            file.write_bytes(content)
        spoilt = bytearray(kept[file := newest(path)])
        spoilt[dice.randrange(len(spoilt))] ^= 1 << dice.randrange(8)
        file.write_bytes(spoilt)
        found = interrupted(whole, RECIPE, path, ())
        assert_same(found, due)
        assert found[2].notes["resumed_at"] == "rate 0.05, epoch 1"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_ends_no_training(tmp_path: Path) -> None:
    """It goes on to the same result, and keeps nothing."""
    due = interrupted(whole, RECIPE, tmp_path / "a", ())
    names = [file.name for file in tmp_path.iterdir()]
    for name in names:
        (tmp_path / name).unlink()
        (tmp_path / name).symlink_to("/dev/full")
    assert_same(interrupted(whole, RECIPE, tmp_path / "a", ()), due)
    assert len(list(tmp_path.iterdir())) == len(names) - 1  # the one that was tried is gone


@pytest.mark.parametrize("fact", ["torch.get_num_threads", "torch.backends.cpu.get_cpu_capability"])
def test_other_arithmetic_starts_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fact: str
) -> None:
    """Bits differ with threads and instructions, so a file of others says nothing."""
    interrupted(whole, RECIPE, tmp_path / "a", ())
    monkeypatch.setattr(fact, lambda: 77)
    assert "resumed_at" not in interrupted(whole, RECIPE, tmp_path / "a", ())[2].notes


def test_a_file_of_another_training_counts_as_nothing(tmp_path: Path) -> None:
    """Another recipe, seed, augmentation, number of threads or initial state."""
    file = tmp_path / "a"
    interrupted(whole, RECIPE, file, ())
    changed = whole()
    changed.model[4].bias.data += 1
    cases: list[tuple[Task, Recipe, int]] = [
        (whole(), replace(RECIPE, weight_decay=0.1), 0),
        (whole(), RECIPE, 1),
        (replace(whole(), augmentation=parse(["flip 0.5"])), RECIPE, 0),
        (changed, RECIPE, 0),
    ]
    for made, recipe, seed in cases:
        run = Run(name="x", seed=seed, resume=file)
        sweep(made, recipe, run)
        assert "resumed_at" not in run.notes


def write(file: Resumption, epoch: int) -> None:
    """Keep an epoch."""
    file.write(lambda: {"epoch": epoch, "state": torch.full((500,), float(epoch))})


def read(path: Path) -> int:
    """Return the epoch that is found by whoever comes next; 0 for none."""
    return Resumption(path=path, identity="x").read().get("epoch", 0)


@pytest.mark.parametrize("pieces", range(4))
def test_a_kill_within_a_write_loses_that_epoch_only(
    pieces: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever had been written by then, and however often it happens."""
    path = tmp_path / "a"
    for kept in range(3):
        file = Resumption(path=path, identity="x")
        assert file.read().get("epoch", 0) == kept
        write(file, kept + 1)
        assert read(path) == kept + 1
        with monkeypatch.context() as patch:
            patch.setattr(resumption, "encoded", lambda c, n: encoded(c, n)[:pieces])
            write(file, kept + 2)
        assert read(path) == kept + 1


def test_a_power_failure_loses_what_was_not_on_the_disk(tmp_path: Path) -> None:
    """What was is not written over until something newer is."""
    path = tmp_path / "a"
    file = Resumption(path=path, identity="x", waiting=Ration(share=0.0, free_s=60.0))
    write(file, 1)
    file.waiting.free_s = -1.0
    for epoch in range(2, 7):
        write(file, epoch)
        assert read(path) == epoch
    for other in set(file.files) - {file.on_disk}:
        other.write_bytes(bytes(len(other.read_bytes())))
    assert read(path) == 1


def test_time_is_rationed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tenth of all that passes, and a second at first; what takes longer is waited for."""
    clock = [100.0]
    monkeypatch.setattr("time.perf_counter", lambda: clock[0])
    ration = Ration(share=0.1, free_s=1.0, began_s=100.0)
    for _ in range(3):
        assert ration.is_left()
        with ration.taken():
            clock[0] += 0.5
    assert not ration.is_left()
    clock[0] = 114.9
    assert not ration.is_left()
    clock[0] = 115.0
    assert ration.is_left()


def test_what_takes_too_long_is_passed_over(tmp_path: Path) -> None:
    """Nobody is asked for it."""
    file = Resumption(path=tmp_path / "a", identity="x", writing=Ration(share=0.0, spent_s=1.0))
    file.write(lambda: pytest.fail("asked"))
    assert not list(tmp_path.iterdir())


def test_trainings_of_one_run_keep_apart(tmp_path: Path) -> None:
    """The first one, which had ended, isn't done again when the second is interrupted."""
    path, second = tmp_path / "a", replace(RECIPE, momentum=0.0)
    interrupted(whole, RECIPE, path, ())
    with pytest.raises(Stopped):
        sweep(whole(), second, Run(name="x", resume=path, notify=stop_at(2)))
    sweep(whole(), RECIPE, Run(name="x", resume=path, notify=stop_at(1)))
    assert "resumed_at" in interrupted(whole, second, path, ())[2].notes


def test_without_a_file_nothing_is_written() -> None:
    """It isn't even asked what to write; nothing is read."""
    file = Resumption(path=None, identity="x")
    file.write(lambda: pytest.fail("asked"))
    assert file.read() == {}


@pytest.mark.parametrize("calls", [(2,), (3,), (2, 2)])
def test_pretraining_goes_on_too(calls: tuple[int, ...], tmp_path: Path) -> None:
    """Its rate rises and falls as if nothing had happened."""
    images = torch.randint(0, 256, (12, 64, 64, 3), dtype=torch.uint8, generator=generator(0))
    labels = torch.arange(12) % 3

    def trained(file: Path, call: int = 0) -> tuple[nn.Module, list[dict[str, float]]]:
        run = Run(name="x", resume=file, notify=stop_at(call))
        return pretrain(
            images, labels, num_classes=3, epochs=4, batch=4, peak_lr=0.01, run=run
        )  # fmt: skip

    due, records = trained(tmp_path / "undisturbed")
    for call in calls:
        with pytest.raises(Stopped):
            trained(tmp_path / "a", call)
    found, read = trained(tmp_path / "a")
    assert read == records
    for one, other in zip(found.parameters(), due.parameters(), strict=True):
        assert torch.equal(one, other)
