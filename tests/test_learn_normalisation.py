"""Mean and standard deviation of images."""

import numpy as np
import torch
from torchvision import transforms

from reporter.learn.normalisation import HALF, IMAGENET, chosen, measured

IMAGES = torch.randint(
    0, 256, (7, 3, 5, 4), dtype=torch.uint8, generator=torch.Generator().manual_seed(0)
)


def test_statistics_equal_those_over_all_pixels() -> None:
    """Counting pixel values in batches gives NumPy's mean and deviation."""
    pixels = IMAGES.numpy() / 255
    found = measured(IMAGES.split(3))
    np.testing.assert_allclose(found.mean, pixels.mean((0, 2, 3)), rtol=1e-12)
    np.testing.assert_allclose(found.std, pixels.std((0, 2, 3)), rtol=1e-12)


def test_batches_change_no_digit() -> None:
    """Statistics are the same for any batch size."""
    assert measured(IMAGES.split(1)) == measured([IMAGES])


def test_a_training_set_normalised_by_itself_is_standardised() -> None:
    """Its channels have mean 0 and deviation 1."""
    scaled = chosen("train-set", [IMAGES[:4], IMAGES[4:]]).scaled(IMAGES)
    torch.testing.assert_close(scaled.mean((0, 2, 3)), torch.zeros(3), atol=1e-5, rtol=0)
    torch.testing.assert_close(scaled.std((0, 2, 3), correction=0), torch.ones(3))


def test_pixels_are_scaled_as_torchvision_scales_them() -> None:
    """Every byte gives the very number of ToTensor and Normalize; the pixels stay as they were."""
    every = torch.arange(256, dtype=torch.uint8).expand(2, 3, 4, -1).contiguous()
    to_tensor = transforms.ToTensor()
    normalise = transforms.Normalize(IMAGENET.mean, IMAGENET.std)
    pictures = [image.permute(1, 2, 0).numpy() for image in every]
    expected = torch.stack([normalise(to_tensor(picture)) for picture in pictures])
    unit = every / 255
    assert torch.equal(IMAGENET.scaled(every), expected)
    assert torch.equal(IMAGENET.scaled(unit), expected)
    assert torch.equal(unit, every / 255)
    assert IMAGENET.scaled(every).is_contiguous(memory_format=torch.channels_last)


def test_bytes_and_unit_floats_are_scaled_alike() -> None:
    """An augmented image, a float, means the same as its bytes."""
    torch.testing.assert_close(HALF.scaled(IMAGES), HALF.scaled(IMAGES.float() / 255))
    assert HALF.scaled(
        torch.tensor([0, 255]).view(2, 1, 1, 1).expand(2, 3, 1, 1).byte()
    ).unique().tolist() == [-2, 2]


def test_choices_are_known_by_name() -> None:
    """Each name stands for its constants, without a look at the images."""
    assert chosen("imagenet", []) is IMAGENET
    assert chosen("half", []) is HALF
