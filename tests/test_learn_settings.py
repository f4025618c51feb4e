"""Settings of checkpoints."""

from reporter.learn.networks import Surgery
from reporter.learn.normalisation import HALF, IMAGENET
from reporter.learn.settings import (
    format_normalisation,
    format_steps,
    parse_normalisation,
    parse_steps,
)


def test_replacements_survive_as_text() -> None:
    """What a checkpoint says of its last layers can be read again."""
    steps = (Surgery(replaces=2, sizes=(4096, 10)), Surgery(replaces=1, sizes=(7,)))
    assert format_steps(steps) == "2:4096,10 1:7"
    assert parse_steps(format_steps(steps)) == steps
    assert parse_steps("") == ()


def test_normalisation_survives_as_text_to_the_last_digit() -> None:
    """Without settings there is a default."""
    assert parse_normalisation(format_normalisation(IMAGENET), HALF) == IMAGENET
    assert parse_normalisation({}, HALF) == HALF
