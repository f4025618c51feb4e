"""Augmentations."""

import pytest
import torch

from reporter.errors import ReportError
from reporter.learn import augment
from reporter.learn.augment import parse
from reporter.learn.streams import generator

IMAGES = torch.randint(0, 256, (6, 3, 12, 12), dtype=torch.uint8, generator=generator(1))
UNIT = IMAGES.float() / 255


def changed(*names: str, seed: int = 0, epoch: int = 1, first: int = 1) -> torch.Tensor:
    """Return the images after the augmentations."""
    return parse(names, first).applied(IMAGES, epoch, generator(seed))


def test_a_certain_flip_mirrors_every_image() -> None:
    """Probability 1 is always."""
    assert torch.equal(changed("flip 1"), UNIT.flip(3))


def test_a_flip_mirrors_some_images_whole() -> None:
    """Each image is either mirrored or as it was."""
    found = changed("flip 0.5")
    kinds = {
        (torch.equal(new, old), torch.equal(new, old.flip(2)))
        for new, old in zip(found, UNIT, strict=True)
    }
    assert kinds == {(True, False), (False, True)}


def test_a_crop_is_a_window_of_the_image() -> None:
    """Every crop occurs in its image; a window larger than the image is the image."""
    found = changed("crop 10")
    assert found.shape == (6, 3, 10, 10)
    windows = UNIT[0].unfold(1, 10, 1).unfold(2, 10, 1).permute(1, 2, 0, 3, 4).flatten(0, 1)
    assert any(torch.equal(found[0], window) for window in windows)
    assert torch.equal(changed("crop 200"), UNIT)


def test_grey_images_have_equal_channels() -> None:
    """Red, green and blue agree after a certain "grey"."""
    found = changed("grey 1")
    assert torch.equal(found[:, 0], found[:, 1])
    assert torch.equal(found[:, 0], found[:, 2])


def test_a_turn_by_hardly_anything_keeps_the_image() -> None:
    """Angles lie within the degrees given."""
    assert torch.equal(changed("affine 0.0001"), UNIT)
    assert not torch.equal(changed("affine 90"), UNIT)


def test_sharpness_keeps_values_in_range() -> None:
    """A sharpened image differs, and stays within [0, 1]."""
    found = changed("sharpness 1")
    assert not torch.equal(found, UNIT)
    assert found.min() >= 0
    assert found.max() <= 1


def test_augmentation_waits_for_its_epoch() -> None:
    """Before its first epoch, bytes pass untouched."""
    assert changed("flip 1", epoch=1, first=2) is IMAGES
    assert torch.equal(changed("flip 1", epoch=2, first=2), UNIT.flip(3))


def test_the_same_seed_gives_the_same_images() -> None:
    """All draws come from the generator that is passed."""
    names = ("flip", "affine", "crop 9", "sharpness", "grey 0.5")
    assert torch.equal(changed(*names, seed=4), changed(*names, seed=4))
    assert not torch.equal(changed(*names, seed=4), changed(*names, seed=5))


@pytest.mark.parametrize(
    ("name", "message"),
    [("flipp", "did you mean 'flip'"), ("crop large", "number above 0"), ("flip -1", "above 0")],
)
def test_a_mistaken_augmentation_is_named(name: str, message: str) -> None:
    """The message says what is wrong and what to write."""
    with pytest.raises(ReportError, match=message):
        parse([name])


def test_the_listing_is_the_code_that_runs() -> None:
    """It defines the changes and ends with their order, so executing it gives the same batch."""
    augmentation = parse(("flip 0.5", "grey 0.5", "flip 0.2"), 2)
    listing = augmentation.listing()
    assert listing.count("def flip") == 1
    assert "from epoch 2 on" in listing
    names = {key: getattr(augment, key) for key in ("torch", "functional", "chance", "SHARPNESS")}
    exec(listing, names)
    images, dice = UNIT, generator(5)
    for change, amount in names["changes"]:
        images = change(images, amount, dice)
    assert torch.equal(images, augmentation.applied(IMAGES, 2, generator(5)))
