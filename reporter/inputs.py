"""What a run reads from outside, with the digests that stand for its content. Free of torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pathlib import Path

# What Pillow may take a file for, whatever its name: of its others, some start programs.
IMAGE_FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF")


@dataclass(frozen=True, kw_only=True)
class Example:
    """One image of a data set: its file, the index of its class, the sha-256 of its content."""

    path: Path
    label: int
    digest: str


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """Images with classes, split into training and test set.

    Attributes:
        name: as in report.toml.
        classes: class names in index order.
        train: training images in a fixed order (sorted by path).
        test: test images in a fixed order.
        digest: sha-256 over paths, classes, splits and the content of every file.
        note: "" for real data, else what stands in for it.
    """

    name: str
    classes: tuple[str, ...]
    train: tuple[Example, ...]
    test: tuple[Example, ...]
    digest: str
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Weights:
    """Where a network's parameters come from.

    Attributes:
        source: "random"; "imagenet" (torchvision's own, looked for in `path`, a folder);
            "file" or "run" (`path` is a .pth or .safetensors file).
        path: the file, or for "imagenet" the folder of downloaded weights.
        digest: sha-256 of the file, or the name of the source where there is none.
        download: whether "imagenet" may be fetched when it is not in the folder.
    """

    name: str
    source: Literal["random", "imagenet", "file", "run"]
    digest: str
    path: Path | None = None
    download: bool = False


@dataclass(frozen=True, kw_only=True)
class ImageFile:
    """One photograph that a report shows: its file, the class a person expects, its origin."""

    name: str
    path: Path
    digest: str
    expected: str | None = None
    credit: str | None = None


Input = Dataset | Weights | ImageFile
