"""Words that no dictionary has."""

import pytest

from reporter import check
from tests.checking import add, change, looked_at
from tests.commanding import report


def test_misspelt_words_are_told_when_it_is_asked_for(clean):
    """Not those of code, references, labels, the field, British ways, or words.txt."""
    pytest.importorskip("spellchecker")
    bib = "@misc{h, author = {Krzhvsky, A.}, title = {T}, year = 2001}\n"
    (clean / "references.bib").write_text(bib)
    (clean / "words.txt").write_text("frobnicate\n")
    line = add(
        clean,
        "The acuracy of Krzhvsky's softmax is `acuraccy`; we recognise colours.\n"
        "We frobnicate SqueezeNet and the clean, see $lsos$ and test_accuracy.\n"
        "Recieve it. Recieve it {# kept #}, recieve.",
    )
    told = [f"{one.where}: {one.told}" for one in check.unknown_words(looked_at(clean))]
    assert told == [
        (
            f"sections/01-results.md:{line}: 'acuracy' is in no dictionary; write "
            "'accuracy', or add it to words.txt"
        )
    ]


def test_another_language_than_english_is_not_looked_up(clean):
    """One line says so, and what to do."""
    change(clean / "report.toml", "\ndate", '\nlanguage = "de"\ndate')
    code, _, err = report(clean, "check", "--spelling")
    assert code == 2
    assert err == (
        "report: --spelling: report.language is 'de', and only English can be checked; "
        "leave it out\n"
    )
