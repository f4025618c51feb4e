"""The perceptual hash keeps still where a person sees the same picture, and pairs are all found."""

import math

import numpy as np
import pytest
from PIL import Image

from reporter.datasets import looks
from reporter.datasets.paintings import STYLES, paint


def picture(style: int, seed: int = 0, size: int = 96) -> Image.Image:
    return Image.fromarray(paint(STYLES[style], seed=seed, size=size))


def test_the_mark_is_the_sum_of_cosines_that_the_paper_writes():
    """A slow loop over pixels and frequencies sets the same bits."""
    grey = np.asarray(
        picture(0).convert("L").resize((32, 32), Image.Resampling.LANCZOS), dtype=float
    )
    wave = [[math.cos(math.pi * f * (2 * p + 1) / 64) for p in range(32)] for f in range(9)]
    slow = [
        sum(grey[y, x] * wave[v][y] * wave[u][x] for y in range(32) for x in range(32))
        for v in range(1, 9)
        for u in range(1, 9)
    ]
    middle = np.median(np.round(slow, 6))
    bits = "".join("1" if round(value, 6) > middle else "0" for value in slow)
    assert looks.mark(picture(0)) == int(bits, 2)


def test_a_scaled_and_brightened_image_keeps_its_mark_nearly():
    """Few bits change; between two styles many do."""
    image = picture(5)
    changed = image.resize((70, 70)).point(lambda value: min(255, int(value * 1.1) + 5))
    assert (looks.mark(image) ^ looks.mark(changed)).bit_count() <= 6
    assert (looks.mark(image) ^ looks.mark(picture(0))).bit_count() > 12


def test_sixteen_bit_images_differ_as_they_look():
    """Their grey values are brought to eight bits, not cut off at 255."""
    dice = np.random.default_rng(1)
    deep = [dice.integers(300, 65535, (40, 40)).astype(np.uint16) for _ in range(2)]
    marks = [looks.mark(Image.fromarray(pixels)) for pixels in deep]
    assert marks[0] != marks[1]
    assert 0 not in marks
    flat = [Image.fromarray((pixels // 257).astype(np.uint8)) for pixels in deep]
    assert [(looks.mark(a) ^ b).bit_count() <= 4 for a, b in zip(flat, marks, strict=True)] == [
        True, True,
    ]  # fmt: skip


def test_plain_images_have_the_mark_zero():
    """Rounding leaves no bit to chance."""
    assert {looks.mark(Image.new("RGB", (9, 9), (v, v, v))) for v in (0, 77, 255)} == {0}


@pytest.mark.parametrize("block", [looks.BLOCK, 37])
def test_all_near_pairs_are_found(monkeypatch, block):
    """As a slow loop finds them, in order, whatever the size of a block; groups are no pairs."""
    monkeypatch.setattr(looks, "BLOCK", block)
    source = np.random.default_rng(0)
    marks = [int(v) for v in source.integers(0, 2**12, 40)] + [2**64 - 1, 2**64 - 2]
    groups = [str(index // 2) for index in range(42)]
    slow = sorted(
        ((marks[i] ^ marks[j]).bit_count(), i, j)
        for i in range(42)
        for j in range(i + 1, 42)
        if groups[i] != groups[j] and (marks[i] ^ marks[j]).bit_count() <= 3
    )
    assert len(slow) > 20
    assert looks.near(marks, groups, limit=3, most=1000) == (tuple(slow), len(slow))
    assert looks.near(marks, groups, limit=3, most=5) == (tuple(slow[:5]), len(slow))


def test_no_image_makes_no_pair():
    """Neither does one."""
    assert looks.near([], [], limit=64, most=9) == ((), 0)
    assert looks.near([5], ["a"], limit=64, most=9) == ((), 0)
