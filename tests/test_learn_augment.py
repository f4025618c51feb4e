"""Augmentations."""

import math

import pytest
import torch
from torchvision.transforms import functional

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
    assert torch.equal(changed("flip 1"), IMAGES.flip(3))


def test_a_flip_mirrors_some_images_whole() -> None:
    """Each image is either mirrored or as it was."""
    found = changed("flip 0.5")
    kinds = {
        (torch.equal(new, old), torch.equal(new, old.flip(2)))
        for new, old in zip(found, IMAGES, strict=True)
    }
    assert kinds == {(True, False), (False, True)}


def test_a_crop_is_a_window_of_the_image() -> None:
    """Every crop occurs in its image; a window larger than the image is the image."""
    found = changed("crop 10")
    assert found.shape == (6, 3, 10, 10)
    windows = IMAGES[0].unfold(1, 10, 1).unfold(2, 10, 1).permute(1, 2, 0, 3, 4).flatten(0, 1)
    assert any(torch.equal(found[0], window) for window in windows)
    assert torch.equal(changed("crop 200"), IMAGES)


def test_grey_images_have_equal_channels() -> None:
    """Red, green and blue agree after a certain "grey"."""
    found = changed("grey 1")
    assert torch.equal(found[:, 0], found[:, 1])
    assert torch.equal(found[:, 0], found[:, 2])


def test_a_turn_by_hardly_anything_keeps_the_image() -> None:
    """Angles lie within the degrees given."""
    assert torch.equal(changed("affine 0.0001"), IMAGES)
    assert not torch.equal(changed("affine 90"), IMAGES)


def test_sharpness_keeps_values_in_range() -> None:
    """A sharpened image differs, and stays within [0, 1]."""
    found = changed("sharpness 1")
    assert not torch.equal(found, UNIT)
    assert found.min() >= 0
    assert found.max() <= 1


def drawn(probability: float, seed: int = 0) -> list[bool]:
    """Return which of the images the dice choose."""
    return (torch.rand(len(IMAGES), generator=generator(seed)) < probability).tolist()


def test_flips_and_greys_are_torchvisions() -> None:
    """For the images drawn they equal its functions on one image after another, bit by bit."""
    flips = [functional.hflip(i) if d else i for i, d in zip(IMAGES, drawn(0.5), strict=True)]
    assert torch.equal(changed("flip 0.5"), torch.stack(flips))
    greys = [
        functional.rgb_to_grayscale(i, 3) if d else i for i, d in zip(UNIT, drawn(0.5), strict=True)
    ]
    assert torch.equal(changed("grey 0.5"), torch.stack(greys))


def test_sharpened_images_are_torchvisions() -> None:
    """For the images drawn; none may be drawn."""
    sharp = [
        functional.adjust_sharpness(i, 2.0) if d else i
        for i, d in zip(UNIT, drawn(0.5), strict=True)
    ]
    torch.testing.assert_close(changed("sharpness 0.5"), torch.stack(sharp), atol=1e-6, rtol=0)
    assert torch.equal(changed("sharpness 1e-9"), UNIT)


def test_crops_are_torchvisions() -> None:
    """They equal its function at the places drawn, first all tops, then all lefts."""
    dice = generator(0)
    tops, lefts = (torch.randint(12 - 9 + 1, (6,), generator=dice).tolist() for _ in range(2))
    places = zip(IMAGES, tops, lefts, strict=True)
    windows = [functional.crop(image, top, left, 9, 9) for image, top, left in places]
    assert torch.equal(changed("crop 9"), torch.stack(windows))


@pytest.mark.parametrize("degrees", [1, 10, 90, 180])
def test_turns_are_torchvisions_but_for_ties(degrees: float) -> None:
    """Where two pixels are equally near, either is taken: less than one in 10⁴ differs, by one."""
    places = torch.stack(torch.meshgrid(torch.arange(96.0), torch.arange(96.0), indexing="ij"))
    images = places.expand(16, 2, -1, -1) + 1
    found = augment.affine(images, degrees, generator(3))
    angles = (2 * torch.rand(16, generator=generator(3)) - 1) * degrees
    turned = [
        functional.affine(image, angle, translate=[0, 0], scale=1.0, shear=[0.0, 0.0])
        for image, angle in zip(images, angles.tolist(), strict=True)
    ]
    differences = found - torch.stack(turned)
    bare = (found == 0) != (torch.stack(turned) == 0)
    assert (differences != 0).any(1).double().mean() < 1e-4
    assert differences[~bare].abs().max() <= 1


def test_images_are_drawn_as_often_as_asked() -> None:
    """Flips occur with their probability, windows at all places equally, angles uniformly."""
    count = 4000
    far = 4 * math.sqrt(0.25 / count)  # four standard deviations of the share of a fair coin
    images = torch.arange(16.0).view(1, 1, 4, 4).expand(count, 3, 4, 4)
    flipped = augment.flip(images, 0.3, generator(1))[:, 0, 0, 0] == 3
    assert flipped.double().mean().item() == pytest.approx(0.3, abs=far)
    corners = augment.crop(images, 3, generator(2))[:, 0, 0, 0]
    shares = [(corners == corner).double().mean().item() for corner in (0, 1, 4, 5)]
    assert shares == pytest.approx([0.25] * 4, abs=far)
    rows = torch.arange(-20.0, 21.0).view(41, 1).expand(count, 1, 41, 41)
    depths = augment.affine(rows, 30, generator(3))[:, 0, 20, 40]  # of the right edge's middle
    for depth in (-7.5, -2.5, 2.5, 7.5):
        share = (math.degrees(math.asin(depth / 20)) / 30 + 1) / 2
        assert (depths < depth).double().mean().item() == pytest.approx(share, abs=far)


def test_bytes_stay_bytes_until_colours_change() -> None:
    """Floats go the same way as bytes, so that the order of changes is free."""
    moved = changed("flip 0.5", "affine", "crop 9", seed=4)
    assert moved.dtype == torch.uint8
    assert changed("flip", "grey", "crop 9").dtype == torch.float32
    dice, unit = generator(4), UNIT
    for change, amount in parse(["flip 0.5", "affine", "crop 9"]).changes:
        unit = change(unit, amount, dice)
    assert torch.equal(unit, moved / 255)


def test_augmentation_waits_for_its_epoch() -> None:
    """Before its first epoch, bytes pass untouched."""
    assert changed("flip 1", epoch=1, first=2) is IMAGES
    assert torch.equal(changed("flip 1", epoch=2, first=2), IMAGES.flip(3))


def test_the_same_seed_gives_the_same_images() -> None:
    """All draws come from the generator that is passed."""
    names = ("flip", "affine", "crop 9", "sharpness", "grey 0.5")
    assert torch.equal(changed(*names, seed=4), changed(*names, seed=4))
    assert not torch.equal(changed(*names, seed=4), changed(*names, seed=5))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("flipp", "did you mean 'flip'"),
        ("flip -1", "'flip -1' needs a number above 0, for example 'flip 0.1'"),
        ("flip nan", "'flip nan' needs a number above 0"),
        ("affine nan", "'affine nan' needs a number above 0"),
        ("affine inf", "'affine inf' needs a number above 0"),
        ("crop large", "'crop large' needs a number of at least 1, for example 'crop 200'"),
        ("crop 0.5", "'crop 0.5' needs a number of at least 1"),
        ("crop inf", "'crop inf' needs a number of at least 1"),
    ],
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
    known = ("torch", "functional", "chance", "floats", "SHARPNESS")
    names = {key: getattr(augment, key) for key in known}
    exec(listing, names)
    images, dice = IMAGES, generator(5)
    for change, amount in names["changes"]:
        images = change(images, amount, dice)
    assert torch.equal(images, augmentation.applied(IMAGES, 2, generator(5)))
