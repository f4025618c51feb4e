"""A key changes with what changes a result, and with nothing else."""

from pathlib import Path

import pytest

from reporter import keys

BODY = '''\
"""A toy."""
from ._helper import double

FACTOR = 2


def scaled(x: float) -> float:
    """Scale."""
    return FACTOR * x


async def later(x: float) -> float:
    return x


class Net:
    """A network."""

    width: int = 3


def toy(run, *, rate: float = 0.1):
    """Train."""
    total: float = double(rate)
    return scaled(total)
'''
HELPER = "def double(x):\n    return 2 * x\n"


def _prints(folder: Path, body: str = BODY, helper: str = HELPER, **others: str) -> dict[str, str]:
    """Return the fingerprint of a toy experiment written into `folder`."""
    folder.mkdir()
    files = {"toy": body, "_helper": helper, **others}
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)
    return keys.fingerprint(folder / "toy.py")


def _key(**changes: object) -> str:
    values = {
        "experiment": "toy",
        "parameters": {"rate": 0.1, "data": "d1"},
        "seed": 0,
        "code": {".toy": "c1"},
        "needs": (),
    }
    return keys.key(**{**values, **changes})


def test_the_digest_is_of_canonical_json() -> None:
    """The order of keys does not count, tuples are lists, and the number stays for ever."""
    assert keys.digest({"b": 1, "a": (1, 2)}) == keys.digest({"a": [1, 2], "b": 1})
    assert keys.digest({}) == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    with pytest.raises(ValueError, match="JSON"):
        keys.digest(float("nan"))


@pytest.mark.parametrize(
    "changes",
    [
        {"experiment": "other"},
        {"parameters": {"rate": 0.2, "data": "d1"}},
        {"parameters": {"rate": 0.1, "data": "d2"}},
        {"seed": 1},
        {"code": {".toy": "c2"}},
        {"code": {".other": "c1"}},
        {"needs": ("k",)},
    ],
)
def test_everything_that_determines_a_result_is_in_its_key(changes: dict[str, object]) -> None:
    """Experiment, parameters, inputs, seed, code and needs each change the key."""
    assert _key(**changes) != _key()


def test_the_order_of_what_has_none_does_not_count() -> None:
    """Parameters, modules and needs may come in any order."""
    assert _key(parameters={"data": "d1", "rate": 0.1}) == _key()
    assert _key(needs=("a", "b")) == _key(needs=("b", "a"))
    assert _key(code={"a": "1", "b": "2"}) == _key(code={"b": "2", "a": "1"})


def test_modules_are_named_as_imports_name_them(tmp_path: Path) -> None:
    """So moving a workspace changes no key."""
    first = _prints(tmp_path / "first")
    assert sorted(first) == ["._helper", ".toy"]
    assert _prints(tmp_path / "second") == first


@pytest.mark.parametrize(
    "change",
    [
        ("return FACTOR * x", "return FACTOR * x + 1"),
        ("FACTOR = 2", "FACTOR = 3"),
        ("rate: float = 0.1", "rate: float = 0.2"),
        ("width: int = 3", "width: int = 4"),
        ("double(rate)", "double(-rate)"),
    ],
)
def test_a_change_of_meaning_changes_the_fingerprint(
    tmp_path: Path, change: tuple[str, str]
) -> None:
    """The body of a helper function, a constant, a default, a class attribute, an expression."""
    assert change[0] in BODY
    changed = _prints(tmp_path / "changed", BODY.replace(*change))
    assert changed != _prints(tmp_path / "first")


def test_a_change_in_an_imported_helper_changes_the_fingerprint(tmp_path: Path) -> None:
    """A module that is reached by a relative import counts, and so does one that it reaches."""
    first = _prints(tmp_path / "first")
    changed = _prints(tmp_path / "changed", helper=HELPER.replace("2 * x", "3 * x"))
    assert changed[".toy"] == first[".toy"]
    assert changed["._helper"] != first["._helper"]
    deep = _prints(tmp_path / "deep", helper="from ._deep import double\n", _deep=HELPER)
    assert sorted(deep) == ["._deep", "._helper", ".toy"]


@pytest.mark.parametrize(
    "change",
    [
        ("FACTOR = 2", "# a comment\nFACTOR = 2  # another"),
        ('"""Scale."""', '"""Scale a number by a factor."""'),
        ('    """Scale."""\n', ""),
        ('"""A toy."""\n', ""),
        ('"""A network."""', '"""A net."""'),
        ("FACTOR * x", "FACTOR*x"),
        ("return FACTOR * x", "return (\n        FACTOR * x\n    )"),
        ('x: float) -> float:\n    """Scale', 'x: int) -> int:\n    """Scale'),
        ("rate: float = 0.1", "rate = 0.1"),
        ("async def later(x: float) -> float", "async def later(x: float) -> int"),
        ("total: float = double", "total: int = double"),
    ],
)
def test_words_and_layout_leave_the_fingerprint_as_it_is(
    tmp_path: Path, change: tuple[str, str]
) -> None:
    """Comments, docstrings, spacing and annotations change no result."""
    assert change[0] in BODY
    changed = _prints(tmp_path / "changed", BODY.replace(*change))
    assert changed == _prints(tmp_path / "first")


def test_a_file_that_is_not_reached_does_not_count(tmp_path: Path) -> None:
    """Another experiment in the same folder is another matter."""
    assert _prints(tmp_path / "first", other="x = 1\n") == _prints(tmp_path / "second")


@pytest.mark.parametrize(
    "line",
    [
        "from reporter.learn.streams import generator",
        "import reporter.learn.streams",
        "import reporter.learn.streams as s",
        "from reporter.learn import streams",
    ],
)
def test_an_import_inside_a_function_counts(tmp_path: Path, line: str) -> None:
    """Experiments import reporter.learn in their bodies; every spelling is seen."""
    found = _prints(tmp_path / "toy", f"def toy(run):\n    {line}\n")
    assert "reporter.learn.streams" in found


def test_a_learning_module_that_is_not_reached_does_not_count(tmp_path: Path) -> None:
    """Editing the saliency must not invalidate a run that never asks for one."""
    found = _prints(tmp_path / "toy", "def toy(run):\n    from reporter.learn import streams\n")
    assert "reporter.learn.saliency" not in found


def test_the_public_face_counts_by_what_is_taken_from_it(tmp_path: Path) -> None:
    """`from reporter import Metric` reaches the artifacts and nothing else of the engine."""
    found = _prints(tmp_path / "toy", "from reporter import Metric\n")
    assert sorted(found) == [".toy", "reporter.artifacts"]


def test_a_star_import_from_the_public_face_counts_what_it_may_take(tmp_path: Path) -> None:
    """`from reporter import *` may use any of it, so all of it counts."""
    found = _prints(tmp_path / "toy", "from reporter import *\n")
    assert {"reporter.artifacts", "reporter.experiment", "reporter.inputs"} <= set(found)


def test_a_plain_import_of_the_public_face_counts_what_it_may_take(tmp_path: Path) -> None:
    """`import reporter` gives access to all of it, so all of it counts."""
    found = _prints(tmp_path / "toy", "import reporter\n")
    assert {"reporter.artifacts", "reporter.experiment", "reporter.inputs"} <= set(found)


def test_modules_that_import_each_other_are_counted_once(tmp_path: Path) -> None:
    """A cycle of imports ends."""
    found = _prints(tmp_path / "toy", "from . import _helper\n", "from . import toy\n")
    assert sorted(found) == ["._helper", ".toy"]
