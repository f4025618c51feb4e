"""report.toml → Report: typed, with defaults, and one line for whatever is wrong in it."""

from __future__ import annotations

import datetime as dt  # noqa: TC003 - pydantic reads it
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    AliasChoices,
    BeforeValidator,
    Field,
    ValidationError,
)

from reporter import fields, merging, trust
from reporter.complaints import explained
from reporter.errors import ReportError
from reporter.fields import Part
from reporter.submission import Submission

REMEDIES = {  # for what the reader of TOML says
    "invalid value": "; a text stands in quotes",
    "cannot overwrite": "; the key stands there twice",
    "invalid date": "; no calendar has it",
}


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

    folder: Annotated[Path, Field(exclude=True)]  # no key of the file
    schema_: Annotated[Literal[1], Field(alias="schema")]
    report: Cover
    settings: Settings = Settings()
    data: dict[fields.Name, Data] = {}
    images: dict[fields.Name, Image] = {}
    weights: dict[fields.Name, WeightsSource] = {}
    runs: dict[fields.Name, RunSpec] = {}
    submission: Submission = Submission()

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
        raw = parsed(path)
        given = merging.override(raw, overrides, Report.model_fields.keys() - {"folder"})
        fields.insist_plain(raw, "", path)
        runs = merging.run_tables(raw.get("runs", {}), given, path)
        return Report.model_validate({**raw, "runs": runs, "folder": folder})
    except FileNotFoundError as exc:
        raise ReportError(f"{folder}: no report.toml there; `report init DIR` makes one") from exc
    except ValidationError as exc:
        raise ReportError(f"{path}: {explained(exc, Report)}") from exc
    except RecursionError as exc:
        raise ReportError(f"{path}: tables within tables, too deep; make it flat") from exc


def parsed(path: Path) -> dict[str, Any]:
    """Return what a TOML file holds; ReportError with its line where it is none."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError as exc:
        line = exc.object.count(b"\n", 0, exc.start) + 1
        raise ReportError(f"{path}:{line}: a byte that is no UTF-8; save it as UTF-8") from exc
    except tomllib.TOMLDecodeError as exc:
        told = str(exc)[:1].lower() + str(exc)[1:]
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
