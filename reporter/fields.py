"""Single values of report.toml → themselves; ValueError with what they should be."""

from __future__ import annotations

import datetime as dt
import math
import re
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from reporter.errors import ReportError, nearest, shown

if TYPE_CHECKING:
    from pathlib import Path

RESERVED = frozenset({"store", "work", "cache", "figures"})  # folders of build/
LONGEST_NAME = 100  # letters
LONGEST_PART, LONGEST_PATH = 255, 4000  # bytes, as systems have it
DEEPEST = 16  # tables within tables
LARGEST = 2**63 - 1  # whole number of TOML
UNREADABLE = re.compile(  # control characters, halves of signs, what fonts use as they like
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ue000-\uf8ff\ufffe\uffff]"
)


class Part(BaseModel):
    """A table of TOML: unknown keys are errors, nothing changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def name(name: str) -> str:
    """Return a name, which becomes part of names of files."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", name) or len(name) > LONGEST_NAME:
        raise ValueError(
            f"should be of letters, digits, -, _ and . only, {LONGEST_NAME} at most, and begin "
            "with a letter or digit"
        )
    return name


def free(name: str) -> str:
    """Return a report's name: outputs go to build/<name>/."""
    if name.casefold() in RESERVED:
        raise ValueError(
            f"names build/{name.casefold()}/, which holds other things; choose another"
        )
    return name


def said(text: str) -> str:
    """Return a text that is there."""
    if not text.strip():
        raise ValueError("should not be empty")
    return text


def place(path: str) -> str:
    """Return where a file or folder lies."""
    longest = max(len(part.encode()) for part in path.split("/"))
    if not path.strip() or longest > LONGEST_PART or len(path.encode()) > LONGEST_PATH:
        raise ValueError("should be the path of a file or folder")
    return path


def split(given: object) -> object:
    """Return how a data set is split."""
    if not isinstance(given, str | dict):
        told = 'should be "folders", the name of a CSV file, or { test = 0.2, seed = 0 }'
        raise ValueError(told)  # noqa: TRY004 - pydantic's way
    return given


def day(date: object) -> object:
    """Return a day, not a moment."""
    if isinstance(date, dt.datetime) or not isinstance(date, dt.date | str):
        raise ValueError("should be a date without quotes, such as 2026-05-04")  # noqa: TRY004 - pydantic's way
    return date


def source(source: str) -> str:
    """Return where weights come from."""
    kind, colon, name = source.partition(":")
    if source not in ("random", "imagenet") and not (colon and kind in ("file", "run") and name):
        hint = nearest(source, ("random", "imagenet"))
        told = 'should be "random", "imagenet", "file:PATH" or "run:NAME"'
        raise ValueError(told + (hint if "mean" in hint else ""))
    return source


def address(url: str) -> str:
    """Return where something is fetched."""
    if not re.match(r"https?://[^\s/]", url):
        raise ValueError("should be an address that begins with https:// or http://")
    return url


def sha256(digits: str) -> str:
    """Return a digest."""
    if not re.fullmatch(r"[0-9A-Fa-f]{64}", digits):
        raise ValueError("should be the 64 digits that `sha256sum` prints of the file")
    return digits


def distinct(seeds: tuple[int, ...]) -> tuple[int, ...]:
    """Return seeds, each one once."""
    if len(set(seeds)) < len(seeds):
        raise ValueError("names a seed twice; name each once")
    return seeds


def tag(language: str) -> str:
    """Return a language, as BCP 47 names it."""
    if not re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", language):
        raise ValueError("should be the tag of a language, such as en, de or pt-BR")
    return language


Name = Annotated[str, AfterValidator(name)]
Said = Annotated[str, AfterValidator(said)]
Place = Annotated[str, AfterValidator(place)]
Count = Annotated[int, Field(gt=0)]


def insist_plain(value: object, where: str, path: Path, depth: int = 0) -> None:
    """Refuse what TOML has words for and nothing else can keep: nan, control characters."""
    told = ""
    if depth > DEEPEST:
        where = ".".join(where.split(".")[:3])
        raise ReportError(f"{path}: {where}: tables within tables, too deep; make it flat")
    if isinstance(value, dict | list):
        inner = value.items() if isinstance(value, dict) else enumerate(value)
        for key, one in inner:
            insist_plain(str(key), f"{where}: key", path)
            insist_plain(one, f"{where}.{key}".lstrip("."), path, depth + 1)
    elif isinstance(value, float) and not math.isfinite(value):
        told = "should be a finite number"
    elif isinstance(value, int) and abs(value) > LARGEST:
        raise ReportError(f"{path}: {where}: a whole number should have 18 digits at most")
    elif isinstance(value, str) and UNREADABLE.search(value):
        told = "holds a character that nobody can read; type it again"
    if told:
        raise ReportError(f"{path}: {where}: {shown(value)} {told}")
