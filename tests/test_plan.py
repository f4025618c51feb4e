"""The plan: which jobs, in which order, with which keys and notes."""

import os
from pathlib import Path

import pytest

from reporter.errors import ReportError
from reporter.plan import parameter_text, seeds_text
from tests.workspaces import TOY, images, planned, png, sources, store, workspace

SPLIT = {"train/dog": 2, "train/cat": 1, "test/dog": 1, "test/cat": 1}
DATA = """
[data.pets]
path = "pets"
[runs.look]
experiment = "looks"
data = "pets"
"""
PHOTO = """
[images.rex]
path = "rex.png"
expected = "Samoyed"
[runs.look]
experiment = "portrays"
photo = "rex"
"""


def _with_data(folder: Path, tables: str = DATA) -> Path:
    images(folder / "pets", SPLIT)
    return workspace(folder, tables)


def _fails(folder: Path, tables: str) -> str:
    with pytest.raises(ReportError) as caught:
        planned(workspace(folder, tables))
    return str(caught.value)


def test_there_is_a_job_for_each_run_and_seed(tmp_path: Path) -> None:
    """Jobs come in the order of the file, each with all its parameters."""
    tables = """
[runs.b]
experiment = "toy"
seeds = [3, 1]
[runs.a]
base = "b"
rate = 0.5
timeout_s = 9
"""
    made = planned(workspace(tmp_path, tables))
    assert [(job.run, job.seed) for job in made.jobs] == [("b", 3), ("b", 1), ("a", 3), ("a", 1)]
    assert made.runs() == ("b", "a")
    assert [job.seed for job in made.of("a")] == [3, 1]
    job = made.jobs[2]
    assert job.parameters == {"rate": 0.5, "epochs": 10}
    assert (job.experiment, job.timeout_s, job.notes, job.needs) == ("toy", 9, (), ())
    assert job.method == "Pretend to train.\n\nIt multiplies."
    assert job.file == tmp_path / "experiments" / "toy.py"
    assert len({job.key for job in made.jobs}) == 4


def test_wanted_runs_alone_are_planned(tmp_path: Path) -> None:
    """The others are left, whatever is wrong with them."""
    tables = '[runs.a]\nexperiment = "toy"\n[runs.b]\nexperiment = "toyy"\n'
    assert planned(workspace(tmp_path, tables), wanted=["a"]).runs() == ("a",)


def test_a_wanted_run_that_is_none_is_told_with_the_nearest(tmp_path: Path) -> None:
    """`report run on` means one."""
    with pytest.raises(ReportError) as caught:
        planned(workspace(tmp_path), wanted=["on"])
    assert str(caught.value) == "no run is called 'on'; did you mean 'one'?"


def test_quick_overrides_come_from_the_experiment_and_then_from_the_run(tmp_path: Path) -> None:
    """One seed, short settings, and a note that says so; the keys are others."""
    tables = """
[runs.a]
experiment = "toy"
seeds = [1, 2]
[runs.b]
base = "a"
quick = { rate = 0.5, epochs = 3 }
"""
    folder = workspace(tmp_path, tables)
    quick = planned(folder, is_quick=True)
    assert [(job.run, job.seed) for job in quick.jobs] == [("a", 1), ("b", 1)]
    assert quick.jobs[0].parameters == {"rate": 0.1, "epochs": 2}
    assert quick.jobs[1].parameters == {"rate": 0.5, "epochs": 3}
    assert quick.jobs[0].notes == ("short quick settings",)
    assert quick.jobs[0].key != planned(folder).jobs[0].key


def test_a_run_without_quick_settings_is_the_same_under_quick(tmp_path: Path) -> None:
    """What has nothing to shorten needs no note, and its stored result serves both."""
    folder = _with_data(tmp_path)
    assert planned(folder, is_quick=True).jobs[0].key == planned(folder).jobs[0].key
    assert planned(folder, is_quick=True).jobs[0].notes == ()


TRAIN = """
[weights.learnt]
source = "run:train"
[runs.late]
experiment = "trains"
weights = "learnt"
seeds = [1, 2, 9]
[runs.train]
experiment = "trains"
seeds = [1, 2]
"""


def test_a_run_comes_after_the_run_that_it_builds_on(tmp_path: Path) -> None:
    """Wherever their tables stand, and also when only the later one is wanted."""
    folder = workspace(tmp_path, TRAIN)
    assert planned(folder).runs() == ("train", "late")
    assert planned(folder, wanted=["late"]).runs() == ("train", "late")
    direct = TRAIN.replace('weights = "learnt"', 'weights = "run:train"')
    assert planned(workspace(tmp_path / "b", direct)).runs() == ("train", "late")


def test_a_run_builds_on_the_result_of_its_own_seed(tmp_path: Path) -> None:
    """A seed that the other run lacks takes that run's first."""
    folder = workspace(tmp_path, TRAIN)
    made = planned(folder)
    first, second = (job.key for job in made.of("train"))
    assert [job.needs for job in made.of("late")] == [(first,), (second,), (first,)]
    weights = made.of("late")[1].arguments["weights"]
    assert (weights.source, weights.digest) == ("run", second)
    assert weights.path == store(folder).checkpoint(second)


def test_a_change_of_a_run_changes_those_that_build_on_it(tmp_path: Path) -> None:
    """The key of the needed result is part of the key."""
    before = planned(workspace(tmp_path / "a", TRAIN)).of("late")
    changed = TRAIN.replace("[runs.train]\n", '[runs.train]\nweights = "imagenet"\n')
    after = planned(workspace(tmp_path / "b", changed)).of("late")
    assert not {job.key for job in before} & {job.key for job in after}


def test_a_cycle_of_runs_is_told_with_its_way(tmp_path: Path) -> None:
    """A run can't build on itself, not even over another."""
    tables = """
[runs.a]
experiment = "trains"
weights = "run:b"
[runs.b]
experiment = "trains"
weights = "run:a"
"""
    assert _fails(tmp_path, tables) == "runs.a: a cycle of runs: a → b → a; give one other weights"


BAD = {
    "experiment": (
        '[runs.a]\nexperiment = "toyy"\n',
        "runs.a.experiment: no experiment is called 'toyy'; did you mean 'toy'?",
    ),
    "parameter": (
        '[runs.a]\nexperiment = "toy"\nepoch = 3\n',
        "runs.a: toy has no parameter 'epoch'; did you mean 'epochs'?",
    ),
    "data": (
        DATA.replace('data = "pets"', 'data = "pet"'),
        "runs.look.data: no data set is called 'pet'; did you mean 'pets'?",
    ),
    "image": (
        PHOTO.replace('photo = "rex"', 'photo = "rexx"'),
        "runs.look.photo: no image is called 'rexx'; did you mean 'rex'?",
    ),
    "weights": (
        TRAIN.replace('weights = "learnt"', 'weights = "lernt"'),
        "runs.late.weights: no weights are called 'lernt'; did you mean 'learnt'?",
    ),
    "weights that are shipped": (
        '[runs.a]\nexperiment = "trains"\nweights = "imagnet"\n',
        "runs.a.weights: no weights are called 'imagnet'; did you mean 'imagenet'?",
    ),
    "run": (
        TRAIN.replace('"run:train"', '"run:trian"'),
        "runs.late.weights: no run is called 'trian'; did you mean 'train'?",
    ),
    "file of data": (DATA, "data.pets: no folder {folder}/pets; put the images there or"),
    "file of an image": (PHOTO, "images.rex: no file {folder}/rex.png; put it there or change"),
    "file of weights": (
        '[weights.w]\nsource = "file:w.pth"\n[runs.a]\nexperiment = "trains"\nweights = "w"\n',
        "weights.w: no file {folder}/w.pth; put it there or change source",
    ),
    "cycle of data": (
        '[data.a]\nfrom = "b"\n[data.b]\nfrom = "a"\n[runs.r]\nexperiment = "looks"\ndata = "a"\n',
        "data.b.from: a cycle of data sets: a → b → a",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_is_told_before_anything_runs(tmp_path: Path, case: str) -> None:
    """The line names the table and key that hold the wrong value, and the nearest right one."""
    tables, expected = BAD[case]
    assert _fails(tmp_path, tables).startswith(expected.format(folder=tmp_path))


def test_an_input_that_is_optional_may_be_left_out(tmp_path: Path) -> None:
    """A parameter typed `ImageFile | None = None` stays None without an image of that name."""
    extra = """

@experiment
def maybe(run: Run, *, photo: ImageFile | None = None, weights: Weights | None = None) -> Result:
    \"\"\"Look if there is something.\"\"\"
    return Result()
"""
    folder = workspace(tmp_path, '[runs.a]\nexperiment = "maybe"\n', toy=TOY + extra)
    job = planned(folder).jobs[0]
    assert job.arguments == {"photo": None, "weights": None}
    assert job.inputs == {}


def test_inputs_are_opened_and_their_digests_recorded(tmp_path: Path) -> None:
    """The lock compares these digests later."""
    job = planned(_with_data(tmp_path)).jobs[0]
    opened = job.arguments["data"]
    assert job.parameters == {"data": "pets"}
    assert opened.classes == ("cat", "dog")
    assert job.inputs == {"data.pets": opened.digest}


def test_several_photographs_are_each_an_input(tmp_path: Path) -> None:
    """A tuple of images is opened one by one, in the order given."""
    tables = """
[images.rex]
path = "rex.png"
[images.tom]
path = "tom.png"
[runs.a]
experiment = "shows"
images = ["tom", "rex"]
"""
    png(tmp_path / "rex.png", 1)
    png(tmp_path / "tom.png", 2)
    job = planned(workspace(tmp_path, tables)).jobs[0]
    assert [photo.name for photo in job.arguments["images"]] == ["tom", "rex"]
    assert list(job.inputs) == ["images.tom", "images.rex"]


def test_few_shot_data_are_the_same_images_with_sides_swapped(tmp_path: Path) -> None:
    """`from` and `swap` make a data set of another, with a digest of its own."""
    tables = DATA + '[data.few]\nfrom = "pets"\nswap = true\n'
    folder = _with_data(tmp_path, tables)
    opened = sources(folder)
    pets, few = opened.data("pets", ""), opened.data("few", "")
    assert (few.train, few.test, few.name) == (pets.test, pets.train, "few")
    assert few.digest != pets.digest


@pytest.mark.parametrize(
    "renamed",
    [
        DATA.replace("runs.look", "runs.other"),
        DATA.replace("[data.pets]", "[settings]\nthreads = 2\n[data.pets]"),
        DATA + "timeout_s = 60\n",
    ],
)
def test_a_runs_name_and_ways_of_running_are_not_in_the_key(tmp_path: Path, renamed: str) -> None:
    """Renaming a run, more threads or more time: the result is the same."""
    before = planned(_with_data(tmp_path / "a")).jobs[0]
    assert planned(_with_data(tmp_path / "b", renamed)).jobs[0].key == before.key


def test_an_inputs_name_is_in_the_key(tmp_path: Path) -> None:
    """A result may show it, so a store that reports share holds one for each name."""
    renamed = DATA.replace("pets]", "animals]").replace('data = "pets"', 'data = "animals"')
    before = planned(_with_data(tmp_path / "a")).jobs[0]
    after = planned(_with_data(tmp_path / "b", renamed)).jobs[0]
    assert list(before.inputs.values()) == list(after.inputs.values())
    assert before.key != after.key


def test_parameters_seeds_and_data_are_in_the_key(tmp_path: Path) -> None:
    """A default that is written out is the same; a changed byte of an image is not."""
    run = '[runs.a]\nexperiment = "toy"\n'
    variants = ("", "epochs = 10\n", "rate = 0.2\n", "seeds = [1]\n")
    keys = [
        planned(workspace(tmp_path / str(i), run + line)).jobs[0].key
        for i, line in enumerate(variants)
    ]
    assert keys[0] == keys[1]
    assert len(set(keys)) == 3
    folder = _with_data(tmp_path / "data")
    before = planned(folder).jobs[0].key
    png(folder / "pets/train/dog/0.png", 99)
    os.utime(folder / "pets/train/dog/0.png", ns=(1, 1))
    assert planned(folder).jobs[0].key != before


def test_what_a_photograph_shows_is_in_the_key(tmp_path: Path) -> None:
    """The expected class is part of what the run returns; the credit is not."""

    def key(folder: Path, tables: str) -> str:
        png(folder / "rex.png")
        return planned(workspace(folder, tables)).jobs[0].key

    before = key(tmp_path / "a", PHOTO)
    assert key(tmp_path / "b", PHOTO.replace("Samoyed", "wolf")) != before
    credit = PHOTO.replace("[runs.look]", 'credit = "A. Person"\n[runs.look]')
    assert key(tmp_path / "c", credit) == before


def test_stand_ins_are_noted(tmp_path: Path) -> None:
    """Page one says which data, photographs and weights are not the real ones."""
    tables = """
[data.pets]
path = "pets"
class_count = 2
size = 32
quick = "procedural"
[weights.net]
source = "imagenet"
quick = "random"
[runs.data]
experiment = "looks"
data = "pets"
[runs.photo]
experiment = "portrays"
photo = "rex"
[runs.weights]
experiment = "trains"
weights = "net"
[runs.late]
experiment = "trains"
weights = "run:weights"
[images.rex]
path = "rex.png"
"""
    many = tables.replace("class_count = 2", "class_count = 11")
    (found,) = planned(workspace(tmp_path / "many", many), is_quick=True).of("data")
    assert found.notes == ("generated pictures in place of the data set pets",)
    made = planned(workspace(tmp_path, tables), is_quick=True)
    notes = {run: made.of(run)[0].notes for run in made.runs()}
    assert notes["data"] == ("generated paintings in place of the data set pets",)
    assert notes["photo"] == ("a generated picture in place of the photograph rex",)
    assert len(notes["weights"]) == 1
    assert "random" in notes["weights"][0]
    assert "net" in notes["weights"][0]
    assert notes["late"] == notes["weights"]
    pets = made.of("data")[0].arguments["data"]
    assert (len(pets.classes), len(pets.train), len(pets.test)) == (2, 16, 8)


def test_what_is_there_needs_no_stand_in(tmp_path: Path) -> None:
    """A photograph that is there is used under --quick too, without a note."""
    png(tmp_path / "rex.png")
    assert planned(workspace(tmp_path, PHOTO), is_quick=True).jobs[0].notes == ()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (True, "yes"),
        (False, "no"),
        (0.0001, "0.0001"),
        (1e-7, "1e-07"),
        (10, "10"),
        ("head", "head"),
        ((0.1, 0.01), "0.1, 0.01"),
        ((), "–"),
    ],
)
def test_parameters_are_shown_as_people_write_them(value: object, text: str) -> None:
    """Tables of settings, the appendix and `report why` use these words."""
    assert parameter_text(value) == text


def test_seeds_are_listed_shortly() -> None:
    """Three in a row are a range."""
    assert seeds_text([42]) == "42"
    assert seeds_text([1, 2]) == "1, 2"
    assert seeds_text([0, 1, 2, 3, 4]) == "0–4"
    assert seeds_text([1, 3, 2]) == "1, 3, 2"
