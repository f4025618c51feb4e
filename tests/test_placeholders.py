"""What was to be written later: told with its line, and told apart from what only looks so."""

import pytest

from tests.checking import add, change, found

EMPTY = "has nothing below it; write it, or remove the heading"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("It is TODO.", "a placeholder, 'TODO'; write it"),
        ("It is TBD, FIXME.", "a placeholder, 'TBD'; write it"),
        ("Lorem ipsum dolor.", "a placeholder, 'Lorem ipsum'; write it"),
        ("Your answer here.", "a placeholder, 'Your answer here'; write it"),
        ("…", "a placeholder, '…'; write it"),
        ("- ...", "a placeholder, '- ...'; write it"),
        ("<!-- TODO: more -->", "a comment says 'TODO'; do it, or remove it"),
        (
            ('<!-- Your answer. Speak of numbers by their runs, for example\nruns["last"]'
            ".validation_accuracy.best -->"),
            "a comment of the shipped report; remove it",
        ),
        ("##\n\nText.", "a heading without words; write it, or remove it"),
        ("## Data {#sec-data}", f"the heading 'Data' {EMPTY}"),
        ("## A\n\n<!-- b -->\n\n## B\n\nB.", f"the heading 'A' {EMPTY}"),
    ],
)  # fmt: skip
def test_placeholders_are_told_with_their_line(clean, text, told):
    """Whatever was to be written later; with the mark on its line it stands."""
    line = add(clean, text)
    assert f"sections/01-results.md:{line}: {told}" in found(clean, "text")
    path = clean / "sections" / "01-results.md"
    lines = path.read_text().split("\n")
    lines[line - 1] += " {# kept #}"
    path.write_text("\n".join(lines))
    assert not [one for one in found(clean, "text") if f"results.md:{line}:" in one]


@pytest.mark.parametrize(
    "text",
    [
        "```python\n# TODO\n...\n```",
        "`TODO` and $XXX$ and TODOS.",
        "And so on … and on.",
        "## A\n\n### B\n\nText.",
        "## A\n\n```\ncode\n```",
        "<!-- why it stands here -->",
    ],
)
def test_what_is_no_placeholder_is_left_alone(clean, text):
    """Code, mathematics, dots in a sentence, headings with something below them."""
    add(clean, text)
    assert found(clean, "text") == []


def test_authors_who_are_nobody_are_told_unless_the_report_is_shipped(clean):
    """Of a shipped report it is a note."""
    nobody = '\nauthors = [{ name = "A. Example", id = "0000", email = "a@example.org" }]\n'
    change(clean / "report.toml", "\ndate", f"{nobody}date")
    told = "author A. Example (0000, a@example.org) is a placeholder; write who hands it in"
    assert found(clean, "text") == [f"report.toml:5: {told}"]
    change(clean / "report.toml", '"A. Example", id = "0000"', '"Ada Real", id = "0042"')
    change(clean / "report.toml", "a@example.org", "ada@uni.edu")
    assert found(clean, "text") == []
