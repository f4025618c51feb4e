"""Paintings are reproducible, distinct, and told apart by more than their colours."""

import numpy as np
import pytest

from reporter.datasets.paintings import LEVELS, STYLES, paint


def _colours_only(image: np.ndarray) -> np.ndarray:
    """Describe an image by its mean colour and a histogram of 4 x 4 x 4 colours."""
    codes = (image // 64).reshape(-1, 3) @ np.array([16, 4, 1])
    histogram = np.bincount(codes, minlength=64) / len(codes)
    return np.concatenate([image.reshape(-1, 3).mean(axis=0) / 255, np.sqrt(histogram)])


def _described(seeds: range) -> tuple[np.ndarray, np.ndarray]:
    features = [_colours_only(paint(style, seed=seed)) for style in STYLES for seed in seeds]
    return np.array(features), np.repeat(np.arange(len(STYLES)), len(seeds))


@pytest.mark.parametrize("style", STYLES)
def test_a_painting_follows_from_style_seed_size_and_level(style: str) -> None:
    """Equal arguments give equal bytes; another seed or level gives another picture."""
    first = paint(style, seed=3, level=1)
    assert first.shape == (96, 96, 3)
    assert first.dtype == np.uint8
    assert np.array_equal(first, paint(style, seed=3, level=1))
    assert not np.array_equal(first, paint(style, seed=4, level=1))
    assert not np.array_equal(first, paint(style, seed=3, level=2))
    assert paint(style, seed=3, size=64).shape == (64, 64, 3)


def test_no_painting_is_near_blank() -> None:
    """Every style keeps some contrast at the plainest and at the hardest level."""
    for level in (0, len(LEVELS) - 1):
        for style in STYLES:
            assert paint(style, seed=11, level=level).std() > 12


def test_an_unknown_style_is_named_with_the_choices() -> None:
    """The error is one line with the value and what exists."""
    with pytest.raises(ValueError, match=r"no style is called 'baroque'; choose one of grid, .*"):
        paint("baroque", seed=0)
    with pytest.raises(ValueError, match=r"no level is called 4; choose one of 0, 1, 2, 3"):
        paint("grid", seed=0, level=4)


def test_colour_alone_says_little_about_the_style() -> None:
    """A nearest-centroid classifier on colours, 30 images a class, stays below 25 % (chance 10)."""
    features, labels = _described(range(30))
    fresh, truth = _described(range(1_000_000, 1_000_015))
    centre, spread = features.mean(axis=0), features.std(axis=0) + 1e-6
    features, fresh = (features - centre) / spread, (fresh - centre) / spread
    centroids = np.stack([features[labels == k].mean(axis=0) for k in range(len(STYLES))])
    nearest = ((fresh[:, None] - centroids) ** 2).sum(axis=2).argmin(axis=1)
    assert (nearest == truth).mean() < 0.25
