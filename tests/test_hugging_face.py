"""A sample of a Hugging Face data set follows from its seed, and is written as the hub has it."""

import builtins
import io

import numpy as np
import pytest
from PIL import Image

from reporter.datasets import hugging_face
from reporter.datasets.acquire import acquire
from reporter.datasets.hugging_face import sample
from reporter.datasets.origins import HuggingFace
from reporter.errors import ReportError
from tests.workspaces import sources, workspace

STYLES = ("Cubism", "Pop Art", "Baroque")
ROWS = 30


def encoded(row: int) -> bytes:
    """Return an image of its own for each row; every third is a PNG."""
    buffer = io.BytesIO()
    noise = np.random.default_rng(row).integers(0, 255, (8, 8, 3), dtype=np.uint8)
    Image.fromarray(noise).save(buffer, "PNG" if row % 3 == 2 else "JPEG")
    return buffer.getvalue()


@pytest.fixture(scope="module")
def repo(tmp_path_factory):
    """Write a data set of two parquet files, with class names, as the hub holds them."""
    datasets = pytest.importorskip("datasets")
    folder = tmp_path_factory.mktemp("hub") / "paintings"
    folder.mkdir()
    features = datasets.Features(
        picture=datasets.Image(),
        style=datasets.ClassLabel(names=list(STYLES)),
        artist=datasets.Value("string"),
    )
    for part in range(2):
        rows = range(part * ROWS // 2, (part + 1) * ROWS // 2)
        table = datasets.Dataset.from_dict(
            {
                "picture": [{"bytes": encoded(row), "path": None} for row in rows],
                "style": [row % 3 if row < ROWS - 1 else -1 for row in rows],
                "artist": [f"artist {row % 2}" for row in rows],
            },
            features=features,
        )
        table.to_parquet(folder / f"train-{part:05d}-of-00002.parquet")
    return str(folder)


def origin(repo, **changes):
    values = {"repo": repo, "image": "picture", "label": "style", "per_class": 4}
    return HuggingFace(**{**values, **changes})


def drawn(repo, folder, **changes):
    """Return the files of a sample by class."""
    folder.mkdir()
    sample(origin(repo, **changes), folder)
    return {
        kind.name: sorted(path.name for path in kind.iterdir()) for kind in sorted(folder.iterdir())
    }


def test_a_sample_has_so_many_images_of_each_class_in_the_bytes_of_the_hub(repo, tmp_path):
    """A file is named after its row; nothing is encoded anew."""
    found = drawn(repo, tmp_path / "a")
    assert {kind: len(files) for kind, files in found.items()} == dict.fromkeys(sorted(STYLES), 4)
    assert {name[-4:] for name in found["Baroque"]} == {".png"}
    for kind, files in found.items():
        for name in files:
            row = int(name[:-4])
            assert STYLES[row % 3] == kind
            assert (tmp_path / "a" / kind / name).read_bytes() == encoded(row)


def test_a_sample_follows_from_its_seed_and_contains_the_smaller(repo, tmp_path):
    """Equal seeds draw equal rows, whatever the other classes."""
    first = drawn(repo, tmp_path / "a")
    assert drawn(repo, tmp_path / "b") == first
    assert drawn(repo, tmp_path / "c", seed=1) != first
    fewer = drawn(repo, tmp_path / "d", classes=("Cubism",), per_class=2)
    assert list(fewer) == ["Cubism"]
    assert set(fewer["Cubism"]) < set(first["Cubism"])


def test_all_images_and_a_column_of_words(repo, tmp_path):
    """Without per_class all labelled rows come; words are classes as they stand."""
    found = drawn(repo, tmp_path / "a", per_class=None)
    assert sum(map(len, found.values())) == ROWS - 1
    found = drawn(repo, tmp_path / "b", label="artist", per_class=None)
    assert {kind: len(files) for kind, files in found.items()} == {"artist 0": 15, "artist 1": 15}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"image": "pictures"}, "no column 'pictures'; did you mean 'picture'?"),
        ({"label": "stile"}, "no column 'stile'; did you mean 'style'?"),
        ({"classes": ("Cubist",)}, "no class 'Cubist'; did you mean 'Cubism'?"),
        ({"label": "artist", "classes": ("artist 3",)}, "no image of class 'artist 3'"),
        ({"per_class": 11}, "class 'Baroque' has 9 images, per_class is 11; lower it or"),
        ({"split": "tset"}, "split 'tset': can't be read"),
        ({"repo": "./nowhere/at/all"}, "split 'train': can't be read"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(repo, tmp_path, changes, told):
    """With the repository and the remedy."""
    (tmp_path / "a").mkdir()
    with pytest.raises(ReportError) as caught:
        sample(origin(**{"repo": repo, **changes}), tmp_path / "a")
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_report_draws_its_sample_and_splits_it(repo, tmp_path):
    """A few lines of TOML are the whole description."""
    tables = f"""
[data.art]
split = {{ test = 0.25, seed = 1 }}
[data.art.huggingface]
repo = "{repo}"
image = "picture"
label = "style"
classes = ["Cubism", "Pop Art"]
per_class = 8
seed = 5
"""
    opened = sources(workspace(tmp_path, tables))
    made = acquire(opened.origin("art"), opened.folder("art"))
    art = opened.data("art", "")
    assert art.classes == ("Cubism", "Pop Art")
    assert (len(art.train), len(art.test), made.images) == (12, 4, 16)


def test_without_the_package_the_extra_is_named(tmp_path, monkeypatch):
    """One line that can be copied."""
    real = builtins.__import__

    def without(name: str, *rest: object) -> object:
        if name == "datasets":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ReportError) as caught:
        sample(HuggingFace(repo="a/b"), tmp_path)
    assert str(caught.value) == (
        "Hugging Face a/b needs the package datasets; pip install 'reporter[hf]'"
    )


def test_two_classes_with_one_folder_are_refused(tmp_path, monkeypatch):
    """A name's slash becomes a dash, and then another class may have that name."""
    image = {"bytes": b"x", "path": None}
    rows = [(0, "TCP/IP", image), (1, "TCP-IP", image)]
    monkeypatch.setattr(hugging_face, "_rows", lambda _origin: iter(rows))
    with pytest.raises(ReportError, match="'TCP/IP' and 'TCP-IP' would share the folder 'TCP-IP'"):
        hugging_face.sample(HuggingFace(repo="toy"), tmp_path / "toy")
