"""Verify: what no run gives is told, however it came into the text."""

import io

import pytest
from PIL import Image

from reporter.verify.rebuilt import rebuilt
from reporter.verify.unproven import unproven
from tests import bundles

MORE = """
Another run reached 97.3 % {# typed #} of {{ runs["full"].test_accuracy | percent }}, or {{ 0.99 }},
or {{ "9" ~ "6.5 %" }}, after 8 epochs, see @fig-full.

| run  | test |
|------|------|
| full | 98.1 |

{% claim 1 < 2 %}Ours is better.{% endclaim %}

{{ figure("small.loss", id="fig-more", caption="It reaches 95.5 %.") }}

![A table.](images/table.png)
"""


@pytest.fixture
def told(handed_in, tmp_path):
    """Return a function that tells what no run gives of the good bundle with more text."""

    def told(more: str) -> list[str]:
        one = bundles.opened(handed_in)
        one.files["sections/02-results.md"] += more.encode()
        picture = io.BytesIO()
        Image.new("RGB", (20, 20)).save(picture, "PNG")
        one.files["images/table.png"] = picture.getvalue()
        for name, content in one.files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes(content)
        made = rebuilt(tmp_path, lambda *_: one.files["report.pdf"])
        return [f"{one.check} {one.line}" for one in unproven(made.document)]

    return told


def test_what_no_run_gives_is_told(told):
    """Numbers in text, constants, tables and captions; empty claims; pictures; no value."""
    typed, claim, picture = told(MORE)
    where = "claims sections/02-results.md"
    assert typed == f"{where}: typed by hand, so from no run: 97.3 %, 0.99, 96.5 %, 98.1, 95.5 %"
    assert claim == f"{where}:21: the claim rests on no result, whatever it says"
    assert (
        picture == "files images/table.png: a picture that the author made: look at what it shows"
    )


def test_of_what_runs_give_nothing_is_told(told):
    """The good report has values, figures and a claim that rests on two of them."""
    assert told("") == []
