"""Image files as pixels."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from reporter.errors import ReportError
from reporter.learn.images import BATCH, decode, fitted, load


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
    """Grey, palette, CMYK and transparent images arrive as what they were made from."""
    stored = gradient(8, 8).convert(mode)
    stored.save(tmp_path / ("a.tif" if mode == "CMYK" else "a.png"))
    (path,) = tmp_path.iterdir()
    assert np.array_equal(decode(path), stored.convert("RGB"))


def test_inks_of_an_adobe_jpeg_are_not_taken_for_light(tmp_path: Path) -> None:
    """Such files store CMYK inverted; the colour is the one that was saved, but for rounding."""
    orange = Image.new("RGB", (16, 16), (200, 120, 30))
    orange.convert("CMYK").save(tmp_path / "a.jpg", quality=95)
    assert b"Adobe" in (tmp_path / "a.jpg").read_bytes()
    assert np.abs(np.asarray(decode(tmp_path / "a.jpg"), int) - (200, 120, 30)).max() <= 2


@pytest.mark.parametrize("transparency", [3, bytes(range(0, 256, 4))])
def test_a_transparent_palette_keeps_its_colours(tmp_path: Path, transparency: int | bytes) -> None:
    """One transparent colour or an opacity for each: colours are as stored, without a warning."""
    stored = gradient(64, 64).quantize(64)
    stored.save(tmp_path / "a.png", transparency=transparency)
    assert np.array_equal(decode(tmp_path / "a.png"), stored.convert("RGB"))


def test_sixteen_bit_grey_keeps_its_brightness(tmp_path: Path) -> None:
    """The middle of 16 bits is the middle of 8 bits."""
    Image.fromarray(np.full((4, 4), 128 * 257, np.uint16)).save(tmp_path / "a.png")
    assert decode(tmp_path / "a.png").getpixel((0, 0)) == (128, 128, 128)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_photographs_stand_upright(tmp_path: Path, orientation: int) -> None:
    """Each of the eight EXIF orientations is undone; the oracle turns arrays."""
    upright = np.asarray(gradient(12, 8))
    turned = np.rot90(upright, {3: 2, 4: 2, 5: 1, 6: 1, 7: 3, 8: 3}.get(orientation, 0))
    stored = turned[:, ::-1] if orientation in {2, 4} else turned
    stored = stored[::-1] if orientation in {5, 7} else stored
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(np.ascontiguousarray(stored)).save(tmp_path / "a.png", exif=exif)
    assert np.array_equal(decode(tmp_path / "a.png"), upright)


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


def test_threads_keep_order_and_tell_the_first_mistake(tmp_path: Path) -> None:
    """Many files in several threads: pixels as one by one, errors as in a loop."""
    paths = [tmp_path / f"{number}.png" for number in range(2 * BATCH + 3)]
    for number, path in enumerate(paths):
        Image.new("RGB", (5, 5), (number,) * 3).save(path)
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(3)
        assert load(paths, 5)[:, 0, 0, 0].tolist() == list(range(len(paths)))
        for number in (BATCH + 9, BATCH + 1):
            paths[number].write_bytes(b"")
        with pytest.raises(ReportError, match=rf"/{BATCH + 1}\.png can't be read"):
            load(paths, 5)
    finally:
        torch.set_num_threads(before)
