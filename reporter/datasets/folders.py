"""A folder of class folders → a Dataset: classes, splits, and a digest of every byte."""

from __future__ import annotations

import csv
import hashlib
import random
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from reporter.errors import ReportError, nearest, shown
from reporter.inputs import Dataset, Example

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from reporter.datasets.digests import Digests

IMAGE_ENDINGS = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"})
Files = dict[str, list["Path"]]  # image files by class


@dataclass(frozen=True, kw_only=True)
class ByShare:
    """A split that draws `test` of each class's images with a seed."""

    test: float
    seed: int


def open_folder(
    name: str,
    root: Path,
    split: str | ByShare | None,
    classes: Literal["exact", "casefold"],
    digests: Digests,
) -> Dataset:
    """Read the list of images below `root`; none is decoded.

    Args:
        name: the data set's name in report.toml.
        root: holds train/ and test/ (split "folders"), or class folders.
        split: "folders"; the name of a CSV file in `root` with columns path and split; or a share;
            or None, which makes all training images.
        classes: whether class folders that differ in case are one class.
        digests: where the content digests come from.

    Raises:
        ReportError: a missing folder, an empty class, a split that names no image, and the like.
    """
    where = f"data.{name}"
    if not root.is_dir():
        raise ReportError(f"{where}: no folder {root}; put the images there or change path")
    if split == "folders":
        train, test = (_images(root / part, where, classes) for part in ("train", "test"))
        _compare(train, test, where)
    else:
        files = _images(root, where, classes)
        if split is None:
            train, test = files, {}
        elif isinstance(split, ByShare):
            train, test = _by_share(files, split, where)
        else:
            train, test = _by_list(files, root, split, where)
    labels = {kind: index for index, kind in enumerate(sorted(train))}
    dataset = Dataset(
        name=name,
        classes=tuple(labels),
        train=_examples(train, labels, digests),
        test=_examples(test, labels, digests),
        digest="",
    )
    return replace(dataset, digest=content_digest(dataset, root))


def content_digest(dataset: Dataset, root: Path) -> str:
    """Return the sha-256 over classes, splits, relative paths and file contents."""
    total = hashlib.sha256(repr(dataset.classes).encode())
    above = len(root.parts)
    for part, examples in (("train", dataset.train), ("test", dataset.test)):
        for example in examples:
            path = "/".join(example.path.parts[above:])
            total.update(f"{part} {example.label} {path} {example.digest}\n".encode())
    return total.hexdigest()


def _images(root: Path, where: str, classes: str) -> Files:
    """Return the image files of each class folder of `root`."""
    if not root.is_dir():
        raise ReportError(f'{where}: no folder {root}; make it, or set split = "splits.csv"')
    found: Files = defaultdict(list)
    for folder in sorted(path for path in root.iterdir() if path.is_dir()):
        kind = folder.name.casefold() if classes == "casefold" else folder.name
        files = sorted(
            p for p in folder.iterdir() if p.suffix.lower() in IMAGE_ENDINGS and not p.is_dir()
        )
        if not files:
            raise ReportError(f"{where}: class folder {folder} holds no image; fill or remove it")
        found[kind] += files
    if len(found) < 2:
        told = "class folder" if len(found) == 1 else "class folders"
        raise ReportError(f"{where}: {root} holds {len(found)} {told}; two are the least")
    return dict(found)


def _compare(train: Files, test: Files, where: str) -> None:
    """Insist that training and test set have the same classes."""
    odd = sorted(set(train) ^ set(test))
    if not odd:
        return
    if {kind.casefold() for kind in train} == {kind.casefold() for kind in test}:
        raise ReportError(
            f"{where}: class folders of train and test differ in case ({', '.join(odd[:4])}); "
            'set classes = "casefold"'
        )
    side, other = ("train", "test") if odd[0] in train else ("test", "train")
    hint = nearest(odd[0], set(train) & set(test))
    remedy = hint if "mean" in hint else f"; add the folder {odd[0]} to {other}, or remove it"
    raise ReportError(f"{where}: class {odd[0]!r} is only in {side}{remedy}")


def _by_share(files: Files, split: ByShare, where: str) -> tuple[Files, Files]:
    """Draw the test images of each class; at least one stays on each side."""
    train, test = {}, {}
    for kind, paths in files.items():
        if len(paths) == 1:
            raise ReportError(
                f"{where}.split: class {kind!r} has one image, {paths[0]}; a split needs two"
            )
        drawn = random.Random(f"{split.seed}/{kind}").sample(paths, len(paths))  # noqa: S311 - a split
        count = min(max(1, int(len(paths) * split.test)), len(paths) - 1)
        test[kind], train[kind] = sorted(drawn[:count]), sorted(drawn[count:])
    return train, test


def _by_list(files: Files, root: Path, table: str, where: str) -> tuple[Files, Files]:
    """Follow a CSV file with the columns path and split."""
    path = root / table
    if not path.is_file():
        raise ReportError(f"{where}.split: no file {path}; write it with columns path and split")
    rows = _rows(path, where)
    kinds = {p: kind for kind, paths in files.items() for p in paths}
    sides: Mapping[str, Files] = {"train": defaultdict(list), "test": defaultdict(list)}
    seen: set[Path] = set()
    for number, row in rows:
        image = root / (row["path"] or "")
        if row["split"] not in sides:
            raise ReportError(f"{path}:{number}: split {row['split']!r} should be train or test")
        if image not in kinds:
            raise ReportError(f"{path}:{number}: no image {image}; correct the row or add the file")
        if image in seen:
            raise ReportError(f"{path}:{number}: {image.name} is listed twice; leave one row")
        seen.add(image)
        sides[row["split"]][kinds[image]].append(image)
    for kind in files:
        if not sides["train"].get(kind):
            raise ReportError(f"{where}: class {kind!r} has no training image in {path}; add a row")
    if not sides["test"]:
        raise ReportError(f"{where}: {path} names no test image; give some rows the split test")
    return dict(sides["train"]), dict(sides["test"])


def _rows(path: Path, where: str) -> list[tuple[int, dict[str, str]]]:
    """Return the rows of a CSV file with their line numbers."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            rows = [(reader.line_num, row) for row in reader]
    except (UnicodeDecodeError, csv.Error) as exc:
        raise ReportError(f"{where}.split: {path} is no CSV in UTF-8; save it as that") from exc
    if not rows or {"path", "split"} - set(rows[0][1]):
        found = shown(", ".join(map(str, rows[0][1]))) if rows else "no row"
        raise ReportError(
            f"{where}.split: {path} should have the columns path and split, with a comma between; "
            f"it has {found}"
        )
    return rows


def _examples(files: Files, labels: Mapping[str, int], digests: Digests) -> tuple[Example, ...]:
    pairs: Iterable[tuple[Path, int]] = (
        (path, labels[kind]) for kind, paths in files.items() for path in paths
    )
    return tuple(
        Example(path=path, label=label, digest=digests.of(path)) for path, label in sorted(pairs)
    )
