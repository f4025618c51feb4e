"""Formula images are reproducible, and a class is a law that its seeds vary."""

import numpy as np
import pytest

from reporter.datasets.formulas import CLASSES, draw


def test_there_are_three_times_64_classes() -> None:
    """Names are unique and ordered by kind and law."""
    assert len(set(CLASSES)) == 192
    assert (CLASSES[0], CLASSES[64], CLASSES[-1]) == ("texture-00", "shader-00", "leaves-63")


@pytest.mark.parametrize("name", CLASSES[::7])
def test_an_image_follows_from_name_seed_and_size(name: str) -> None:
    """Equal arguments give equal bytes; another seed gives another image, and none is blank."""
    first = draw(name, seed=5)
    assert first.shape == (96, 96, 3)
    assert first.dtype == np.uint8
    assert first.std() > 8
    assert np.array_equal(first, draw(name, seed=5))
    assert not np.array_equal(first, draw(name, seed=6))
    assert draw(name, seed=5, size=48).shape == (48, 48, 3)


def test_an_unknown_class_is_named_with_the_choices() -> None:
    """The error is one line with the value and the range of names."""
    with pytest.raises(ValueError, match=r"no formula is called 'fern'; choose one of texture-00"):
        draw("fern", seed=0)
