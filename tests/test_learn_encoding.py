"""Plain values and tensors as bytes, and back."""

import io
import math
import random
from array import array
from typing import Any

import pytest
import torch

from reporter.learn.encoding import decoded, encoded, number

TENSORS = [
    torch.tensor(3.5),
    torch.zeros(0, 4),
    torch.arange(6).view(2, 3).T,
    torch.randn(2, 3, 4, 5).to(memory_format=torch.channels_last),
    torch.tensor([1, 255], dtype=torch.uint8),
    torch.tensor([True, False]),
    torch.randn(3, dtype=torch.float64)[1:],
    torch.get_rng_state(),
]


def content(value: dict[str, Any], number: int = 1) -> bytes:
    """Return what a file of a value has."""
    return b"".join(encoded(value, number))


@pytest.mark.parametrize("tensor", TENSORS, ids=lambda one: f"{one.dtype} of {tuple(one.shape)}")
def test_a_tensor_comes_back_as_it_was(tensor: torch.Tensor) -> None:
    """Type, shape, values, and the order in which images lie in memory."""
    found = decoded(content({"before": 1, "x": [tensor, tensor], "after": tensor}))
    assert found is not None
    for one in (*found["x"], found["after"]):
        assert one.dtype == tensor.dtype
        assert torch.equal(one, tensor)
    if tensor.is_contiguous(memory_format=torch.channels_last):
        assert one.stride() == tensor.stride()


def test_plain_values_come_back_as_they_were() -> None:
    """Numbers to the last bit, names that are numbers, bytes."""
    values: dict[str, Any] = {
        "numbers": [1, 0.1, 1 / 3, 1e300, math.inf],
        "none": None,
        "state": {0: {"momentum_buffer": None}, 12: {}},
        "0.weight": "näme",
        "bytes": b"\x00\xff",
    }
    found = decoded(content(values))
    assert found == values
    nan = decoded(content({"x": math.nan}))
    assert nan is not None
    assert math.isnan(nan["x"])
    assert decoded(content({"x": array("d", [0.1])})) == {"x": array("d", [0.1]).tobytes()}


def test_what_is_neither_plain_nor_a_tensor_is_refused() -> None:
    """Nothing is pickled."""
    with pytest.raises(TypeError, match="complex is neither"):
        encoded({"x": 1j}, 1)


def test_no_changed_or_missing_bit_goes_unnoticed() -> None:
    """Nothing comes of it; what follows the bytes may be anything."""
    good = content({"x": torch.randn(50), "y": "text"}, 7)
    assert number(good) == 7
    assert decoded(good + b"older bytes") is not None
    dice = random.Random(0)
    for _ in range(300):
        spoilt = bytearray(good)
        spoilt[dice.randrange(len(good))] ^= 1 << dice.randrange(8)
        assert decoded(bytes(spoilt)) is None
        assert decoded(good[: dice.randrange(len(good))]) is None


def test_nothing_in_a_file_is_executed() -> None:
    """What torch.save pickles is none of ours, nor is a pickle."""
    stream = io.BytesIO()
    torch.save({"x": torch.zeros(1)}, stream)
    assert decoded(stream.getvalue()) is None
    assert number(stream.getvalue()) == 0
