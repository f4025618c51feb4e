"""An experiment's code counts by what it reaches and by what that means, and by nothing else."""

import random
import sys
from pathlib import Path

import pytest

from reporter import causes, shipped
from reporter.errors import ReportError
from reporter.meaning.codebase import Codebase
from reporter.meaning.reach import Code, reached
from tests import programs
from tests.workspaces import job

FILES = {
    "toy.py": '''\
"""A toy."""
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reporter import *

from . import _tools as tools
from ._helper import double
from .sub import shift

if TYPE_CHECKING:
    from ._types import Number

FACTOR = 2
RULES = {"limit": 3, "apply": double}


@dataclass
class Point:
    """A point."""

    x: int = 1
    y: int = 2


class Base:
    """What nets have."""

    bias = 1


class Net(Base):
    """A network."""

    width = 3

    def forward(self, x: float) -> float:
        """Compute."""
        return self.scaled(x) + self.bias

    def scaled(self, x):
        return self.width * x


def scaled(x: float, by: float = 3.0) -> float:
    """Scale."""
    return FACTOR * x * by


def unused(x):
    return x


@experiment(quick={"epochs": 1})
def toy(run: Run, *, rate: Rate = 0.1, epochs: Count = 10) -> Result:
    """Train."""
    import math

    total: float = double(rate)

    def inner(x):
        return tools.step(x)

    later = lambda x: tools.START + x
    parts = [Net().forward(x) for x in range(epochs)]
    more = RULES["apply"](3), shift(1), Point(3, 4), math.pi, parts
    return scaled(total), inner(1), later(2), *more
''',
    "_helper.py": '"""Help."""\nfrom ._second import twice\n\n\n'
    "def double(x):\n    return twice(x)\n",
    "_second.py": "from ._third import add\n\n\ndef twice(x):\n    return add(x, x)\n",
    "_third.py": "def add(x, y):\n    return x + y\n\n\ndef other(x):\n    return x\n",
    "_tools.py": """\
import functools

START = 1


def marked(function):
    @functools.wraps(function)
    def call(x):
        return function(x) + 1

    return call


@marked
def step(x):
    return x + 1


def idle(x):
    return x
""",
    "_types.py": "Number = float\n",
    "other.py": "def elsewhere():\n    return 1\n",
    "sub/__init__.py": "from .moves import shift, turn\n",
    "sub/moves.py": "def shift(x):\n    return x + 1\n\n\ndef turn(x):\n    return -x\n",
}


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder / "toy.py"


def reach(folder: Path, files: dict[str, str]) -> Code:
    file = write(folder, files)
    return reached(Codebase(folder), file, "toy")


def changed(file: str, *edits: tuple[str, str]) -> dict[str, str]:
    """Return the workspace after edits of one file, each of which must be possible."""
    text = FILES[file]
    for old, new in edits:
        assert old in text
        text = text.replace(old, new, 1)
    return {**FILES, file: text}


SAME = {
    "nothing": FILES,
    "comment": changed("toy.py", ("FACTOR = 2", "# a comment\nFACTOR = 2  # another")),
    "docstring": changed("toy.py", ('"""Scale."""', '"""Scale a number."""')),
    "docstring removed": changed("toy.py", ('    """Scale."""\n', "")),
    "docstring of a module": changed("_helper.py", ('"""Help."""\n', "")),
    "docstring of a class": changed("toy.py", ('"""A network."""', '"""A net."""')),
    "docstring of the experiment": changed("toy.py", ('"""Train."""', '"""Train a toy."""')),
    "spacing": changed("toy.py", ("FACTOR * x * by", "(\n        FACTOR*x * by\n    )")),
    "annotation": changed("toy.py", ("x: float, by: float", "x: int, by: object")),
    "annotation removed": changed("toy.py", ("x: float) -> float", "x)")),
    "annotation of a variable": changed("toy.py", ("total: float = ", "total = ")),
    "annotation of a field": changed("toy.py", ("x: int = 1", "x: float = 1")),
    "plain annotation of a parameter": changed("toy.py", ("epochs: Count", "epochs: int")),
    "import order": changed(
        "toy.py",
        ("from . import _tools as tools\n", ""),
        ("from .sub import shift\n", "from .sub import shift\nfrom . import _tools as tools\n"),
    ),
    "unused import": changed("toy.py", ("import TYPE_CHECKING", "import TYPE_CHECKING, Any")),
    "unrelated function added": changed(
        "toy.py", ("def unused", "def more():\n    1\n\n\ndef unused")
    ),
    "unrelated function changed": changed(
        "toy.py", ("def unused(x):\n    return x", "def unused(x):\n    return -x")
    ),
    "unrelated helper changed": changed("_third.py", ("    return x\n", "    return -x\n")),
    "unrelated function of a used module": changed(
        "_tools.py", ("def idle(x):\n    return x", "def idle(x):\n    return 0")
    ),
    "unrelated re-export": changed("sub/moves.py", ("return -x", "return 0")),
    "another file changed": changed("other.py", ("return 1", "return 2")),
    "another file renamed": {
        "different.py" if name == "other.py" else name: text for name, text in FILES.items()
    },
    "functions in another order": changed(
        "toy.py",
        ("def unused(x):\n    return x\n\n\n", ""),
        ("def scaled(x: float, by", "def unused(x):\n    return x\n\n\ndef scaled(x: float, by"),
    ),
    "what only type checkers import": changed("_types.py", ("float", "int")),
    "quick parameters": changed("toy.py", ('"epochs": 1', '"epochs": 2')),
    "default of a parameter, which the key holds": changed("toy.py", ("= 10)", "= 12)")),
    "another experiment in the file": changed(
        "toy.py", ("def unused", "@experiment\ndef second(run):\n    return 1\n\n\ndef unused")
    ),
}

DIFFERENT = {
    "body of a function": (
        changed("toy.py", ("FACTOR * x * by", "FACTOR * x + by")),
        "function experiments.toy.scaled changed",
    ),
    "module constant": (
        changed("toy.py", ("FACTOR = 2", "FACTOR = 3")),
        "constant experiments.toy.FACTOR changed",
    ),
    "imported helper": (
        changed("_helper.py", ("twice(x)", "twice(x) + 0")),
        "function experiments._helper.double changed",
    ),
    "helper three modules away": (
        changed("_third.py", ("x + y", "x - y")),
        "function experiments._third.add changed",
    ),
    "default argument": (
        changed("toy.py", ("by: float = 3.0", "by: float = 4.0")),
        "function experiments.toy.scaled changed",
    ),
    "class attribute": (
        changed("toy.py", ("width = 3", "width = 4")),
        "class experiments.toy.Net changed",
    ),
    "helper through self": (
        changed("toy.py", ("self.width * x", "self.width + x")),
        "class experiments.toy.Net changed",
    ),
    "base class": (
        changed("toy.py", ("bias = 1", "bias = 2")),
        "class experiments.toy.Base changed",
    ),
    "bases": (
        changed("toy.py", ("class Net(Base)", "class Net")),
        "class experiments.toy.Net changed",
    ),
    "constant in a dict": (
        changed("toy.py", ('"limit": 3', '"limit": 4')),
        "constant experiments.toy.RULES changed",
    ),
    "function in a dict": (
        changed("toy.py", ('"apply": double', '"apply": unused')),
        "constant experiments.toy.RULES changed",
    ),
    "decorator": (
        changed("_tools.py", ("function(x) + 1", "function(x) + 2")),
        "function experiments._tools.marked changed",
    ),
    "decorator removed": (
        changed("_tools.py", ("@marked\n", "")),
        "function experiments._tools.step changed",
    ),
    "nested function": (
        changed("toy.py", ("return tools.step(x)", "return tools.step(-x)")),
        "experiment experiments.toy.toy changed",
    ),
    "module.attribute": (
        changed("_tools.py", ("def step(x):\n    return x + 1", "def step(x):\n    return x")),
        "function experiments._tools.step changed",
    ),
    "constant by module.attribute in a lambda": (
        changed("_tools.py", ("START = 1", "START = 2")),
        "constant experiments._tools.START changed",
    ),
    "lambda": (
        changed("toy.py", ("tools.START + x", "tools.START - x")),
        "experiment experiments.toy.toy changed",
    ),
    "re-export": (
        changed("sub/moves.py", ("x + 1", "x + 2")),
        "function experiments.sub.moves.shift changed",
    ),
    "another name by the same import": (
        changed("sub/__init__.py", ("shift, turn", "turn as shift")),
        "function experiments.sub.moves.turn is reached now",
    ),
    "another function of a library": (
        changed("toy.py", ("    import math", "    import cmath as math")),
        "experiment experiments.toy.toy changed",
    ),
    "order of a dataclass's fields": (
        changed("toy.py", ("x: int = 1\n    y: int = 2", "y: int = 2\n    x: int = 1")),
        "class experiments.toy.Point changed",
    ),
    "a field that becomes a class variable": (
        changed("toy.py", ("y: int = 2", 'y: "ClassVar[int]" = 2')),
        "class experiments.toy.Point changed",
    ),
    "a field that becomes an attribute": (
        changed("toy.py", ("y: int = 2", "y = 2")),
        "class experiments.toy.Point changed",
    ),
    "a parameter's type that its value does not tell": (
        changed("toy.py", ("epochs: Count = 10", "epochs: Count = 10, sizes: list[int] = ()")),
        "experiment experiments.toy.toy changed",
    ),
}

# Additions to the workspace; the module that counts whole then, and why.
WHOLE = {
    "star import": ("toy.py", "from ._third import *\n", "toy", "star import at line 6"),
    "getattr": ("_third.py", "", "_third", "getattr at line 60 of experiments.toy"),
    "global": (
        "_tools.py",
        "def count():\n    global START\n    START = 3\n",
        "_tools",
        "global at line",
    ),
    "assignment in place": (
        "_tools.py",
        "START += 1\n",
        "_tools",
        "an assignment in place at line",
    ),
    "a call": ("_third.py", "import random\nrandom.seed(1)\n", "_third", "a call at line 8"),
    "an assignment to a part": (
        "_third.py",
        "add.x = 1\n",
        "_third",
        "an assignment to a part at line 7",
    ),
    "bound twice": (
        "_third.py",
        "def add(x, y):\n    return x\n",
        "_third",
        "add is bound again at line 7",
    ),
    "replaced": (
        "_third.py",
        "def len(x):\n    return 5\n",
        "_third",
        "len replaces Python's own at line 7",
    ),
    "condition": ("_third.py", "if add(1, 2):\n    MORE = 1\n", "_third", "a condition at line 7"),
    "try": (
        "_third.py",
        "try:\n    import nothing\nexcept ImportError:\n    nothing = None\n",
        "_third",
        "try at line 7",
    ),
    "__getattr__": (
        "_third.py",
        "def __getattr__(name):\n    return 1\n",
        "_third",
        "__getattr__ at line 7",
    ),
}


def why(before: Code, now: Code) -> list[str]:
    """Return the words of the difference."""
    old, new = job("one", code=before.digests), job("one", code=now.digests, reasons=now.reasons)
    return list(causes.code_causes(old, new))


@pytest.mark.parametrize("edit", SAME)
def test_an_edit_that_means_the_same_changes_nothing(tmp_path: Path, edit: str) -> None:
    """Words, layout, types, the order of imports, and whatever the experiment does not reach."""
    assert edit == "nothing" or SAME[edit] != FILES
    assert reach(tmp_path / "b", SAME[edit]) == reach(tmp_path / "a", FILES)


@pytest.mark.parametrize("edit", DIFFERENT)
def test_an_edit_of_what_is_reached_is_named(tmp_path: Path, edit: str) -> None:
    """Wherever it stands, and however the experiment gets there."""
    files, words = DIFFERENT[edit]
    assert words in why(reach(tmp_path / "a", FILES), reach(tmp_path / "b", files))


@pytest.mark.parametrize("kind", WHOLE)
def test_what_cant_be_resolved_makes_the_whole_module_count(tmp_path: Path, kind: str) -> None:
    """Then what nothing names counts, too; the reason is told."""
    file, text, module, reason = WHOLE[kind]
    files = {**FILES, file: FILES[file] + text}
    if kind == "star import":
        files = changed("toy.py", ("from reporter import *\n", "from reporter import *\n" + text))
    if kind == "getattr":
        files = changed(
            "toy.py",
            (
                "import math\n",
                "import math\n\n    from . import _third\n    getattr(_third, 'a' + 'dd')\n",
            ),
        )
    code = reach(tmp_path / "a", files)
    assert code.reasons[f".{module}"].startswith(reason)
    more = {**files, f"{module}.py": files[f"{module}.py"] + "\n\ndef new():\n    return 1\n"}
    after = reach(tmp_path / "b", more)
    assert f"module experiments.{module} changed (whole: {code.reasons[f'.{module}']})" in why(
        code, after
    )
    if kind == "star import":
        assert "._third" in code.reasons


def test_a_type_that_only_annotations_name_counts_where_they_do_something(tmp_path: Path) -> None:
    """A parameter's own type, and the fields of a class whose base may read them."""
    text = (
        "from enum import StrEnum\nfrom pydantic import BaseModel\n"
        "from reporter import experiment\n"
        "\n\nclass Mode(StrEnum):\n    A = 'a'\n\n\nclass Inner:\n    x = 1\n\n\n"
        "class Model(BaseModel):\n    inner: 'list[Inner]'\n\n\n"
        "@experiment\ndef toy(run, *, mode: Mode = 'a'):\n    return Model\n"
    )
    code = reach(tmp_path, {"toy.py": text})
    assert {"class .toy.Mode", "class .toy.Model", "class .toy.Inner"} <= code.digests.keys()


@pytest.mark.parametrize(
    "line",
    [
        "import importlib\n\n    importlib.import_module('x')",
        "__import__('x')",
        "exec('x')",
        "import sys\n\n    sys.modules['x']",
        "Base.__subclasses__()",
        "getattr(scaled.__globals__, 'get')",
        "from importlib import import_module as load\n\n    load('x')",
    ],
)
def test_a_module_that_is_asked_for_by_a_made_up_name_may_be_any(tmp_path: Path, line: str) -> None:
    """All modules of the workspace and of reporter.learn count whole."""
    code = reach(tmp_path, changed("toy.py", ("import math\n", f"import math\n\n    {line}\n")))
    assert {".other", ".toy", ".sub.moves", "reporter.learn.train"} <= code.reasons.keys()


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("print(scaled.__doc__)", "__doc__"),
        ("import inspect\n\n    inspect.getsource(scaled)", "inspect.getsource"),
        ("getattr(scaled, '__annotations__')", "__annotations__"),
    ],
)
def test_code_that_reads_its_words_counts_by_them(tmp_path: Path, line: str, word: str) -> None:
    """A comment in a helper counts then."""
    files = changed("toy.py", ("import math\n", f"import math\n\n    {line}\n"))
    code = reach(tmp_path / "a", files)
    assert code.reasons[".toy"].startswith(word)
    more = {**files, "_third.py": "# words\n" + files["_third.py"]}
    assert reach(tmp_path / "b", more).digests["module ._third"] != code.digests["module ._third"]


def test_code_that_knows_where_it_lies_counts_with_the_files_beside(tmp_path: Path) -> None:
    """A file that it may read, of any kind, is part of it."""
    line = "from pathlib import Path\n\n    Path(__file__).with_name('names.txt')"
    files = changed("toy.py", ("import math\n", f"import math\n\n    {line}\n"))
    code = reach(tmp_path / "a", {**files, "names.txt": "a"})
    assert code.reasons[".toy"] == "__file__ at line 61"
    after = reach(tmp_path / "b", {**files, "names.txt": "b"})
    assert why(code, after) == ["file experiments/names.txt changed"]


def test_a_module_that_is_handed_on_counts_whole_with_all_it_imports(tmp_path: Path) -> None:
    """Whoever gets it may ask for any of its names."""
    code = reach(
        tmp_path, changed("toy.py", ("import math\n", "import math\n\n    print(tools)\n"))
    )
    assert code.reasons["._tools"] == "used as a value at line 59 of experiments.toy"
    code = reach(
        tmp_path,
        changed("toy.py", ("import math\n", "from . import _helper\n\n    print(_helper)\n")),
    )
    assert "function ._second.twice" in code.digests
    assert "._helper" in code.reasons


def test_patching_a_module_makes_both_count_whole(tmp_path: Path) -> None:
    """A name of it is no longer what its file says."""
    files = {
        **FILES,
        "_second.py": FILES["_second.py"] + "\nfrom . import _tools\n_tools.START = 3\n",
    }
    code = reach(tmp_path, files)
    assert {"._second", "._tools"} <= code.reasons.keys()


def test_the_order_of_modules_counts_where_loading_one_does_something(tmp_path: Path) -> None:
    """Two modules that draw random numbers give others in another order; plain ones do not."""
    lines = "from ._tools import START\nfrom ._third import add\n"
    both = {"toy.py": lines + TOY, "_tools.py": "import random\nSTART = random.random()\n"}
    both["_third.py"] = "import random\nDRAWN = random.random()\n\n\ndef add():\n    return DRAWN\n"
    other = {**both, "toy.py": "\n".join(reversed(lines.split("\n")[:2])) + "\n" + TOY}
    before, now = reach(tmp_path / "a", both), reach(tmp_path / "b", other)
    assert why(before, now) == ["modules that do more than define are loaded in another order"]


TOY = "from reporter import experiment\n\n\n@experiment\ndef toy(run):\n    return add(), START\n"


@pytest.mark.parametrize(
    ("before", "now"),
    [
        (
            "from ._third import add, other as START\n",
            "from ._third import add as START, other as add\n",
        ),
        (
            "from math import sin as add, pi as START\n",
            "from math import cos as add, pi as START\n",
        ),
        ("from ._lib import add, START\n", "from ._lib import START, swapped as add\n"),
    ],
)
def test_the_same_words_with_other_meanings_are_another_experiment(
    tmp_path: Path, before: str, now: str
) -> None:
    """Two names that change places, another name of a library, and one that passes on another."""
    third = FILES["_third.py"]
    lib = "from ._third import add, other as swapped\nfrom ._third import other as START\n"
    codes = [
        reach(tmp_path / str(index), {"toy.py": text + TOY, "_third.py": third, "_lib.py": lib})
        for index, text in enumerate((before, now))
    ]
    assert "experiment experiments.toy.toy changed" in why(*codes)


def test_what_runs_when_a_module_is_loaded_counts_though_nothing_names_it(tmp_path: Path) -> None:
    """A decorator may register; a value that is called for may draw from a shared stream."""
    lines = "from ._tools import START\nfrom ._third import add\n"
    files = {"toy.py": lines + TOY, "_third.py": FILES["_third.py"]}
    files["_tools.py"] = (
        "KNOWN = []\n\n\ndef known(f):\n    KNOWN.append(f)\n    return f\n\n\n"
        "@known\ndef first(x):\n    return x\n\n\nSTART = len(KNOWN)\n"
    )
    code = reach(tmp_path, files)
    assert {
        "function ._tools.first",
        "constant ._tools.KNOWN",
        "order ._tools",
    } <= code.digests.keys()


def test_a_module_of_the_users_own_on_the_path_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is installed does not: its version is recorded."""
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "mylib.py").write_text("def add():\n    return 1\n")
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path / "lib")])
    text = "from mylib import add\nimport numpy\nSTART = 1\n" + TOY
    code = reach(tmp_path / "a", {"toy.py": text})
    assert "function mylib.add" in code.digests
    assert not any("numpy" in name for name in code.digests)


def test_a_module_on_the_path_counts_by_its_words_where_words_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also one that is reached only after what reads them."""
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    lines = "import inspect\nfrom ._third import add\nSTART = inspect.getsource(add)\n"
    files = {"toy.py": lines + TOY, "_third.py": "def add():\n    import ownlib\n"}
    (tmp_path / "ownlib.py").write_text("def f():\n    return 1\n")
    before = reach(tmp_path / "a", files).digests
    (tmp_path / "ownlib.py").write_text("def f():  # a comment\n    return 1\n")
    now = reach(tmp_path / "b", files).digests
    assert {name for name in now if now[name] != before[name]} == {"module ownlib"}


@pytest.mark.parametrize("line", ["def add(:", "return 1"])
def test_a_file_that_is_not_valid_python_is_told(tmp_path: Path, line: str) -> None:
    """Before anything runs, though only a function imports it."""
    files = changed("toy.py", ("import math\n", "from . import _broken\n"))
    with pytest.raises(ReportError, match=r"_broken\.py: can't be imported: .*line 2"):
        reach(tmp_path, {**files, "_broken.py": f"\n{line}\n"})


def test_an_experiment_that_is_not_plainly_defined_makes_its_file_count(tmp_path: Path) -> None:
    """One that a function makes, for example."""
    made = "def make():\n    @experiment\n    def toy(run):\n        return 1\n\n    return toy\n"
    text = f"from reporter import experiment\n\n\n{made}\n\ntoy = make()\n"
    assert (
        reach(tmp_path, {"toy.py": text}).reasons[".toy"] == "toy is not defined plainly at its top"
    )


def test_where_the_workspace_lies_does_not_count(tmp_path: Path) -> None:
    """Modules are named as imports name them."""
    code = reach(tmp_path / "a", FILES)
    assert code == reach(tmp_path / "deep" / "b", FILES)
    assert str(tmp_path) not in str(code)


def test_the_shipped_experiments_count_whole_only_where_it_is_known() -> None:
    """These modules read their own text, for a result or to name what they keep in the cache."""
    folder = shipped.folder("experiments")
    codebase = Codebase(folder)
    reasons = {}
    for file in folder.glob("*.py"):
        code = reached(codebase, file, file.stem)
        reasons |= code.reasons
        assert f"experiment .{file.stem}.{file.stem}" in code.digests
        assert ("order of modules" in code.digests) == (file.stem == "audit")  # tables of cosines
    known = {"augment", "frozen", "images", "normalisation", "streams"}
    assert reasons.keys() == {f"reporter.learn.{name}" for name in known}


@pytest.mark.parametrize("seed", range(8))
def test_no_edit_that_changes_what_is_computed_leaves_the_key(tmp_path: Path, seed: int) -> None:
    """Random programs, edited at random and really executed, are the oracle."""
    rng = random.Random(seed)
    program = programs.program(rng)
    file = programs.write(program, tmp_path / "before")
    computed, code = programs.outcome(file), reached(Codebase(file.parent), file, "toy")
    assert computed.startswith("(")
    different = 0
    for _ in range(40):
        edited = programs.edited(program, rng)
        file = programs.write(edited, tmp_path / "after")
        now = programs.outcome(file)
        different += now not in (None, computed)
        assert now in (None, computed) or reached(Codebase(file.parent), file, "toy") != code, (
            edited
        )
    assert different
