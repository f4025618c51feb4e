"""What a fresh process loads: looking and unchanged building need no heavy library."""

import json
import subprocess
import sys

import pytest

from tests.conftest import DEMO

HEAVY = ("torch", "torchvision", "sklearn", "matplotlib", "weasyprint", "pandas")
PROBE = """
import json, sys
sys.argv = ["report", *{words!r}]
import reporter.cli
try:
    reporter.cli.main()
except SystemExit as exc:
    code = exc.code
else:
    code = 0
loaded = [name for name in {heavy!r} if name in sys.modules]
own = [name for name in sys.modules if name.startswith("_experiments_")]
print(json.dumps({{"code": code or 0, "loaded": loaded, "experiments": own}}), file=sys.stderr)
"""


def probe(words, cwd):
    """Run the command in a new interpreter and return its exit code and what it has loaded."""
    code = PROBE.format(words=words, heavy=HEAVY)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=cwd, capture_output=True, text=True, check=True
    )
    return json.loads(done.stderr.splitlines()[-1])


@pytest.mark.parametrize(
    "words", [["--help"], ["list"], ["build", "--help"], ["--version"], ["data", "list"]]
)
def test_looking_loads_no_heavy_library(words, tmp_path):
    """Help and lists answer at once."""
    found = probe(words, tmp_path)
    assert (found["code"], found["loaded"]) == (0, [])
    assert bool(found["experiments"]) == (words == ["list"])  # which alone has to read them


def test_public_face_loads_no_heavy_library(tmp_path):
    """`import reporter` in an experiment file is cheap."""
    code = f"import reporter, sys; print([n for n in {HEAVY!r} if n in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("words", [["--quick"], ["--quick", "--frozen"]])
def test_unchanged_build_loads_neither_experiments_nor_heavy_libraries(demo, demo_root, words):
    """The lock and the store suffice."""
    assert demo.files
    found = probe(["build", str(DEMO), *words], demo_root.parent)
    assert found == {"code": 0, "loaded": [], "experiments": []}
