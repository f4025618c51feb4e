"""report.toml → Report: typed, with defaults, and one line for whatever is wrong in it."""

from __future__ import annotations

import datetime as dt  # noqa: TC003 - pydantic reads it
import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AliasChoices, BaseModel, ConfigDict, Field, ValidationError

from reporter import trust
from reporter.errors import ReportError, nearest

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]
RESERVED = frozenset({"store", "work", "cache", "figures"})  # folders of build/
OWN_KEYS = frozenset({"experiment", "base", "seeds", "timeout_s", "quick"})


def _free(name: str) -> str:
    if name in RESERVED:
        raise ValueError(f"build/{name}/ holds other things; choose another name")
    return name


def _distinct(seeds: tuple[int, ...]) -> tuple[int, ...]:
    if len(set(seeds)) < len(seeds):
        raise ValueError("a seed stands there twice; name each once")
    return seeds


def _tag(language: str) -> str:
    if not re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", language):
        raise ValueError("no language has this tag; choose one such as en, de or pt-BR")
    return language


class Part(BaseModel):
    """A table of report.toml: unknown keys are errors, nothing changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Author(Part):
    """One author, as the cover shows them."""

    name: str
    id: str = ""
    email: str = ""


class Cover(Part):
    """`[report]`: what the title page says, and where outputs go."""

    name: Annotated[Name, AfterValidator(_free)]  # outputs go to build/<name>/
    title: str
    subtitle: str = ""
    course: str = ""
    assignment: str = ""
    term: str = ""
    authors: tuple[Author, ...] = ()
    date: dt.date  # given, never "today": same inputs, same bytes
    language: Annotated[str, AfterValidator(_tag)] = "en"
    citations: Annotated[  # "numeric", "author-year", or a .csl file of the workspace
        str,
        AfterValidator(lambda name: "numeric" if name == "ieee" else name),  # its former name
        Field(validation_alias=AliasChoices("citations", "citation_style")),
    ] = "numeric"
    contents: bool = True  # a table of contents after the cover
    lists: tuple[Literal["figures", "tables", "listings"], ...] = ()  # of all of them, after it


class Settings(Part):
    """`[settings]`: how runs are executed; recorded with each result, never in its key."""

    device: Literal["auto", "cpu", "cuda"] = "auto"
    threads: Annotated[int, Field(gt=0)] = (
        1  # per worker; fixed, since the count changes float sums
    )


class Share(Part):
    """A split by a share of all images, drawn with a seed."""

    test: Annotated[float, Field(gt=0, lt=1)]
    seed: int = 0


class Archive(Part):
    """A zip or tar file that `report data get` fetches and unpacks."""

    url: Annotated[str, Field(pattern=r"^https?://")]
    sha256: Annotated[str, Field(pattern=r"^[0-9A-Fa-f]{64}$")]  # checked before it is unpacked
    folder: str = ""  # inside the archive: the one that is the data set


class HuggingFace(Part):
    """A sample of one split of a Hugging Face data set; `report data get` draws it."""

    repo: Annotated[str, Field(min_length=1)]  # "owner/name", or a folder
    revision: str | None = None  # a commit keeps it the same for good
    split: str = "train"
    image: str = "image"  # column
    label: str = "label"  # column
    classes: tuple[str, ...] = ()  # (): all
    per_class: Annotated[int, Field(gt=0)] | None = None  # images; None: all
    seed: int = 0


class Data(Part):
    """`[data.NAME]`: one data set, from a folder, from another one, or generated."""

    path: str | None = None  # a folder of class folders; data/NAME for what is fetched
    archive: Archive | None = None  # where `report data get` has it from
    huggingface: HuggingFace | None = None
    source: Literal["paintings", "formulas"] | None = None  # generated instead of read
    from_: Annotated[str | None, Field(alias="from")] = None  # another data set, changed
    swap: bool = False  # training and test set change places
    split: str | Share = "folders"  # or "splits.csv", or { test = 0.1, seed = 42 }
    classes: Literal["exact", "casefold"] = "exact"  # class folders that differ in case
    leaked: Literal["keep", "drop"] = "keep"  # test images that are training images, byte for byte
    class_count: Annotated[int, Field(gt=1)] | None = None  # checked; a stand-in has as many
    train: Annotated[int, Field(gt=0)] = 100  # generated images per class
    test: Annotated[int, Field(gt=0)] = 40
    size: Annotated[int, Field(ge=32, le=512)] = 96  # side of a generated image in pixels
    level: Annotated[int, Field(ge=0, le=3)] = 1  # difficulty of generated paintings
    quick: Literal["procedural"] | None = None  # the stand-in of --quick, said on page one


class Image(Part):
    """`[images.NAME]`: one photograph, and what a person sees on it."""

    path: str
    expected: str | None = None
    credit: str | None = None


class WeightsSource(Part):
    """`[weights.NAME]`: "random", "imagenet", "file:PATH" or "run:NAME"."""

    source: Annotated[str, Field(pattern=r"^(random|imagenet|file:.+|run:.+)$")]
    quick: Literal["random"] | None = None


class RunSpec(Part):
    """`[runs.NAME]`, its `base` merged in: one experiment with one set of parameters."""

    name: Name
    experiment: str
    parameters: dict[str, Any]
    seeds: Annotated[tuple[int, ...], Field(min_length=1), AfterValidator(_distinct)] = (0,)
    timeout_s: Annotated[float, Field(gt=0)] | None = None
    quick: dict[str, Any] = {}


class Report(Part):
    """A whole report.toml; `folder` is where it lies, and what its paths are relative to."""

    folder: Path
    schema_: Annotated[Literal[1], Field(alias="schema")]
    report: Cover
    settings: Settings = Settings()
    data: dict[Name, Data] = {}
    images: dict[Name, Image] = {}
    weights: dict[Name, WeightsSource] = {}
    runs: dict[Name, RunSpec] = {}

    @property
    def name(self) -> str:
        """Return the report's name."""
        return self.report.name

    def sources(self) -> tuple[Path, ...]:
        """Return the section files in the order of the report."""
        return tuple(sorted(filter(Path.is_file, (self.folder / "sections").glob("*.md"))))


def load(folder: Path, overrides: tuple[str, ...] = ()) -> Report:
    """Read `folder`/report.toml.

    Args:
        folder: the workspace.
        overrides: "runs.last-fc.epochs=5" and the like; the value is TOML, or else a string.

    Raises:
        ReportError: file, key, value and remedy in one line.
    """
    path = folder / "report.toml"
    _insist_own_texts(folder)
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as exc:
        raise ReportError(f"{folder}: no report.toml there; `report init DIR` makes one") from exc
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise ReportError(f"{path}: not valid TOML: {_first_lower(str(exc))}") from exc
    given = {_override(raw, override) for override in overrides}
    runs = raw.get("runs", {})
    if not isinstance(runs, dict):
        raise ReportError(f"{path}: runs: {runs!r} should be tables, [runs.NAME]")
    raw["runs"] = {name: _run_table(name, runs, path, given) for name in runs}
    try:
        return Report.model_validate({**raw, "folder": folder})
    except ValidationError as exc:
        raise ReportError(f"{path}: {_explain(exc)}") from exc


def _insist_own_texts(folder: Path) -> None:
    """Refuse texts that a link takes from elsewhere: who hands the report in would show them."""
    named = ("report.toml", "abstract.md", "questions.md", "references.bib")
    for path in (*(folder / name for name in named), *sorted((folder / "sections").glob("*.md"))):
        if not trust.is_inside(folder, path):
            raise ReportError(f"{path}: leads out of the report's folder; put a copy there")


def overridden(overrides: tuple[str, ...]) -> tuple[str, ...]:
    """Return "key = value" for every override that counts: of several for one key the last."""
    pairs = [override.partition("=")[::2] for override in overrides]
    last = {key.strip(): text.strip() for key, text in pairs}
    return tuple(f"{key} = {text}" for key, text in last.items())


def _override(raw: dict[str, Any], override: str) -> tuple[str, ...]:
    """Apply one "a.b.c=value" to the raw tables; return its keys."""
    target, sign, text = override.partition("=")
    keys = target.strip().split(".")
    if not sign or len(keys) < 2:  # noqa: PLR2004 - a table and a key
        raise ReportError(f"--set {override!r}: should look like runs.last-fc.epochs=5")
    try:
        value = tomllib.loads(f"v = {text}")["v"]
    except tomllib.TOMLDecodeError:
        value = text
    table = raw
    if keys[0] in Report.model_fields.keys() - {"folder"}:
        raw.setdefault(keys[0], {})
    for key in keys[:-1]:
        if key not in table or not isinstance(table[key], dict):
            raise ReportError(f"--set {override!r}: no table {key!r}{nearest(key, table)}")
        table = table[key]
    table[keys[-1]] = value
    return tuple(keys)


def _run_table(
    name: str, runs: dict[str, Any], path: Path, given: set[tuple[str, ...]]
) -> dict[str, Any]:
    """Return the table of one run with its bases merged in, parameters apart.

    What was `given` on the command line holds under --quick, too.
    """
    merged = _with_base(name, runs, path, ())
    kept = {
        key: merged[key]
        for key in merged.keys() - OWN_KEYS
        if ("runs", _owner(name, key, runs), key) in given
    }
    if kept and isinstance(merged.get("quick", {}), dict):
        merged["quick"] = {**merged.get("quick", {}), **kept}
    own = {key: value for key, value in merged.items() if key in OWN_KEYS - {"base"}}
    if "experiment" not in own:
        raise ReportError(f'{path}: runs.{name}: needs an experiment; add experiment = "…"')
    parameters = {key: value for key, value in merged.items() if key not in OWN_KEYS}
    return {"name": name, **own, "parameters": parameters}


def _owner(name: str, key: str, runs: dict[str, Any]) -> str:
    """Return the run whose own table a value of run `name` comes from: itself or a base."""
    return name if key in runs[name] else _owner(runs[name]["base"], key, runs)


def _with_base(
    name: str, runs: dict[str, Any], path: Path, seen: tuple[str, ...]
) -> dict[str, Any]:
    if name in seen:
        raise ReportError(f"{path}: runs.{name}: its base is itself: {' → '.join((*seen, name))}")
    table = runs[name]
    if not isinstance(table, dict):
        raise ReportError(f"{path}: runs.{name}: {table!r} should be a table")
    base = table.get("base")
    if base is None:
        return dict(table)
    if not isinstance(base, str) or base not in runs:
        raise ReportError(
            f"{path}: runs.{name}.base: no run is called {base!r}{nearest(str(base), runs)}"
        )
    return {**_with_base(base, runs, path, (*seen, name)), **table}


def _explain(exc: ValidationError) -> str:
    """Turn the first complaint of pydantic into key, value and remedy."""
    error = max(exc.errors(), key=lambda error: len(error["loc"]))  # of a union the nearest fit
    keys = [
        str(key) for key in error["loc"] if not re.fullmatch(r"[a-z-]+\[.*\]|Share|str", str(key))
    ]
    where = ".".join(keys)
    if error["type"] == "extra_forbidden":
        parent = ".".join(keys[:-1])
        hint = nearest(keys[-1], _fields(keys[:-1]))
        return f"{parent or 'top level'}: unknown key {keys[-1]!r}{hint}"
    if error["type"] == "missing":
        return f"{where}: missing; add it"
    value = error["input"]
    return f"{where}: {value!r}: {_first_lower(error['msg'])}"


def _fields(keys: list[str]) -> list[str]:
    """Return the keys that the table at `keys` may hold."""
    parts: dict[str, type[Part]] = {
        "report": Cover,
        "settings": Settings,
        "data": Data,
        "images": Image,
        "weights": WeightsSource,
        "runs": RunSpec,
    }
    model: type[Part] = parts[keys[0]] if keys else Report
    if "authors" in keys:
        model = Author
    if keys[:1] == ["data"] and len(keys) > 2:  # noqa: PLR2004 - data, name, key
        nested: dict[str, type[Part]]
        nested = {"archive": Archive, "huggingface": HuggingFace, "split": Share}
        model = nested.get(keys[2], model)
    return [field.alias or name for name, field in model.model_fields.items() if name != "folder"]


def _first_lower(text: str) -> str:
    return text[:1].lower() + text[1:]
