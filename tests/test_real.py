"""The shipped pacs-cartoon report over real images and weights, where they are at hand."""

import shutil
from pathlib import Path

import pytest

from reporter import shipped
from reporter.build import Request, compute
from reporter.store import Store

REAL = Path(__file__).parent.parent.parent / "shared" / "data"
pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not REAL.is_dir(), reason="no real data beside the checkout"),
]


@pytest.fixture(scope="module")
def cartoons(tmp_path_factory):
    """Return the shipped report beside its data, with weights from files."""
    folder = tmp_path_factory.mktemp("real") / "pacs"
    shutil.copytree(shipped.folder("templates") / "pacs-cartoon", folder)
    (folder / "images").mkdir()
    (folder / "data").mkdir()
    (folder / "data" / "pacs-cartoon").symlink_to(REAL / "pacs-cartoon")
    shutil.copy(REAL / "set-images" / "samoyed.jpg", folder / "images")
    return folder


def run(folder, *names):
    """Compute some runs and return their results by name."""
    weights = {"squeezenet": "squeezenet1_0", "resnet18": "resnet18.fp16"}
    paths = {n: REAL / "weights" / f"{file}.safetensors" for n, file in weights.items()}
    overrides = tuple(f"weights.{n}.source=file:{path}" for n, path in paths.items())
    request = Request(
        folder=folder, root=folder / "build", runs=names, formats=(), overrides=overrides
    )
    outcomes = compute(request)
    assert not [outcome.error for outcome in outcomes if outcome.error]
    store = Store(folder / "build" / "store")
    return {outcome.job.run: store.load(outcome.job.key).result for outcome in outcomes}


def test_samoyed_comes_first_with_both_networks(cartoons):
    """An independent script found 0.672 and 0.810."""
    results = run(cartoons, "samoyed", "samoyed-resnet")
    for name, probability in (("samoyed", 0.672), ("samoyed-resnet", 0.810)):
        first = dict(
            zip(
                (column.name for column in results[name]["top"].columns),
                results[name]["top"].rows[0],
                strict=True,
            )
        )
        assert first["class"] == "Samoyed"
        assert first["probability"] == pytest.approx(probability, abs=0.01)


def test_cartoon_statistics_are_those_of_the_reference(cartoons):
    """Mean and deviation of the full training set, which nine tenths of all images share."""
    results = run(cartoons, "cartoons")
    expected = (0.8116, 0.7858, 0.7380, 0.2730, 0.2863, 0.3374)
    assert results["cartoons"]["statistics"].rows[0][1:] == pytest.approx(expected, abs=0.005)


def test_sizes_are_those_of_the_split_file(cartoons):
    """2108 and 236 images, and the other way round."""
    results = run(cartoons, "cartoons", "few-cartoons")
    sizes = {name: (r["train_size"].value, r["test_size"].value) for name, r in results.items()}
    assert sizes == {"cartoons": (2108, 236), "few-cartoons": (236, 2108)}
