"""report.toml: what it may hold, what it defaults to, and the one line for what is wrong in it."""

import datetime as dt
import shutil
from pathlib import Path

import pytest

from reporter import report
from reporter.errors import ReportError
from reporter.report import Share
from tests.workspaces import COVER, workspace

EXAMPLE = """\
# The shape of report.toml, on R3. Unknown keys are errors; paths are relative to this file.
schema = 1

[report]
name = "pacs-cartoon"                 # outputs go to build/<name>/; sections are sections/NN-id.md in file order
title = "SqueezeNet and ResNet-18 on cartoons"
course = "Deep Learning"
authors = [{ name = "A. Example", id = "0000", email = "a@example.org" }]
date = 2026-05-04                     # given, never "today": same inputs, same bytes
language = "en"
citation_style = "ieee"               # numeric; an author-year style is shipped too

[settings]
device = "auto"                       # recorded with each result, not in its key

[data.cartoon]                        # paths stand only in data, images and weights
path = "data/pacs-cartoon"
split = "splits.csv"                  # or "folders" (train/ and test/), or { test = 0.1, seed = 42 }
classes = "exact"                     # or "casefold", for class folders that differ in case
quick = "procedural"                  # the stand-in of --quick, said on page one

[data.few-shot]
from = "cartoon"
swap = true                           # training and test set change places

[images.samoyed]
path = "images/samoyed.jpg"
expected = "Samoyed"

[weights.resnet18]
source = "imagenet"                   # "random" | "imagenet" | "file:…" | "run:NAME" (another run's checkpoint)
quick = "random"

[runs.scratch]                        # reserved keys: experiment base seeds timeout_s quick; all others are parameters
experiment = "finetune"
data = "cartoon"
model = "resnet18"
weights = "random"
train = "all"                         # "head" (the new layers only) | "all"
head = [7]                            # the new layers' sizes; what they replace follows from the count
rates = [0.01, 0.03, 0.001, 0.003, 0.0001]   # a sweep is one run
epochs = 50
batch = 8
validation = 0.2                      # share of the training set, rounded down
loss = "sum"                          # over the batch; default "mean"
size = 227                            # no resizing
normalise = "train-set"               # or "imagenet"
seeds = [42]                          # one key and one stored result per seed

[runs.frozen]
base = "scratch"                      # copy, then override
weights = "resnet18"
train = "head"
frozen_mode = "eval"                  # batch norm and dropout of frozen layers
"""  # noqa: E501 - the example as it is shipped


def _load(folder: Path, text: str, *overrides: str) -> report.Report:
    (folder / "report.toml").write_text(text, encoding="utf-8")
    return report.load(folder, overrides)


def test_the_example_of_the_format_loads(tmp_path: Path) -> None:
    """Every key of the documented example is read as what it says."""
    example = _load(tmp_path, EXAMPLE)
    assert example.name == "pacs-cartoon"
    assert example.report.date == dt.date(2026, 5, 4)
    assert [author.email for author in example.report.authors] == ["a@example.org"]
    assert example.data["cartoon"].split == "splits.csv"
    assert example.data["few-shot"].from_ == "cartoon"
    assert example.data["few-shot"].swap
    assert example.images["samoyed"].expected == "Samoyed"
    assert example.weights["resnet18"].quick == "random"
    assert example.runs["scratch"].seeds == (42,)
    assert example.runs["scratch"].parameters["rates"] == [0.01, 0.03, 0.001, 0.003, 0.0001]
    assert example.folder == tmp_path


def test_a_base_is_copied_and_then_overridden(tmp_path: Path) -> None:
    """A run has its base's experiment, seeds and parameters, but for what it says itself."""
    runs = _load(tmp_path, EXAMPLE).runs
    scratch, frozen = runs["scratch"], runs["frozen"]
    assert frozen.experiment == "finetune"
    assert frozen.seeds == (42,)
    own = {"weights": "resnet18", "train": "head", "frozen_mode": "eval"}
    assert frozen.parameters == {**scratch.parameters, **own}
    assert "base" not in frozen.parameters


def test_bases_may_have_bases_in_any_order_of_the_file(tmp_path: Path) -> None:
    """The nearest of three generations wins, wherever its table stands."""
    tables = """
[runs.c]
base = "b"
x = 3
[runs.b]
base = "a"
x = 2
y = 2
[runs.a]
experiment = "toy"
x = 1
y = 1
z = 1
"""
    assert _load(tmp_path, COVER + tables).runs["c"].parameters == {"x": 3, "y": 2, "z": 1}


def test_what_is_left_out_has_its_default(tmp_path: Path) -> None:
    """A cover alone is a report: nothing to run, one thread, English, contents."""
    tiny = _load(tmp_path, COVER)
    assert (tiny.runs, tiny.data, tiny.images, tiny.weights) == ({}, {}, {}, {})
    assert (tiny.settings.device, tiny.settings.threads) == ("auto", 1)
    assert (tiny.report.language, tiny.report.contents) == ("en", True)
    run = _load(tmp_path, COVER + '[runs.a]\nexperiment = "toy"\n').runs["a"]
    assert (run.seeds, run.timeout_s, run.quick, run.parameters) == ((0,), None, {}, {})


def test_citations_have_a_style_by_either_name(tmp_path: Path) -> None:
    """`citation_style = "ieee"` is what numbers were called at first."""
    assert _load(tmp_path, COVER).report.citations == "numeric"
    for line, style in (
        ('citations = "author-year"', "author-year"),
        ('citation_style = "author-year"', "author-year"),
        ('citation_style = "ieee"', "numeric"),
    ):
        assert _load(tmp_path, f"{COVER}{line}\n").report.citations == style


def test_lists_are_named_in_order(tmp_path: Path) -> None:
    """Of figures, tables and listings; anything else is told."""
    line = 'lists = ["tables", "figures"]\n'
    assert _load(tmp_path, COVER + line).report.lists == ("tables", "figures")
    with pytest.raises(ReportError, match="'pictures' should be 'figures'"):
        _load(tmp_path, COVER + 'lists = ["pictures"]\n')


def test_a_split_by_share_is_read_as_one(tmp_path: Path) -> None:
    """split = { test, seed } is a share."""
    tables = '[data.d]\npath = "d"\nsplit = { test = 0.1, seed = 42 }\n'
    assert _load(tmp_path, COVER + tables).data["d"].split == Share(test=0.1, seed=42)


def test_sections_come_in_the_order_of_their_files(tmp_path: Path) -> None:
    """The numbers in front of file names order the sections."""
    (tmp_path / "sections").mkdir()
    for name in ("02-b.md", "01-c.md", "10-a.md", "notes.txt"):
        (tmp_path / "sections" / name).touch()
    names = [path.name for path in _load(tmp_path, COVER).sources()]
    assert names == ["01-c.md", "02-b.md", "10-a.md"]


@pytest.mark.parametrize(
    ("text", "value"),
    [("5", 5), ("[1, 2]", [1, 2]), ('"head"', "head"), ("head", "head"), ("true", True)],
)
def test_an_override_is_toml_or_else_a_string(tmp_path: Path, text: str, value: object) -> None:
    """--set runs.a.x=… is read as TOML, and as plain text when it is none."""
    tables = COVER + '[runs.a]\nexperiment = "toy"\n'
    assert _load(tmp_path, tables, f"runs.a.x={text}").runs["a"].parameters == {"x": value}


def test_an_override_of_a_base_reaches_the_runs_built_on_it(tmp_path: Path) -> None:
    """Bases are merged after overrides."""
    tables = COVER + '[runs.a]\nexperiment = "toy"\n[runs.b]\nbase = "a"\n'
    runs = _load(tmp_path, tables, "runs.a.x=1", "runs.a.seeds=[7]").runs
    assert (runs["b"].parameters, runs["b"].seeds) == ({"x": 1}, (7,))


def test_an_override_reaches_a_table_that_the_file_leaves_out(tmp_path: Path) -> None:
    """[settings] has defaults, so --set can change one without the table being there."""
    assert _load(tmp_path, COVER, "settings.threads=2").settings.threads == 2


RUN = '[runs.a]\nexperiment = "toy"\n'
BAD = {
    "language": (
        COVER + 'language = "german"\n',
        "report.language: 'german' should be the tag of a language, such as en",
    ),
    "misspelt table": (
        COVER + "[setings]\n",
        "top level: unknown key 'setings'; did you mean 'settings'?",
    ),
    "misspelt key of the cover": (
        COVER + 'subtitel = "x"\n',
        "report: unknown key 'subtitel'; did you mean 'subtitle'?",
    ),
    "misspelt key of an author": (
        COVER + 'authors = [{ name = "A", emial = "x" }]\n',
        "report.authors.0: unknown key 'emial'; did you mean 'email'?",
    ),
    "misspelt setting": (
        COVER + "[settings]\nthread = 2\n",
        "settings: unknown key 'thread'; did you mean 'threads'?",
    ),
    "misspelt key of data": (
        COVER + '[data.d]\nfrm = "x"\n',
        "data.d: unknown key 'frm'; did you mean 'from'?",
    ),
    "misspelt key of a share": (
        COVER + '[data.d]\npath = "d"\nsplit = { test = 0.1, sed = 1 }\n',
        "data.d.split: unknown key 'sed'; did you mean 'seed'?",
    ),
    "misspelt key of an image": (
        COVER + '[images.i]\npath = "x"\nexpect = "dog"\n',
        "images.i: unknown key 'expect'; did you mean 'expected'?",
    ),
    "misspelt key of weights": (
        COVER + '[weights.w]\nsource = "random"\nquik = "random"\n',
        "weights.w: unknown key 'quik'; did you mean 'quick'?",
    ),
    "key that is like none": (
        COVER + "[settings]\nxyz = 2\n",
        "settings: unknown key 'xyz'; choose from device, threads",
    ),
    "missing key": (
        COVER.replace('title = "A tiny report"\n', ""),
        "report.title: missing; add title = …",
    ),
    "missing table": ("schema = 1\n", "report: missing; add a table [report]"),
    "missing schema": (COVER.replace("schema = 1\n", ""), "schema: missing; add schema = 1"),
    "newer schema": (COVER.replace("schema = 1", "schema = 2"), "schema: 2 should be 1"),
    "date that is none": (
        COVER.replace("2026-05-04", '"soon"'),
        "report.date: 'soon' should be a date without quotes, such as 2026-05-04",
    ),
    "name with a space": (
        COVER.replace('"tiny"', '"a b"'),
        "report.name: 'a b' should be of letters, digits",
    ),
    "name of a folder of build/": (
        COVER.replace('"tiny"', '"store"'),  # report clean would remove the results
        "report.name: 'store' names build/store/",
    ),
    "device that is none": (
        COVER + '[settings]\ndevice = "tpu"\n',
        "settings.device: 'tpu' should be 'auto', 'cpu' or 'cuda'",
    ),
    "no thread": (
        COVER + "[settings]\nthreads = 0\n",
        "settings.threads: 0 should be greater than 0",
    ),
    "share beyond one": (
        COVER + '[data.d]\npath = "d"\nsplit = { test = 1.5 }\n',
        "data.d.split.test: 1.5 should be less than 1",
    ),
    "source that is none": (
        COVER + '[weights.w]\nsource = "web"\n',
        'weights.w.source: \'web\' should be "random", "imagenet"',
    ),
    "seeds that are text": (
        COVER + RUN + 'seeds = ["x"]\n',
        "runs.a.seeds.0: 'x' should be a whole number",
    ),
    "seed given twice": (
        COVER + RUN + "seeds = [1, 1]\n",
        "runs.a.seeds: [1, 1] names a seed twice",
    ),  # no n = 2
    "no seed": (COVER + RUN + "seeds = []\n", "runs.a.seeds: [] should not be empty"),
    "time that is up": (
        COVER + RUN + "timeout_s = 0\n",
        "runs.a.timeout_s: 0 should be greater than 0",
    ),
    "run without experiment": (
        COVER + "[runs.a]\nx = 1\n",
        'runs.a: needs an experiment; add experiment = "…"',
    ),
    "run that is no table": (COVER + "[runs]\na = 3\n", "runs.a: 3 should be a table"),
    "runs that are no table": (
        COVER.replace("schema", "runs = 3\nschema"),
        "runs: 3 should be tables",
    ),
    "unknown base": (
        COVER + '[runs.scratch]\nexperiment = "toy"\n[runs.b]\nbase = "scrach"\n',
        "runs.b.base: no run is called 'scrach'; did you mean 'scratch'?",
    ),
    "base that is no name": (COVER + RUN + "[runs.b]\nbase = 3\n", "runs.b.base: "),
    "cycle of bases": (
        COVER + '[runs.a]\nbase = "b"\n[runs.b]\nbase = "a"\n',
        "runs.a: its base is itself: a → b → a",
    ),
    "broken TOML": (COVER + "x = \n", "not valid TOML: invalid value (at line 6, column 5)"),
    "run named twice": (COVER + RUN + RUN, "not valid TOML: cannot declare ('runs', 'a') twice"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_is_told_in_one_line(tmp_path: Path, case: str) -> None:
    """The message begins with the file and names key, value and remedy."""
    text, expected = BAD[case]
    with pytest.raises(ReportError) as caught:
        _load(tmp_path, text)
    message = str(caught.value)
    assert message.startswith(f"{tmp_path / 'report.toml'}: {expected}")
    assert "\n" not in message


def test_a_folder_without_a_report_is_told_how_to_get_one(tmp_path: Path) -> None:
    """The remedy for a missing report.toml is `report init`."""
    with pytest.raises(ReportError, match=r"no report\.toml there; `report init DIR` makes one"):
        report.load(tmp_path)


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("runs.a.x", "--set 'runs.a.x': should look like runs.last-fc.epochs=5"),
        ("x=3", "--set 'x=3': should look like runs.last-fc.epochs=5"),
        ("runs.first.x=3", "--set 'runs.first.x=3': no table 'first'; did you mean 'frist'?"),
        ("rnus.a.x=3", "--set 'rnus.a.x=3': no table 'rnus'; did you mean 'runs'?"),
        ("report.title.x=3", "--set 'report.title.x=3': 'title' is a value, no table"),
    ],
)
def test_a_bad_override_is_told_in_one_line(tmp_path: Path, override: str, expected: str) -> None:
    """The message names the override as it was typed."""
    text = COVER + '[runs.frist]\nexperiment = "toy"\n'
    with pytest.raises(ReportError) as caught:
        _load(tmp_path, text, override)
    assert str(caught.value).startswith(expected)


def test_a_report_can_be_moved_with_its_folder(tmp_path: Path) -> None:
    """Two copies of a workspace differ in nothing but their folder."""
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    loaded = _load(first, EXAMPLE)
    shutil.copytree(first, second)
    assert report.load(second).model_copy(update={"folder": first}) == loaded


def test_what_the_command_line_says_holds_under_quick(tmp_path: Path) -> None:
    """Over the run's own quick value, and for runs that copy it, unless they say otherwise."""
    tables = """
[runs.a]
experiment = "adds"
epochs = 9
quick = { epochs = 1, size = 2 }
[runs.b]
base = "a"
[runs.c]
base = "a"
epochs = 7
"""
    found = report.load(workspace(tmp_path, tables), ("runs.a.epochs=5",)).runs
    assert found["a"].quick == {"epochs": 5, "size": 2}
    assert found["b"].quick == {"epochs": 5, "size": 2}
    assert found["c"].quick == {"epochs": 1, "size": 2}
