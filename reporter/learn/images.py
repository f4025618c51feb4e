"""Image files → pixels: RGB as stored, upright, brought to the size that a network takes.

Shape legend: N images, B of a batch, C = 3 channels, H height, W width.
"""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import PIL
import torch
import torchvision
from PIL import Image, ImageFile, ImageOps, features
from torchvision.transforms import functional

from reporter.errors import ReportError
from reporter.inputs import IMAGE_FORMATS
from reporter.learn.rows import Kind, digest_of_source

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

RESIZE = 256  # pixels of the shorter side, then …
CROP = 224  # … the centre, as ImageNet networks are evaluated
EIGHT_BITS = 257  # from 16-bit grey values to 8-bit ones
BATCH = 64  # images decoded before the first of them is used


def decode(path: Path) -> Image.Image:
    """Return the photograph as RGB, turned as its EXIF orientation says.

    Colours below transparent pixels are as stored, as torchvision's ImageFolder has them.

    Raises:
        ReportError: the file is missing, truncated or no image.
    """
    try:
        with _strict(), Image.open(path, formats=IMAGE_FORMATS) as stored:
            upright = ImageOps.exif_transpose(stored)
            if upright.mode.startswith("I"):
                upright = upright.convert("I").point(lambda value: value / EIGHT_BITS).convert("L")
            if "transparency" in upright.info:
                upright = upright.convert("RGBA")  # else Pillow warns of some palettes
            return upright.convert("RGB")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as exc:
        reason = str(exc).splitlines()[0] if str(exc) else type(exc).__name__
        message = f"{path} can't be read as an image ({reason}); replace the file or leave it out"
        raise ReportError(message) from exc


@contextlib.contextmanager
def _strict() -> Iterator[None]:
    """Have truncated files refused, whatever other libraries told Pillow."""
    before, ImageFile.LOAD_TRUNCATED_IMAGES = ImageFile.LOAD_TRUNCATED_IMAGES, False
    try:
        yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = before


def fitted(image: Image.Image, size: int | None) -> Image.Image:
    """Return the centre square of `size` pixels, after the shorter side was brought to it.

    Nothing is resampled where the shorter side has that length already. None stands for the
    evaluation of ImageNet networks: shorter side 256, centre 224.
    """
    side = size or RESIZE
    resized = image if min(image.size) == side else functional.resize(image, side)
    cropped: Image.Image = functional.center_crop(resized, size or CROP)
    return cropped


def pixels(path: Path, size: int | None) -> torch.Tensor:
    """Return one photograph as (3, size, size) uint8."""
    image_HWC = np.asarray(fitted(decode(path), size))
    return torch.from_numpy(image_HWC.transpose(2, 0, 1).copy())


def decoded(paths: Sequence[Path], size: int | None) -> Iterator[torch.Tensor]:
    """Decode each file once, in threads; yield batches (B, 3, size, size) uint8 in the order given.

    Raises:
        ReportError: a file can't be read; of several the first is told.
    """
    with _strict(), ThreadPoolExecutor(torch.get_num_threads()) as pool:  # strict for all threads
        for start in range(0, len(paths), BATCH):
            batch = pool.map(partial(pixels, size=size), paths[start : start + BATCH])
            yield torch.from_numpy(np.stack([*batch]))  # by NumPy: PyTorch's threads would disturb


def load(paths: Sequence[Path], size: int | None) -> torch.Tensor:
    """Decode each file once; return all of them as (N, 3, size, size) uint8."""
    none = torch.empty((0, *kind(size).shape), dtype=torch.uint8)
    return torch.cat([none, *decoded(paths, size)])


def kind(size: int | None) -> Kind:
    """Return what determines the pixels of an image file of known content."""
    recipe = {
        "code": digest_of_source(__file__),
        "size": size,
        "pillow": PIL.__version__,
        "libjpeg": features.version("jpg"),
        "torchvision": torchvision.__version__,
    }
    return Kind(recipe=recipe, shape=(3, size or CROP, size or CROP), dtype=torch.uint8)
