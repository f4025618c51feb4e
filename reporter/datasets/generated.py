"""A generator → a folder of images like any other, made once and kept in the cache."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from reporter.files import one_at_a_time, write_atomically
from reporter.processes import end_with_parent, uninterrupted

GENERATORS = ("formulas.py", "paintings.py")  # the second builds on the first
TEST_SEED = 1_000_000  # test images start here: no seed serves both sets


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What is generated: `train` and `test` images of each of `classes` classes."""

    source: Literal["paintings", "formulas"]
    classes: int | None
    train: int
    test: int
    size: int
    level: int


def materialise(recipe: Recipe, cache: Path) -> Path:
    """Return the folder with the images of `recipe`, made now unless `cache` has it."""
    generator = b"".join(Path(__file__).with_name(name).read_bytes() for name in GENERATORS)
    name = hashlib.sha256(repr(recipe).encode() + generator).hexdigest()[:16]
    folder = cache / f"{recipe.source}-{name}"
    scratch = folder.with_name(f".{folder.name}.new")
    if folder.is_dir():
        return folder
    with one_at_a_time(folder.with_name(f".{folder.name}.lock")):
        shutil.rmtree(scratch, ignore_errors=True)  # of a killed process
        if not folder.is_dir():  # else another process was faster
            _make(recipe, scratch)
            scratch.rename(folder)
    return folder


def _make(recipe: Recipe, folder: Path) -> None:
    """Make all images, of several classes at once."""
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    jobs = [(recipe, kind, folder) for kind in _classes(recipe)]
    try:
        with ProcessPoolExecutor(
            os.cpu_count(), get_context("spawn"), initializer=end_with_parent
        ) as pool:
            with uninterrupted():  # or Ctrl-C would have each process tell of it
                made = pool.map(_make_class, jobs, chunksize=max(1, len(jobs) // 40))
            list(made)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def one_image(path: Path, seed: int, size: int) -> Path:
    """Write one painting, the stand-in for a photograph, and return its path."""
    from PIL import Image

    from reporter.datasets.paintings import STYLES, paint

    if not path.is_file():
        image = Image.fromarray(paint(STYLES[seed % len(STYLES)], seed=seed, size=size))
        content = io.BytesIO()
        image.save(content, "PNG")
        write_atomically(path, content.getvalue())
    return path


def stand_in(classes: int | None) -> Literal["paintings", "formulas"]:
    """Return which generator stands in for a data set: paintings, unless they have too few styles.

    Args:
        classes: how many the data set has, None if report.toml does not say.
    """
    from reporter.datasets.paintings import STYLES

    return "formulas" if classes and classes > len(STYLES) else "paintings"


def _classes(recipe: Recipe) -> tuple[str, ...]:
    if recipe.source == "paintings":
        from reporter.datasets.paintings import STYLES as NAMES
    else:
        from reporter.datasets.formulas import CLASSES as NAMES
    return NAMES[: recipe.classes]


def _make_class(job: tuple[Recipe, str, Path]) -> None:
    """Write the training and test images of one class."""
    from PIL import Image

    recipe, kind, root = job
    for part, count, first in (("train", recipe.train, 0), ("test", recipe.test, TEST_SEED)):
        folder = root / part / kind
        folder.mkdir(parents=True)
        for index in range(count):
            if recipe.source == "paintings":
                from reporter.datasets.paintings import paint

                image = paint(kind, seed=first + index, size=recipe.size, level=recipe.level)
            else:
                from reporter.datasets.formulas import draw

                image = draw(kind, seed=first + index, size=recipe.size)
            Image.fromarray(image).save(folder / f"{index:04d}.png")
