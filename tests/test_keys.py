"""A key changes with what changes a result, and with nothing else."""

import pytest

from reporter import keys


def _key(**changes: object) -> str:
    values = {
        "experiment": "toy",
        "parameters": {"rate": 0.1, "data": "d1"},
        "seed": 0,
        "code": {"function .toy.toy": "c1"},
        "needs": (),
    }
    return keys.key(**{**values, **changes})


def test_the_digest_is_of_canonical_json() -> None:
    """The order of keys does not count, tuples are lists, and the number stays for ever."""
    assert keys.digest({"b": 1, "a": (1, 2)}) == keys.digest({"a": [1, 2], "b": 1})
    assert keys.digest({}) == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    with pytest.raises(ValueError, match="JSON"):
        keys.digest(float("nan"))


@pytest.mark.parametrize(
    "changes",
    [
        {"experiment": "other"},
        {"parameters": {"rate": 0.2, "data": "d1"}},
        {"parameters": {"rate": 0.1, "data": "d2"}},
        {"seed": 1},
        {"code": {"function .toy.toy": "c2"}},
        {"code": {"function .toy.other": "c1"}},
        {"needs": ("k",)},
    ],
)
def test_everything_that_determines_a_result_is_in_its_key(changes: dict[str, object]) -> None:
    """Experiment, parameters, inputs, seed, code and needs each change the key."""
    assert _key(**changes) != _key()


def test_the_order_of_what_has_none_does_not_count() -> None:
    """Parameters, code and needs may come in any order."""
    assert _key(parameters={"data": "d1", "rate": 0.1}) == _key()
    assert _key(needs=("a", "b")) == _key(needs=("b", "a"))
    assert _key(code={"a": "1", "b": "2"}) == _key(code={"b": "2", "a": "1"})
