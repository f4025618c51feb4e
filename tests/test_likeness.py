"""Near-identical texts and common records of several students, and what is no sign of either."""

import random
import re

from reporter import shipped
from reporter.verify.likeness import alike, given, runs_of
from reporter.verify.origins import common
from reporter.verify.verdicts import Judged, Kept

WORDS = [f"{a}{b}" for a in ("lo", "ra", "mi", "tu", "se") for b in ("ben", "dor", "gal", "kim")]


def prose(seed, words=120):
    """Return words that nobody else wrote."""
    rng = random.Random(seed)
    return " ".join(rng.choice(WORDS) + rng.choice(WORDS) for _ in range(words))


def bundle(name, *authors, **texts):
    return Judged(name=name, authors=authors or (name,), texts=texts)


def found(*bundles, known=frozenset()):
    return [(pair.one, pair.other, pair.places) for pair in alike(bundles, known)]


def test_numbers_and_values_are_blanked():
    """A copy with other results is a copy."""
    one = 'The accuracy is {{ runs["a"].x | percent }} after 5 epochs, see @fig-loss.'
    other = "The accuracy is {{ runs['b'].y.best }} after 12 epochs, see @fig-other. {# mine #}"
    assert runs_of(one) == runs_of(other)
    assert runs_of("accuracy is 81.0 % after {{ x }}, or so") > runs_of("Accuracy is 7 after 12")


def test_a_copied_section_is_found_under_another_name():
    """With the share of it, and only that pair."""
    copy = prose(1)
    pairs = alike(
        [
            bundle("a", data=copy, end=prose(2)),
            bundle("b", images=re.sub("ben", "BEN", copy) + " " + prose(3, 10), end=prose(4)),
            bundle("c", data=prose(5)),
        ],
        frozenset(),
    )
    (pair,) = pairs
    assert (pair.one, pair.other, pair.places) == ("a", "b", (("data", "images", 1.0),))
    assert 0.45 < pair.share < 0.55, "of two sections one"
    assert pair.line.startswith("a and b share 5")
    assert "data and images (100%)" in pair.line


def test_what_was_given_is_no_copy(tmp_path):
    """Shipped templates, the assignment's folder, and what more than a third of a class has."""
    shared = prose(1)
    (tmp_path / "sheet.md").write_text(shared)
    pair = [bundle("a", s=shared), bundle("b", s=shared)]
    assert found(*pair)
    assert not found(*pair, known=given([tmp_path]))
    template = next(shipped.folder("templates").rglob("sections/*.md")).read_text()
    assert not found(bundle("a", s=template), bundle("b", s=template), known=given([]))
    crowd = [bundle(str(i), s=shared if i < 3 else prose(i)) for i in range(9)]
    assert len(found(*crowd)) == 3, "three of nine are a third, not more"
    crowd = [bundle(str(i), s=shared if i < 4 else prose(i)) for i in range(9)]
    assert not found(*crowd)


def test_one_student_may_hand_in_twice():
    """And a sentence is no text."""
    text = prose(1)
    assert not found(bundle("a", "A. Example", s=text), bundle("a2", "A. Example", s=text))
    short = prose(1, 12)
    assert not found(bundle("a", s=short), bundle("b", s=short))


def kept(**changes):
    values = {"run": "full", "seed": 0, "key": "k", "digest": "d"}
    return Kept(**{**values, **changes})


def shown(*bundles, is_declared=True):
    found = common(bundles, is_declared=is_declared)
    return [(one.names, one.what, one.runs) for one in found if one.runs]


def test_one_record_of_two_students_is_told_once():
    """Also where they share many, and not where their course has them share."""
    one, other = kept(), kept(run="small", digest="e")
    pair = [Judged(name=name, authors=(name,), kept=(one, other)) for name in "ab"]
    runs = ("full (seed 0)", "small (seed 0)")
    assert shown(*pair) == [(("a", "b"), "one record", runs)]
    assert not shown(*(Judged(name=n, authors=(n,), kept=(one,), shares=True) for n in "ab"))
    assert not shown(*(Judged(name=n, authors=("same",), kept=(one,)) for n in "ab"))


def test_one_machine_and_minute_is_told():
    """A minute later, or on another machine, it is not; nor are records of before."""
    first = kept(machine="m", started="2026-05-04T09:30:05Z")

    def beside(**changes):
        mine = Judged(name="a", authors=("a",), kept=(first,))
        other = kept(digest="e", machine="m", started="2026-05-04T09:30:55Z")
        values = {**vars(other), **changes}
        return shown(mine, Judged(name="b", authors=("b",), kept=(Kept(**values),)))

    assert beside() == [(("a", "b"), "one machine and minute", ("full (seed 0)",))]
    assert not beside(started="2026-05-04T09:31:05Z")
    assert not beside(machine="n")
    assert not beside(machine="", started="")


def test_what_bundles_say_of_themselves_is_told():
    """That their course shares a store, unless its rules were asked; and whose they are."""
    pair = [Judged(name=name, authors=(name,), kept=(kept(),), shares=True) for name in "ab"]
    (sharing,) = common(pair)
    assert sharing.line.startswith("a, b: say themselves that their course shares a store: ")
    assert common(pair, is_declared=True) == ()
    (twice,) = common([Judged(name=name, authors=("A. Example (1)",)) for name in "ab"])
    assert twice.line == "a, b: all of A. Example (1)"
