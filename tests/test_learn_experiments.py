"""The shipped experiments on a tiny data set, from weights to result and back."""

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from reporter.artifacts import Checkpoint, Curves, ImageGrid, Metric, Result, Table
from reporter.errors import ReportError
from reporter.experiment import Experiment, Run
from reporter.inputs import Dataset, Example, ImageFile, Weights
from reporter.registry import experiments_in
from reporter.store import Store

CLASSES = ("red", "green", "blue", "grey")
COLOURS = ((220, 30, 30), (30, 220, 30), (30, 30, 220), (120, 120, 120))
RANDOM = Weights(name="random", source="random", digest="random")
COMPACT: dict[str, Any] = {"model": "compact-alexnet", "size": 64}
SMALL: dict[str, Any] = {**COMPACT, "normalise": "half"}


def shipped(name: str) -> Experiment:
    """Return an experiment of the repository."""
    (found,) = experiments_in(Path(__file__).parent.parent / "experiments" / f"{name}.py")
    return found


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Return noisy squares of four colours: six to train and three to test of each."""
    folder, dice = tmp_path_factory.mktemp("colours"), np.random.default_rng(0)
    examples: dict[str, list[Example]] = {"train": [], "test": []}
    for label, colour in enumerate(COLOURS):
        for number in range(9):
            pixels = np.clip(dice.normal(colour, 20, (64, 64, 3)), 0, 255).astype(np.uint8)
            path = folder / f"{label}-{number}.png"
            Image.fromarray(pixels).save(path)
            split = "train" if number < 6 else "test"
            examples[split].append(
                Example(
                    path=path, label=label, digest=hashlib.sha256(path.read_bytes()).hexdigest()
                )
            )
    return Dataset(
        name="colours", classes=CLASSES, digest="", train=tuple(examples["train"]),
        test=tuple(examples["test"]),
    )  # fmt: skip


@pytest.fixture(scope="module")
def images(data: Dataset) -> tuple[ImageFile, ...]:
    """Return a red and a blue photograph."""
    named = (("one-red", data.test[0].path, "Red"), ("a-blue", data.test[6].path, "green"))
    return tuple(ImageFile(name=n, path=p, digest="", expected=e) for n, p, e in named)


def finetuned(data: Dataset, seed: int = 0, run: Run | None = None, **more: Any) -> Result:
    """Return the result of a short fine-tuning run."""
    settings: dict[str, Any] = {"weights": RANDOM, **SMALL, "epochs": 6, "batch": 4, **more}
    experiment = shipped("finetune")
    defaults = {n: p.default for n, p in experiment.parameters.items()}
    run = run or Run(name="x", seed=seed)
    return experiment.function(run, **{**defaults, "data": data, **settings})


@pytest.fixture(scope="module")
def trained(data: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Weights:
    """Return the weights of a run, as the store keeps them."""
    store = Store(tmp_path_factory.mktemp("store"))
    store.save("run", finetuned(data, train="all", rates=(0.05,)), {})
    return Weights(name="run:x", source="run", path=store.checkpoint("run"), digest="")


def value(result: Result, name: str) -> float:
    """Return the value of a metric."""
    metric = result[name]
    assert isinstance(metric, Metric)
    return metric.value


def test_finetune_learns_and_returns_what_a_report_shows(data: Dataset) -> None:
    """Colours are told apart, and every result has its name."""
    result = finetuned(data, train="all", rates=(0.05, 0.01), epochs=8)
    assert set(result) == {
        "train_accuracy", "train_loss", "validation_accuracy", "validation_loss", "test_accuracy",
        "loss", "rates", "confusion", "misclassified", "network",
    }  # fmt: skip
    assert value(result, "test_accuracy") >= 0.75
    network = result["network"]
    assert isinstance(network, Checkpoint)
    assert (network.network, network.classes) == ("compact-alexnet", CLASSES)
    assert network.settings["size"] == 64


def test_finetune_repeats_and_follows_its_seed(data: Dataset) -> None:
    """The same seed gives the same state bit by bit; another seed another one."""
    states = []
    for seed in (0, 0, 1):
        network = finetuned(data, seed, train="all", augment=("flip", "crop 60"), epochs=2)[
            "network"
        ]
        assert isinstance(network, Checkpoint)
        states.append(network.state)
    assert all(np.array_equal(states[0][name], states[1][name]) for name in states[0])
    assert not np.array_equal(states[0]["features.0.weight"], states[2]["features.0.weight"])


def test_finetune_is_the_same_with_and_without_a_cache(data: Dataset, tmp_path: Path) -> None:
    """Another run passes no image again; every number and every file has the same bits."""
    runs = [Run(name="x", cache=cache) for cache in (None, tmp_path, tmp_path)]
    store, contents, states = Store(tmp_path / "store"), [], []
    for number, run in enumerate(runs):
        result = finetuned(data, run=run)
        assert isinstance(result["network"], Checkpoint)
        states.append({name: array.tobytes() for name, array in result["network"].state.items()})
        store.save(f"{number}", result, {})
        files = [*(store.root / f"{number}").glob("array-*"), store.root / f"{number}/result.json"]
        contents.append({file.name: file.read_bytes() for file in files})
    counts = [(run.notes["forwards"], run.notes["kept"]) for run in runs]
    assert counts == [(36, 0), (36, 0), (0, 36)]
    assert states[0] == states[1] == states[2]
    assert contents[0] == contents[1] == contents[2]


def test_finetune_goes_on_from_another_run(data: Dataset, trained: Weights) -> None:
    """On a network that was trained on these colours a new last layer learns them sooner."""
    settings: dict[str, Any] = {"rates": (0.1,), "epochs": 20, "validation": 0.0}
    after = [finetuned(data, weights=w, **settings) for w in (trained, RANDOM)]
    assert value(after[0], "test_accuracy") >= value(after[1], "test_accuracy")
    assert value(after[0], "train_loss") < value(after[1], "train_loss")


def test_precision_is_a_choice_for_whole_networks(data: Dataset) -> None:
    """Other formats are refused, and so is rounding where new layers alone train."""
    with pytest.raises(ReportError, match="'float16' should be 'float32', 'tf32' or 'bfloat16'"):
        shipped("finetune").bind({"data": "d", "weights": "w", "precision": "float16"}, "runs.a")
    with pytest.raises(ReportError, match="precision = 'bfloat16' is for train = 'all'"):
        finetuned(data, precision="bfloat16")
    result = finetuned(data, train="all", rates=(0.05,), epochs=1, precision="bfloat16")
    assert isinstance(result["network"], Checkpoint)
    assert {array.dtype for array in result["network"].state.values()} <= {
        np.dtype("float32"), np.dtype("int64"),
    }  # fmt: skip


def test_finetune_needs_validation_to_choose(data: Dataset) -> None:
    """Two rates without held-out images are refused before anything is read."""
    with pytest.raises(ReportError, match="validation = 0, so nothing can choose a rate"):
        finetuned(data, validation=0.0, rates=(0.1, 0.2))
    result = finetuned(data, validation=0.0, test="every-epoch", epochs=3)
    assert "validation_accuracy" not in result
    accuracy = result["test_accuracy"]
    assert isinstance(accuracy, Metric)
    assert (accuracy.epoch, len(accuracy.history)) == (3, 3)


def test_classify_compares_with_what_was_expected(
    images: tuple[ImageFile, ...], trained: Weights
) -> None:
    """One photograph is right, the other was expected to be of another colour."""
    result = shipped("classify").function(
        Run(name="x"), images=images, weights=trained, model="compact-alexnet", k=2, size=None
    )
    predictions = result["predictions"]
    assert isinstance(predictions, Table)
    assert [row[2] for row in predictions.rows] == ["red", "blue"]
    assert (value(result, "correct"), value(result, "total")) == (1, 2)


def test_saliency_has_a_grid_for_each_photograph(
    images: tuple[ImageFile, ...], trained: Weights
) -> None:
    """Named as the image is, with "_" for "-"; and one of all."""
    result = shipped("saliency").function(
        Run(name="x"), images=images, weights=trained, target="expected", **COMPACT
    )
    assert set(result) == {"one_red", "a_blue", "maps", "predictions"}
    pair = result["a_blue"]
    assert isinstance(pair, ImageGrid)
    assert pair.labels == ("a-blue", "saliency of green")
    assert [image.shape for image in pair.images] == [(64, 64, 3), (64, 64)]


def test_saliency_puts_several_methods_side_by_side(
    images: tuple[ImageFile, ...], trained: Weights
) -> None:
    """One column each beside the photograph, in the order that was asked for; it repeats."""
    first, second = (
        shipped("saliency").function(
            Run(name="x"), images=images, weights=trained, samples=3,
            methods=("grad-cam", "gradient", "smoothgrad"), **COMPACT,
        )["maps"]
        for _ in range(2)
    )  # fmt: skip
    assert isinstance(first, ImageGrid)
    assert isinstance(second, ImageGrid)
    assert first.columns == 4
    assert first.labels[:4] == (
        "one-red", "Grad-CAM of red", "saliency of red", "SmoothGrad of red",
    )  # fmt: skip
    assert len({image.tobytes() for image in first.images}) == 8
    assert all(map(np.array_equal, first.images, second.images))


def test_class_model_climbs_to_the_classes(trained: Weights) -> None:
    """One image and one curve each; the table and the metrics say how far it got."""
    result = shipped("class_model").function(
        Run(name="x"),
        classes=("Blue", "red"),
        weights=trained,
        steps=20,
        rate=30.0,
        decay=0.001,
        **COMPACT,
    )
    models, ascent, classes = result["models"], result["ascent"], result["classes"]
    assert isinstance(models, ImageGrid)
    assert isinstance(ascent, Curves)
    assert isinstance(classes, Table)
    assert models.labels == ("blue", "red")
    assert [image.shape for image in models.images] == [(64, 64, 3)] * 2
    assert [(one.label, len(one.y)) for one in ascent.series] == [("blue", 21), ("red", 21)]
    assert all(one.y[-1] > one.y[0] for one in ascent.series)
    assert value(result, "score") == pytest.approx(sum(row[2] for row in classes.rows) / 2)
    assert value(result, "probability") == pytest.approx(sum(row[3] for row in classes.rows) / 2)


def test_sanity_randomises_the_network_and_compares_the_maps(
    images: tuple[ImageFile, ...], trained: Weights
) -> None:
    """A row of maps for each method; with random layers they differ; it repeats."""
    first, second = (
        shipped("sanity").function(
            Run(name="x"), image=images[0], weights=trained, samples=3, stages=3, **COMPACT
        )
        for _ in range(2)
    )
    maps, correlations = first["maps"], first["correlations"]
    assert isinstance(maps, ImageGrid)
    assert isinstance(correlations, Table)
    assert (maps.columns, len(maps.images), len(correlations.rows)) == (5, 15, 5)
    assert value(first, "layers") == 8
    methods = ("gradient", "smoothgrad", "grad_cam")
    assert all(value(first, f"{name}_correlation") < 0.9 for name in methods)
    assert all(abs(value(first, f"{name}_edge_correlation")) < 1 for name in methods)
    assert correlations == second["correlations"]
    with pytest.raises(ReportError, match="methods is empty; choose from gradient, smoothgrad"):
        shipped("sanity").function(
            Run(name="x"), image=images[0], weights=trained, methods=(), **COMPACT
        )


def test_sanity_of_random_weights_takes_other_ones(images: tuple[ImageFile, ...]) -> None:
    """Else a network would be compared with itself."""
    result = shipped("sanity").function(
        Run(name="x"), image=images[0], weights=RANDOM, methods=("gradient",), **COMPACT
    )
    assert value(result, "gradient_correlation") < 0.9


def test_saliency_score_compares_maps_with_controls(data: Dataset, trained: Weights) -> None:
    """Energies are shares; the centre-weighted map has a quarter."""
    result = shipped("saliency_score").function(
        Run(name="x"), data=data, weights=trained, n=3, window=32, stride=16, shown=2, **COMPACT
    )
    scores = result["scores"]
    assert isinstance(scores, Table)
    assert len(scores.rows) == 6
    assert value(result, "centre_energy") == pytest.approx(0.25)
    assert value(result, "chance") == 0.25
    examples = result["examples"]
    assert isinstance(examples, ImageGrid)
    assert len(examples.images) == 8


def test_visualise_shows_filters_and_maps(images: tuple[ImageFile, ...]) -> None:
    """The input's layout and range are metrics."""
    result = shipped("visualise").function(
        Run(name="x"), image=images[0], weights=RANDOM, channels=16, **COMPACT
    )
    assert (value(result, "input_channels"), value(result, "input_height")) == (3, 64)
    assert -2 <= value(result, "input_minimum") < value(result, "input_maximum") <= 2
    filters = result["filters"]
    assert isinstance(filters, ImageGrid)
    assert len(filters.images) == 32


def test_features_and_a_linear_machine_tell_colours_apart(data: Dataset) -> None:
    """Even random features do; the folds choose C."""
    result = shipped("features").function(
        Run(name="x"), data=data, weights=RANDOM, layer="penultimate", C=(0.1, 10.0), folds=3,
        scale=False, shares=(0.5, 0.99), **SMALL,
    )  # fmt: skip
    assert value(result, "test_accuracy") == 1
    assert value(result, "dimensions") == 256
    assert value(result, "selected_C") in {0.1, 10}
    needed = result["variance_dimensions"]
    assert isinstance(needed, Table)
    assert [row[0] for row in needed.rows] == [0.5, 0.99]
    single = result["component_variance"]
    assert isinstance(single, Curves)
    assert sum(single.series[0].y) == pytest.approx(1)
    assert list(single.series[0].y) == sorted(single.series[0].y, reverse=True)


def test_features_need_images_to_test(data: Dataset) -> None:
    """The message says how many there are."""
    untested = replace(data, test=())
    with pytest.raises(ReportError, match=r"has \d+ images to train and 0 to test; both"):
        shipped("features").function(
            Run(name="x"), data=untested, weights=RANDOM, layer="penultimate", C=(1.0,), folds=3,
            scale=False, shares=(0.5,), **SMALL,
        )  # fmt: skip


def test_a_layer_on_features_stops_early(data: Dataset) -> None:
    """Colours are soon told apart; training ends `patience` epochs after the best one."""
    defaults = {n: p.default for n, p in shipped("feature_head").parameters.items()}
    settings: dict[str, Any] = {
        "weights": RANDOM,
        "validation": 0.25,
        "patience": 40,
        "rates": (1.0,),
        "layer": "features",
    }
    result = shipped("feature_head").function(
        Run(name="x"), **{**defaults, "data": data, **settings, **SMALL}
    )
    best = result["validation_accuracy"]
    assert isinstance(best, Metric)
    assert best.value == 1
    assert value(result, "stopped") == (best.epoch or 0) + 40 < 200
    assert value(result, "test_accuracy") == 1
    assert value(result, "dimensions") == 96
    with pytest.raises(ReportError, match="validation = 0, so nothing can tell when to stop"):
        shipped("feature_head").function(
            Run(name="x"), **{**defaults, "data": data, **settings, "validation": 0}
        )


def test_dataset_describes_sizes_and_classes(data: Dataset) -> None:
    """Counts are metrics, too."""
    result = shipped("dataset").function(Run(name="x"), data=data, samples=2, columns=4)
    assert [value(result, f"{n}") for n in ("train_size", "test_size", "class_count")] == [
        24,
        12,
        4,
    ]
    shown = result["samples"]
    assert isinstance(shown, ImageGrid)
    assert shown.labels[:3] == ("red", "red", "green")


def test_pretrain_makes_a_network_for_other_runs(data: Dataset, tmp_path: Path) -> None:
    """Its checkpoint loads under the name of the compact network."""
    result = shipped("pretrain").function(
        Run(name="x"), data=data, epochs=2, batch=8, peak_lr=0.05, size=64
    )
    store = Store(tmp_path)
    store.save("run", result, {})
    weights = Weights(name="run:p", source="run", path=store.checkpoint("run"), digest="")
    assert value(finetuned(data, weights=weights, epochs=1), "train_accuracy") >= 0
