"""Outputs of frozen layers, computed once."""

import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import torch
from torch import nn

from reporter.experiment import Run
from reporter.learn import frozen
from reporter.learn.augment import parse
from reporter.learn.compact import CompactAlexNet
from reporter.learn.cuts import cut
from reporter.learn.data import Parts
from reporter.learn.evaluate import logits
from reporter.learn.features import features
from reporter.learn.frozen import Frozen, first_layers_once
from reporter.learn.networks import Surgery, build
from reporter.learn.normalisation import HALF, IMAGENET
from reporter.learn.steps import RateLearner
from reporter.learn.train import Recipe, Task, trained
from tests.tasks import ONE, TWO, alexnet, task, tiny

TWO_OF_ONE = Surgery(replaces=1, sizes=(8, 3))
CASES = [
    (tiny, TWO, 32, "eval", "4"),
    (tiny, ONE, 32, "eval", "6"),
    (tiny, ONE, 32, "train", "0"),
    (CompactAlexNet, TWO, 64, "eval", "classifier.2"),
    (alexnet, ONE, 64, "eval", "classifier.5"),
    (alexnet, TWO, 64, "train", "flatten"),
    (alexnet, ONE, 64, "train", "flatten"),
    (lambda: build("resnet18"), ONE, 64, "eval", "flatten"),
    (lambda: build("mobilenet_v3_small"), ONE, 64, "eval", "classifier.1"),
]


@pytest.mark.parametrize(("make", "surgery", "size", "frozen_mode", "place"), CASES)
def test_computing_once_changes_no_bit(
    make: Callable[[], nn.Module], surgery: Surgery, size: int, frozen_mode: str, place: str
) -> None:
    """Training on kept outputs equals pushing every batch through all layers: all readings, all
    parameters, with live dropout, too. The cut is as late as it can be.
    """
    made = task(make, surgery, size, frozen_mode)
    assert equal_to_plain(made, task(make, surgery, size, frozen_mode), batch=4) == {
        "prefix": place, "forwards": 23, "kept": 0
    }  # fmt: skip


def learner(task: Task, recipe: Recipe) -> "partial[RateLearner]":
    """Return what trains one rate after another."""
    return partial(RateLearner, task, recipe, Run(name="x"))


def equal_to_plain(made: Task, plain: Task, batch: int) -> dict[str, float | str]:
    """Train one task with kept outputs and an equal one without, by autograd; return the notes."""
    recipe = Recipe(rates=(0.1, 0.01), epochs=2, batch=batch, test="every-epoch", epoch_zero=True)
    run = Run(name="x")
    once = first_layers_once(made, HALF, run)
    sweeps = [trained(t, recipe, Run(name="x"), learner(t, recipe)) for t in (once, plain)]
    assert sweeps[0] == sweeps[1]
    expected = plain.model.state_dict()
    for name, tensor in made.model.state_dict().items():
        assert torch.equal(tensor, expected[name]), name
    return run.notes


def test_batches_of_the_plain_loop_may_round_otherwise() -> None:
    """SqueezeNet's 1×1 convolutions do so on some processors: equal bits need equal batches."""
    both = [task(lambda: build("squeezenet1_1"), ONE, 64, counts=(16, 16, 16)) for _ in range(2)]
    assert equal_to_plain(*both, batch=16)["prefix"] == "cat_7"


def kept(made: Task, cache: Path) -> dict[str, float | str]:
    """Return what is noted when a task's first layers are passed."""
    run = Run(name="x", cache=cache)
    first_layers_once(made, HALF, run)
    return run.notes


@pytest.mark.parametrize("model", ["compact-alexnet", "squeezenet1_1", "shufflenet_v2_x0_5"])
def test_an_images_outputs_do_not_depend_on_its_neighbours(tmp_path: Path, model: str) -> None:
    """Computed beside others, at another place in the batch, they are the same bit by bit: so it
    makes no difference what a cache already has.
    """
    few, anew, partly = (
        first_layers_once(
            task(lambda: build(model), ONE, 64, counts=counts), HALF, Run(name="x", cache=cache)
        )
        for counts, cache in (((3, 2, 5), tmp_path), ((40, 2, 5), None), ((40, 2, 5), tmp_path))
    )
    assert torch.equal(few.parts.train.inputs, anew.parts.train.inputs[:3])
    for part, other in zip(anew.parts.all, partly.parts.all, strict=True):
        assert torch.equal(part.inputs, other.inputs)


def test_runs_share_outputs(tmp_path: Path) -> None:
    """A second head, a machine on the features, and other images beside known ones cost nothing
    or only what is new; bits are those of the first pass.
    """
    make = lambda: build("resnet18")  # noqa: E731 - as in CASES
    first = first_layers_once(task(make, ONE, 64), HALF, Run(name="x", cache=tmp_path))
    assert kept(task(make, TWO_OF_ONE, 64), tmp_path)["forwards"] == 0
    run, made = Run(name="x", cache=tmp_path), task(make, ONE, 64)
    vectors = features(made.model, made.parts.all, HALF, "penultimate", run)
    assert run.notes == {"prefix": "flatten", "forwards": 0, "kept": 23}
    assert all(map(torch.equal, vectors, [part.inputs for part in first.parts.all]))
    more = kept(task(make, ONE, 64, counts=(15, 6, 5)), tmp_path)
    assert (more["forwards"], more["kept"]) == (3, 23)


def weight(made: Task) -> Task:
    """Change the last bit of a weight."""
    made.model[0].weight.data.view(torch.int32)[0, 0, 0, 0] ^= 1
    return made


def statistic(made: Task) -> Task:
    """Change a running mean."""
    made.model[1].running_mean += 1e-3
    return made


def stride(made: Task) -> Task:
    """Change an attribute of a layer that is no parameter and no shape."""
    made.model[0].stride = (3, 3)
    return made


def epsilon(made: Task) -> Task:
    """Change a number that only the layer knows."""
    made.model[1].eps = 2e-5
    return made


def pixel(made: Task) -> Task:
    """Change the content of the images; their digests say so."""
    changed = [
        replace(part, digests=tuple(d[::-1] for d in part.digests)) for part in made.parts.all
    ]
    return replace(made, parts=Parts(train=changed[0], validation=changed[1], test=changed[2]))


@pytest.mark.parametrize("change", [weight, statistic, stride, epsilon, pixel])
def test_whatever_changes_outputs_has_them_computed(
    tmp_path: Path, change: Callable[[Task], Task]
) -> None:
    """Weights, statistics, attributes and images are all part of what outputs are kept by."""
    assert kept(task(tiny, ONE, 32), tmp_path)["forwards"] == 23
    assert kept(change(task(tiny, ONE, 32)), tmp_path)["forwards"] == 23
    assert kept(task(tiny, ONE, 32), tmp_path)["forwards"] == 0


def test_other_arithmetic_has_outputs_computed() -> None:
    """Normalisation and number of threads change bits, so they change the recipe."""
    steps = cut(task(tiny, ONE, 32).model, ()).first
    recipes = [Frozen(place="", steps=steps, scaling=s).recipe("cpu") for s in (HALF, IMAGENET)]
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(before + 1)
        recipes.append(Frozen(place="", steps=steps, scaling=HALF).recipe("cpu"))
    finally:
        torch.set_num_threads(before)
    assert len({str(recipe) for recipe in recipes}) == 3


def test_augmented_images_pass_the_whole_network() -> None:
    """No output is the same each time then; the record says why nothing was kept."""
    made, run = replace(task(tiny, ONE, 32), augmentation=parse(["flip"])), Run(name="x")
    assert first_layers_once(made, HALF, run) is made
    assert run.notes == {"whole": "images are augmented"}


@pytest.mark.parametrize(("limit", "frozen_mode"), [(0, "eval"), (2**40, "train")])
def test_outputs_that_do_not_pay_are_not_kept(
    monkeypatch: pytest.MonkeyPatch, limit: int, frozen_mode: str
) -> None:
    """Too much memory for all, or more numbers than an image has."""
    monkeypatch.setattr(frozen, "LIMIT_BYTES", limit)
    made, run = task(CompactAlexNet, ONE, 64, frozen_mode), Run(name="x")
    assert first_layers_once(made, HALF, run) is made
    assert re.fullmatch(r"\S+ gives \d+ numbers an image", str(run.notes["whole"]))


def test_layers_in_place_leave_kept_outputs_alone() -> None:
    """Measuring twice gives the same; the outputs are those of the first layers still."""
    made = first_layers_once(
        task(lambda: build("mobilenet_v3_small"), ONE, 64), HALF, Run(name="x")
    )
    before = made.parts.train.inputs.clone()
    scores = [logits(made.model, made.parts.train.inputs, made.prepare) for _ in range(2)]
    assert torch.equal(*scores)
    assert torch.equal(before, made.parts.train.inputs)
    assert made.prepare(before) is not before


def test_modes_are_taken_back() -> None:
    """The network is as it was, and progress was told."""
    told: list[dict[str, float | str]] = []
    made = task(tiny, ONE, 32)
    made.model.train()
    first_layers_once(made, HALF, Run(name="x", notify=lambda values: told.append(dict(values))))
    assert all(module.training for module in made.model.modules())
    assert told[-1] == {"stage": "features", "done": 23, "of": 23}
