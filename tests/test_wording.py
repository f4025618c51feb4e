"""Wordings: every kind of fact has some, made of its own numbers; the run's name chooses."""

import re
from string import Formatter

import pytest

from reporter.prose.wording import closed, label, variant, wordings

WORDS = {
    "label", "the", "adverb", "adjective", "wide", "changes", "extreme", "at_first", "with_seeds",
}  # fmt: skip


@pytest.mark.parametrize("kind", sorted(wordings()))
def test_a_wording_types_no_number_and_is_no_whole_sentence(kind):
    """Numbers come from the fact; capital and full stop from `closed`."""
    for one in wordings()[kind]:
        assert not re.search(r"\d", one)
        assert not one.endswith(".")
        assert one[0] == "{" or one[0].islower()
        names = {name for _, name, _, _ in Formatter().parse(one) if name}
        assert names - WORDS or kind == "best-last", one


@pytest.mark.parametrize("kind", sorted(wordings()))
def test_no_wording_says_both_that_something_rises_and_that_it_falls(kind):
    """Ups and downs of one course are told as peaks, dips and drops."""
    for one in wordings()[kind]:
        assert not ("rises" in one and "falls" in one)


def test_the_name_chooses_and_the_next_of_a_kind_differs():
    """The same name gives the same words; over many names all wordings occur."""
    assert variant("full", "up", 0) == variant("full", "up", 0) != variant("full", "up", 1)
    names = [f"run-{i}" for i in range(50)]
    assert {variant(name, "up", 0) for name in names} == set(wordings()["up"])
    assert {variant(name, "up", 0, is_opened=True)[:5] for name in names} == {"{the}"}


def test_metrics_are_called_by_their_names():
    """Words for parts, not abbreviations."""
    assert label("train_accuracy") == "training accuracy"
    assert label("validation_loss") == "validation loss"
    assert label("cv_accuracy") == "cv accuracy"
    assert closed("the loss falls") == "The loss falls."
