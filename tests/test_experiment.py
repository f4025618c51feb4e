"""@experiment: a signature is a schema, a run has four streams of chance."""

from __future__ import annotations

import datetime as dt
from typing import Literal

import pytest

from reporter import Count, Dataset, ImageFile, Rate, Result, Run, Share, Weights, experiment
from reporter.errors import ReportError
from reporter.experiment import STREAMS


@experiment(quick={"epochs": 1})
def finetune(
    run: Run,
    *,
    data: Dataset,
    weights: Weights = "random",
    photo: ImageFile | None = None,
    photos: tuple[ImageFile, ...] = (),
    rates: tuple[Rate, ...] = (0.1,),
    epochs: Count = 10,
    validation: Share = 0.2,
    train: Literal["head", "all"] = "all",
    size: int | None = None,
    augment: bool = False,
) -> Result:
    """Train a network.

    Its second paragraph.

    Args:
        run: not shown.
    """
    return Result()


@experiment
def plain(run: Run) -> Result:
    return Result()


def test_an_experiment_is_its_function_its_signature_and_its_docstring() -> None:
    """Nothing is registered: the decorator returns a value that says all there is to say."""
    assert finetune.name == "finetune"
    assert finetune.summary == "Train a network."
    assert finetune.method == "Train a network.\n\nIts second paragraph."
    assert finetune.quick == {"epochs": 1}
    assert next(iter(finetune.parameters)) == "data"
    assert "run" not in finetune.parameters


def test_an_experiment_needs_neither_docstring_nor_parameters() -> None:
    """The decorator without parentheses gives no overrides; no docstring gives no words."""
    assert (plain.parameters, plain.quick, plain.summary, plain.method) == ({}, {}, "", "")
    assert plain.bind({}, "runs.a") == {}


def test_inputs_are_known_by_their_annotation() -> None:
    """Data, weights and images are found through optional and tuple types."""
    found = {name: parameter.input_type for name, parameter in finetune.parameters.items()}
    assert found["data"] is Dataset
    assert found["weights"] is Weights
    assert found["photo"] is ImageFile
    assert found["photos"] is ImageFile
    assert {found[name] for name in ("rates", "epochs", "train", "size", "augment")} == {None}


def test_what_is_not_given_has_the_default_of_the_signature() -> None:
    """Binding fills in defaults and keeps the order of the signature."""
    bound = finetune.bind({"data": "d"}, "runs.a")
    assert list(bound) == list(finetune.parameters)
    assert bound["data"] == "d"
    assert (bound["weights"], bound["epochs"], bound["rates"]) == ("random", 10, (0.1,))


@pytest.mark.parametrize(
    ("name", "given", "bound"),
    [
        ("rates", [1, 0.5], (1.0, 0.5)),
        ("photos", ["a", "b"], ("a", "b")),
        ("validation", 0, 0.0),
        ("train", "head", "head"),
        ("size", 227, 227),
        ("augment", True, True),
        ("epochs", 3, 3),
    ],
)
def test_a_value_becomes_the_type_of_its_parameter(name: str, given: object, bound: object) -> None:
    """Lists of TOML become tuples and whole numbers become floats where those are asked for."""
    value = finetune.bind({"data": "d", name: given}, "runs.a")[name]
    assert value == bound
    assert type(value) is type(bound)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, "runs.a: finetune needs a value for 'data'; add data = …"),
        (
            {"data": "d", "epoch": 3},
            "runs.a: finetune has no parameter 'epoch'; did you mean 'epochs'?",
        ),
        ({"data": "d", "epochs": "many"}, "runs.a.epochs: 'many' should be a whole number"),
        ({"data": "d", "epochs": True}, "runs.a.epochs: true should be a whole number"),
        ({"data": "d", "epochs": 0}, "runs.a.epochs: 0 should be greater than 0"),
        ({"data": "d", "epochs": 2.5}, "runs.a.epochs: 2.5 should be a whole number"),
        ({"data": "d", "validation": 1}, "runs.a.validation: 1 should be less than 1"),
        ({"data": "d", "train": "tail"}, "runs.a.train: 'tail' should be 'head' or 'all'"),
        ({"data": "d", "rates": 0.1}, "runs.a.rates: 0.1 should be a list, in brackets"),
        ({"data": "d", "rates": [0.1, -1]}, "runs.a.rates: [0.1, -1] should be greater than 0"),
        ({"data": 3}, "runs.a.data: 3 should be a text, in quotes"),
        ({"data": "d", "photos": "one"}, "runs.a.photos: 'one' should be a list, in brackets"),
    ],
)
def test_a_bad_parameter_is_told_in_one_line(given: dict[str, object], expected: str) -> None:
    """The message names the run, the parameter, the value and what it should be."""
    with pytest.raises(ReportError) as caught:
        finetune.bind(given, "runs.a")
    assert str(caught.value) == expected


@pytest.mark.parametrize("given", [float("nan"), float("inf")])
def test_a_rate_that_is_no_number_is_told_in_one_line(given: float) -> None:
    """TOML knows nan and inf; no parameter may be one, since no key can hold it."""
    with pytest.raises(ReportError, match=r"runs\.a\.rates"):
        finetune.bind({"data": "d", "rates": [given]}, "runs.a")


def test_a_value_that_json_lacks_is_told_in_one_line() -> None:
    """TOML knows dates; a parameter that is given one is refused, not a crash."""
    with pytest.raises(ReportError, match=r"runs\.a\.train"):
        finetune.bind({"data": "d", "train": dt.date(2026, 5, 4)}, "runs.a")


def test_the_streams_of_a_seed_are_these_numbers_for_ever() -> None:
    """Changing them would change every result ever stored."""
    run = Run(name="a", seed=42)
    assert {name: run.stream(name) for name in STREAMS} == {
        "initialisation": 4709670721314858113,
        "order": 7827107569428156913,
        "augmentation": 3796076704730757072,
        "dropout": 3719288840084470140,
    }


def test_streams_differ_by_seed_and_purpose_and_not_by_the_name_of_the_run() -> None:
    """A hundred seeds give four hundred streams; renaming a run changes none."""
    numbers = {Run(name="a", seed=s).stream(n) for s in range(100) for n in STREAMS}
    assert len(numbers) == 400
    assert max(numbers) < 2**63
    assert Run(name="b", seed=1).stream("order") == Run(name="a", seed=1).stream("order")


def test_an_unknown_stream_is_told_with_the_nearest() -> None:
    """A misspelt stream is a mistake in an experiment, not in a report."""
    with pytest.raises(ValueError, match="no random stream is called 'ordr'; did you mean 'order'"):
        Run(name="a").stream("ordr")


def test_progress_goes_to_whoever_watches_and_to_nobody_by_default() -> None:
    """A run tells how far it is without knowing to whom."""
    told: list[object] = []
    Run(name="a", notify=told.append).progress(epoch=1, loss=0.5)
    Run(name="a").progress(epoch=1)
    assert told == [{"epoch": 1, "loss": 0.5}]


def test_a_run_notes_how_it_is_computed() -> None:
    """Notes gather by name; the newest of a name stays."""
    run = Run(name="a")
    run.note(sweep="one by one", passes=3)
    run.note(passes=4)
    assert run.notes == {"sweep": "one by one", "passes": 4}
