"""Image files as pixels."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from reporter.errors import ReportError
from reporter.learn.images import decode, fitted, load


def gradient(width: int, height: int) -> Image.Image:
    """Return an RGB image whose red grows to the right and whose green grows downwards."""
    rows, columns = np.mgrid[:height, :width]
    return Image.fromarray(np.stack([columns, rows, rows * 0], 2).astype(np.uint8))


def test_an_image_of_the_right_size_is_not_resampled(tmp_path: Path) -> None:
    """Pixels arrive bit by bit when the shorter side has the length asked for."""
    gradient(12, 9).save(tmp_path / "a.png")
    pixels = load([tmp_path / "a.png"], 9)
    assert pixels.shape == (1, 3, 9, 9)
    assert pixels[0, 0, 0].tolist() == list(range(2, 11))  # the centre of twelve columns


def test_the_default_size_is_that_of_imagenets_evaluation() -> None:
    """Shorter side 256, centre 224."""
    assert fitted(gradient(300, 280), None).size == (224, 224)


@pytest.mark.parametrize("mode", ["L", "P", "CMYK", "RGBA", "1", "LA"])
def test_every_kind_of_image_becomes_rgb(tmp_path: Path, mode: str) -> None:
    """Grey, palette, CMYK and transparent images have three channels."""
    path = tmp_path / ("a.jpg" if mode == "CMYK" else "a.png")
    gradient(8, 8).convert(mode).save(path)
    assert decode(path).mode == "RGB"


def test_sixteen_bit_grey_keeps_its_brightness(tmp_path: Path) -> None:
    """The middle of 16 bits is the middle of 8 bits."""
    Image.fromarray(np.full((4, 4), 128 * 257, np.uint16)).save(tmp_path / "a.png")
    assert decode(tmp_path / "a.png").getpixel((0, 0)) == (128, 128, 128)


def test_photographs_stand_upright(tmp_path: Path) -> None:
    """The EXIF orientation is applied."""
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90°
    gradient(12, 8).save(tmp_path / "a.jpg", exif=exif)
    assert decode(tmp_path / "a.jpg").size == (8, 12)


@pytest.mark.parametrize("content", [b"", b"no image at all", None])
def test_a_broken_file_is_named(tmp_path: Path, content: bytes | None) -> None:
    """Empty, foreign and truncated files give one line with the path and the remedy."""
    path = tmp_path / "a.png"
    gradient(50, 50).save(path)
    path.write_bytes(path.read_bytes()[:60] if content is None else content)
    with pytest.raises(ReportError, match=r"a\.png can't be read as an image .*; replace the file"):
        decode(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """A path without a file is the user's mistake, too."""
    with pytest.raises(ReportError, match=r"absent\.png"):
        load([tmp_path / "absent.png"], 4)


def test_all_images_are_bytes() -> None:
    """No image, no pixels: the shape still says what they would be."""
    assert load([], 5).shape == (0, 3, 5, 5)
    assert load([], 5).dtype == torch.uint8
