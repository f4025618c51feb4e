"""The twelve runs of `twelve.py` as other engines have them, each as its own documentation teaches.

Helpers are plain modules that every run imports; each run is a file of its own with the constant,
the call of its measure, and one output.

- pytask: a task function in `task_<run>.py`; data and product are paths in its signature, the
  parameter is a default there.
- DVC: a stage per run in `dvc.yaml`, with script and data as `deps`, the parameter in `params.yaml`
  and the output in `outs`; no Git, no analytics.
- Snakemake: a rule per run with `input`, `params` from `config.yaml`, `output` and `script`.
- redun: a `@task` per run in a module of its own, taking `File`s and the parameter; `main` in
  `workflow.py` calls them.

"Helpers declared" is the same DVC with each module of helpers that a script imports, directly or
not, as one more dependency, which is what its documentation advises and the author has to keep.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import twelve

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

RAN = '''\
"""Tell that a run is computed."""

import os


def ran(name):
    """Add a run's name to the list of those that were computed."""
    with open(os.environ["COMPUTED"], "a") as computed:
        computed.write(f"{name}\\n")
'''
TASK = '''\
"""{name}: the {measure} of its values."""

import json
from pathlib import Path
from typing import Annotated

from pytask import Product

from measures import {measure}
{imports}
from told import ran

SCALE = 2
PICTURES = sorted(Path(__file__).parent.glob("data/{data}/**/*.png"))


def task_{name}(
    paths: list[Path] = PICTURES,
    rate: float = {rate},
    produces: Annotated[Path, Product] = Path("results/{name}.json"),
) -> None:
    """Measure the {measure}."""
    ran("{name}")
    values = {values}
    produces.write_text(json.dumps(SCALE * rate * {measure}(values)))
'''
STAGE = '''\
"""{name}: the {measure} of its values."""

import json
import sys
from pathlib import Path

from measures import {measure}
{imports}
from told import ran

SCALE = 2


def {name}(paths, rate):
    """Measure the {measure}."""
    ran("{name}")
    values = {values}
    return SCALE * rate * {measure}(values)


result = {name}(sorted(Path("data/{data}").rglob("*.png")), float(sys.argv[1]))
Path("results/{name}.json").write_text(json.dumps(result))
'''
SCRIPT = '''\
"""{name}: the {measure} of its values."""

import json
from pathlib import Path

from measures import {measure}
{imports}
from told import ran

SCALE = 2


def {name}(paths, rate):
    """Measure the {measure}."""
    ran("{name}")
    values = {values}
    return SCALE * rate * {measure}(values)


result = {name}([Path(path) for path in snakemake.input], snakemake.params.rate)
Path(snakemake.output[0]).write_text(json.dumps(result))
'''
RULE = """
rule {name}:
    input: sorted(map(str, Path("data/{data}").rglob("*.png")))
    params: rate=config["{name}"]["rate"]
    output: "results/{name}.json"
    script: "{name}.py"
"""
RULES = """\
from pathlib import Path

configfile: "config.yaml"

rule all:
    input: expand("results/{run}.json", run=list(config))
"""
FLOW_TASK = '''\
"""{name}: the {measure} of its values."""

from pathlib import Path

from redun import File, task

from measures import {measure}
{imports}
from told import ran

redun_namespace = "twelve"
SCALE = 2


@task()
def {name}(files: list[File], rate: float) -> float:
    """Measure the {measure}."""
    ran("{name}")
    paths = [Path(file.path) for file in files]
    values = {values}
    return SCALE * rate * {measure}(values)
'''
FLOW = '''\
"""All runs."""

from pathlib import Path

from redun import File, task

{imports}

redun_namespace = "twelve"


def files(data):
    """Return the files of a data set."""
    return [File(str(path)) for path in sorted(Path("data", data).rglob("*.png"))]


@task()
def main() -> list[float]:
    """Return the results of all runs."""
    small, other = files("small"), files("other")
    return [
{calls}    ]
'''


@dataclass(frozen=True, kw_only=True)
class Engine:
    """One engine with its way to hold and to build the twelve runs.

    Attributes:
        name: stands in the table.
        write: writes its project, helpers and data apart.
        command: builds it, in its folder.
        script: the file of a run.
        parameters: the file that holds the runs' parameters.
        parameter: the text of the edited run's rate there, with {} for it.
    """

    name: str
    write: Callable[[Path, Callable[..., object]], None]
    command: tuple[str, ...]
    script: str
    parameters: str
    parameter: str

    def place(self, folder: Path, name: str) -> Path:
        """Return the file that holds a run, helpers, or the parameter."""
        if name == "parameter":
            return folder / self.parameters
        return folder / (f"{name}.py" if name in twelve.HELPERS else self.script.format(name))


def project(engine: Engine, folder: Path, call: Callable[..., object]) -> None:
    """Write the whole project of an engine; `call` runs one of its commands there."""
    twelve.helpers(folder)
    twelve.pictures(folder / "data")
    (folder / "told.py").write_text(RAN)
    (folder / "results").mkdir()
    engine.write(folder, call)


def _runs(folder: Path, template: str, script: str) -> None:
    for name, (data, measure) in twelve.RUNS.items():
        text = template.format(
            name=name,
            measure=measure,
            data=data or "none",
            rate=twelve.RATE,
            imports=twelve.imported(data),
            values=twelve.read(data, "paths"),
        )
        (folder / script.format(name)).write_text(text)


def _parameters(path: Path) -> None:
    path.write_text("".join(f"{name}:\n  rate: {twelve.RATE}\n" for name in twelve.RUNS))


def _pytask(folder: Path, _call: object) -> None:
    _runs(folder, TASK, "task_{}.py")


def _dvc(folder: Path, call: Callable[..., object], *, declares_helpers: bool = False) -> None:
    _runs(folder, STAGE, "{}.py")
    _parameters(folder / "params.yaml")
    stages = "".join(_stage(name, declares_helpers=declares_helpers) for name in twelve.RUNS)
    (folder / "dvc.yaml").write_text(f"stages:\n{stages}")
    for words in (("init", "--no-scm"), ("config", "core.analytics", "false")):
        call("dvc", *words)


def _stage(name: str, *, declares_helpers: bool) -> str:
    data, _ = twelve.RUNS[name]
    helpers = ["measures", *(["pictures"] if data else ["courses", "steps", "roots"])]
    deps = [f"{name}.py", *([f"data/{data}"] if data else [])]
    deps += [f"{helper}.py" for helper in helpers] if declares_helpers else []
    listed = "".join(f"      - {one}\n" for one in deps)
    return (
        f"  {name}:\n    cmd: python {name}.py ${{{name}.rate}}\n    deps:\n{listed}"
        f"    params:\n      - {name}.rate\n    outs:\n      - results/{name}.json\n"
    )


def _declared(folder: Path, call: Callable[..., object]) -> None:
    _dvc(folder, call, declares_helpers=True)


def _snakemake(folder: Path, _call: object) -> None:
    _runs(folder, SCRIPT, "{}.py")
    _parameters(folder / "config.yaml")
    rules = "".join(
        RULE.format(name=name, data=data or "none") for name, (data, _) in twelve.RUNS.items()
    )
    (folder / "Snakefile").write_text(RULES + rules)


def _redun(folder: Path, _call: object) -> None:
    _runs(folder, FLOW_TASK, "run_{}.py")
    calls = "".join(
        f"        {name}({data or '[]'}, rate={twelve.RATE}),\n"
        for name, (data, _) in twelve.RUNS.items()
    )
    imports = "\n".join(f"from run_{name} import {name}" for name in twelve.RUNS)
    (folder / "workflow.py").write_text(FLOW.format(imports=imports, calls=calls))


PER_RUN = f"{twelve.EDITED}:\n  rate: {{}}\n"
DVC = ("dvc", "repro", "--quiet")
ENGINES = (
    Engine(
        name="pytask",
        write=_pytask,
        command=("pytask",),
        script="task_{}.py",
        parameters=f"task_{twelve.EDITED}.py",
        parameter="rate: float = {}",
    ),
    Engine(
        name="DVC",
        write=_dvc,
        command=DVC,
        script="{}.py",
        parameters="params.yaml",
        parameter=PER_RUN,
    ),
    Engine(
        name="DVC, helpers declared",
        write=_declared,
        command=DVC,
        script="{}.py",
        parameters="params.yaml",
        parameter=PER_RUN,
    ),
    Engine(
        name="Snakemake",
        write=_snakemake,
        command=("snakemake", "--cores", "1", "--quiet", "all"),
        script="{}.py",
        parameters="config.yaml",
        parameter=PER_RUN,
    ),
    Engine(
        name="redun",
        write=_redun,
        command=("redun", "run", "workflow.py", "main"),
        script="run_{}.py",
        parameters="workflow.py",
        parameter=f"        {twelve.EDITED}(small, rate={{}}),",
    ),
)


def call(
    bin_folder: Path, folder: Path, words: tuple[str, ...], environment: Mapping[str, str]
) -> None:
    """Run a command of an engine in its folder; its output is shown when it fails."""
    program = str(bin_folder / words[0])
    done = subprocess.run(
        [program, *words[1:]],
        cwd=folder,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(words)}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
