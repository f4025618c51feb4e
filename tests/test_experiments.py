"""The registry tests itself: every shipped experiment is documented, used, and deterministic."""

import inspect
import re
from dataclasses import replace

import pytest

from reporter import registry, report, shipped
from reporter.build import Request, compute
from tests.conftest import DEMO

SHIPPED = registry.load((shipped.folder("experiments"),)).experiments


@pytest.mark.parametrize("name", SHIPPED)
def test_experiment_is_documented(name):
    """Its docstring is the report's method note: a sentence, then what is done and how."""
    experiment = SHIPPED[name]
    assert experiment.summary.endswith(".")
    assert len(experiment.method) > len(experiment.summary)
    assert "Args" not in experiment.method


def test_what_an_experiment_returns_is_documented(demo):
    """`report list NAME` names every output; a grid for each photograph has the photograph's."""
    images = {name.replace("-", "_") for name in demo.report.images}
    for run in demo.document.finished.values():
        experiment = SHIPPED[run.jobs[0].experiment]
        _, told, returns = inspect.getdoc(experiment.function).partition("Returns:")
        assert told, experiment.name
        outputs = set(run.results[0].result) - images
        assert outputs <= set(re.findall(r"\w+", returns)), experiment.name


@pytest.mark.parametrize("name", SHIPPED)
def test_experiment_is_named_after_its_file(name):
    """A reader finds it."""
    assert (shipped.folder("experiments") / f"{name}.py").is_file()


def test_every_experiment_is_used_by_a_shipped_report():
    """None is shipped without an example."""
    used = {
        run.experiment
        for template in shipped.templates()
        for run in report.load(shipped.folder("templates") / template).runs.values()
    }
    assert used == set(SHIPPED)


def test_same_run_twice_gives_the_same_bytes(demo, demo_root, tmp_path):
    """Training, features, saliency and data description repeat themselves bit by bit."""
    names = ("last-fc", "scratch", "augmented", "methods", "sanity", "styles", "score")
    names += ("features", "paintings")
    request = Request(folder=DEMO, root=tmp_path / "build", is_quick=True, runs=names, formats=())
    (tmp_path / "build").mkdir()
    (tmp_path / "build" / "cache").symlink_to(demo_root / "cache")
    outcomes = compute(replace(request, jobs=1))
    assert {outcome.state for outcome in outcomes} == {"ran"}
    for outcome in outcomes:
        key = outcome.job.key
        for first in sorted((demo_root / "store" / key).glob("[!mr]*.npy")):
            second = tmp_path / "build" / "store" / key / first.name
            assert first.read_bytes() == second.read_bytes(), (outcome.job.run, first.name)
        results = [
            root / key / "result.json"
            for root in (demo_root / "store", tmp_path / "build" / "store")
        ]
        assert results[0].read_bytes() == results[1].read_bytes(), outcome.job.run
    assert demo.files
