"""report.toml → Report: typed, with defaults, and one line for whatever is wrong in it."""

from __future__ import annotations

import datetime as dt  # noqa: TC003 - pydantic reads it
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
)

from reporter import fields, trust
from reporter.complaints import wanted
from reporter.errors import ReportError, nearest, shown

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

REMEDIES = {  # for what the reader of TOML says
    "invalid value": "; a text stands in quotes",
    "cannot overwrite": "; the key stands there twice",
    "invalid date": "; no calendar has it",
}
OWN_KEYS = frozenset({"experiment", "base", "seeds", "timeout_s", "quick"})


class Part(BaseModel):
    """A table of report.toml: unknown keys are errors, nothing changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Author(Part):
    """One author, as the cover shows them."""

    name: fields.Said
    id: str = ""
    email: str = ""


class Cover(Part):
    """`[report]`: what the title page says, and where outputs go."""

    name: Annotated[fields.Name, AfterValidator(fields.free)]  # outputs go to build/<name>/
    title: fields.Said
    subtitle: str = ""
    course: str = ""
    assignment: str = ""
    term: str = ""
    authors: tuple[Author, ...] = ()
    date: Annotated[
        dt.date, BeforeValidator(fields.day)
    ]  # given, never "today": same inputs, same bytes
    language: Annotated[str, AfterValidator(fields.tag)] = "en"
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
    threads: fields.Count = 1  # per worker; fixed, since the count changes float sums


class Share(Part):
    """A split by a share of all images, drawn with a seed."""

    test: Annotated[float, Field(gt=0, lt=1)]
    seed: int = 0


class Archive(Part):
    """A zip or tar file that `report data get` fetches and unpacks."""

    url: Annotated[str, AfterValidator(fields.address)]
    sha256: Annotated[str, AfterValidator(fields.sha256)]  # checked before it is unpacked
    folder: str = ""  # inside the archive: the one that is the data set


class HuggingFace(Part):
    """A sample of one split of a Hugging Face data set; `report data get` draws it."""

    repo: fields.Said  # "owner/name", or a folder
    revision: str | None = None  # a commit keeps it the same for good
    split: str = "train"
    image: str = "image"  # column
    label: str = "label"  # column
    classes: tuple[str, ...] = ()  # (): all
    per_class: fields.Count | None = None  # images; None: all
    seed: int = 0


class Data(Part):
    """`[data.NAME]`: one data set, from a folder, from another one, or generated."""

    path: fields.Place | None = None  # a folder of class folders; data/NAME for what is fetched
    archive: Archive | None = None  # where `report data get` has it from
    huggingface: HuggingFace | None = None
    source: Literal["paintings", "formulas"] | None = None  # generated instead of read
    from_: Annotated[str | None, Field(alias="from")] = None  # another data set, changed
    swap: bool = False  # training and test set change places
    split: Annotated[str | Share, BeforeValidator(fields.split)] = (
        "folders"  # or "splits.csv", or { test = 0.1, seed = 42 }
    )
    classes: Literal["exact", "casefold"] = "exact"  # class folders that differ in case
    leaked: Literal["keep", "drop"] = "keep"  # test images that are training images, byte for byte
    class_count: Annotated[int, Field(gt=1)] | None = None  # checked; a stand-in has as many
    train: fields.Count = 100  # generated images per class
    test: fields.Count = 40
    size: Annotated[int, Field(ge=32, le=512)] = 96  # side of a generated image in pixels
    level: Annotated[int, Field(ge=0, le=3)] = 1  # difficulty of generated paintings
    quick: Literal["procedural"] | None = None  # the stand-in of --quick, said on page one


class Image(Part):
    """`[images.NAME]`: one photograph, and what a person sees on it."""

    path: fields.Place
    expected: str | None = None
    credit: str | None = None


class WeightsSource(Part):
    """`[weights.NAME]`: "random", "imagenet", "file:PATH" or "run:NAME"."""

    source: Annotated[str, AfterValidator(fields.source)]
    quick: Literal["random"] | None = None


class RunSpec(Part):
    """`[runs.NAME]`, its `base` merged in: one experiment with one set of parameters."""

    name: fields.Name
    experiment: str
    parameters: dict[str, Any]
    seeds: Annotated[tuple[int, ...], Field(min_length=1), AfterValidator(fields.distinct)] = (0,)
    timeout_s: Annotated[float, Field(gt=0)] | None = None
    quick: dict[str, Any] = {}


class Report(Part):
    """A whole report.toml; `folder` is where it lies, and what its paths are relative to."""

    folder: Path
    schema_: Annotated[Literal[1], Field(alias="schema")]
    report: Cover
    settings: Settings = Settings()
    data: dict[fields.Name, Data] = {}
    images: dict[fields.Name, Image] = {}
    weights: dict[fields.Name, WeightsSource] = {}
    runs: dict[fields.Name, RunSpec] = {}

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
        given = {_override(raw, override) for override in overrides}
        fields.insist_plain(raw, "", path)
        runs = raw.get("runs", {})
        if not isinstance(runs, dict):
            raise ReportError(f"{path}: runs: {shown(runs)} should be tables, [runs.NAME]")
        raw["runs"] = {name: _run_table(name, runs, path, given) for name in runs}
        return Report.model_validate({**raw, "folder": folder})
    except FileNotFoundError as exc:
        raise ReportError(f"{folder}: no report.toml there; `report init DIR` makes one") from exc
    except ValidationError as exc:
        raise ReportError(f"{path}: {_explain(exc)}") from exc
    except UnicodeDecodeError as exc:
        line = exc.object.count(b"\n", 0, exc.start) + 1
        raise ReportError(f"{path}:{line}: a byte that is no UTF-8; save it as UTF-8") from exc
    except tomllib.TOMLDecodeError as exc:
        told = _first_lower(str(exc))
        remedy = next((hint for start, hint in REMEDIES.items() if told.startswith(start)), "")
        raise ReportError(f"{path}: not valid TOML: {told}{remedy}") from exc
    except ValueError as exc:  # of Python, which reads no such number
        raise ReportError(f"{path}: a number has thousands of digits; shorten it") from exc
    except RecursionError as exc:
        raise ReportError(f"{path}: tables within tables, too deep; make it flat") from exc


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
    if not sign or len(keys) < 2 or not all(keys):  # noqa: PLR2004 - a table and a key
        raise ReportError(f"--set {shown(override)}: should look like runs.last-fc.epochs=5")
    try:
        value = tomllib.loads(f"v = {text}")["v"]
    except tomllib.TOMLDecodeError:
        value = text
    table = raw
    if keys[0] in Report.model_fields.keys() - {"folder"}:
        raw.setdefault(keys[0], {})
    for key in keys[:-1]:
        if key in table and not isinstance(table[key], dict):
            raise ReportError(f"--set {shown(override)}: {key!r} is a value, no table; end there")
        if key not in table:
            raise ReportError(f"--set {shown(override)}: no table {key!r}{nearest(key, table)}")
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
        raise ReportError(
            f"{path}: runs.{name}: its base is itself: {' → '.join((*seen, name))}; name another"
        )
    table = runs[name]
    if not isinstance(table, dict):
        raise ReportError(f"{path}: runs.{name}: {shown(table)} should be a table, [runs.NAME]")
    base = table.get("base")
    if base is None:
        return dict(table)
    if not isinstance(base, str) or base not in runs:
        hint = nearest(str(base), runs)
        raise ReportError(f"{path}: runs.{name}.base: no run is called {shown(base)}{hint}")
    return {**_with_base(base, runs, path, (*seen, name)), **table}


def _explain(exc: ValidationError) -> str:
    """Turn the first complaint of pydantic into key, value and remedy."""
    error = max(exc.errors(), key=_weight)
    keys = [
        str(key)
        for place, key in enumerate(error["loc"])
        if key != "[key]" and (place < 3 or key not in ("Share", "str"))  # noqa: PLR2004 - unions stand in fields
    ]
    where = ".".join(key for key in keys if key != "parameters")
    if "[key]" in error["loc"]:
        where = keys[0]
    if error["type"] == "extra_forbidden":
        parent = ".".join(keys[:-1])
        hint = nearest(keys[-1], _fields(keys[:-1]))
        return f"{parent or 'top level'}: unknown key {shown(keys[-1])}{hint}"
    if error["type"] == "missing":
        return f"{where}: missing; add {keys[-1]} = …" if len(keys) > 1 else _missing(where)
    return f"{where}: {shown(error['input'])} {wanted(error)}"


def _weight(error: ErrorDetails) -> tuple[int, bool]:
    """Return what complaints are chosen by: of a union the nearest fit, and slips before gaps."""
    return len(error["loc"]), error["type"] == "extra_forbidden"


def _missing(part: str) -> str:
    """Return the remedy for a missing table, or for the line that says what the file is."""
    return f"{part}: missing; add {'schema = 1' if part == 'schema' else f'a table [{part}]'}"


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
