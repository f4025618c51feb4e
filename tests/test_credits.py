"""Where photographs were taken from stands in the caption of each figure that shows them."""

import html
import re

import numpy as np
import pytest

from reporter.artifacts import ImageGrid, Result
from reporter.prose import document
from reporter.sources import photograph_note
from tests.workspaces import finished, opened

PIXELS = np.zeros((8, 8, 3), dtype=np.uint8)
TABLES = """\
[images.cat]
path = "cat.jpg"
credit = "[A. Person](https://example.org/cat), CC BY 4.0."
[images.cat-two]
path = "cat-two.jpg"
credit = "B. Person, private"
[images.plain]
path = "plain.jpg"
[runs.maps]
experiment = "toy"
"""
RESULT = Result(
    cat=ImageGrid(images=(PIXELS, PIXELS[..., 0]), labels=("cat", "saliency of cat"), columns=2),
    cat_two=ImageGrid(images=(PIXELS, PIXELS[..., 0]), labels=("cat-two", "saliency"), columns=2),
    photograph=ImageGrid(images=(PIXELS,), columns=1, description="the photograph cat as seen"),
    other=ImageGrid(images=(PIXELS,), columns=1, description="the photograph cat-two as seen"),
    filters=ImageGrid(images=(PIXELS,), columns=1, description="filters of a layer"),
    plain=ImageGrid(images=(PIXELS,), labels=("plain",), columns=1),
)
INPUTS = {"images.cat": "1", "images.cat-two": "2", "images.plain": "3", "weights.w": "4"}


def caption(folder, *names, notes=(), error=""):
    """Return the caption, with links, of a figure with these panels."""
    results = () if error else (RESULT,)
    run = finished("maps", *results, inputs=INPUTS, notes=notes, error=error)
    text = f'# Maps\n\n{{{{ figures({list(names)}, caption="Maps.", id="fig-m") }}}}\n'
    report = opened(folder, {"01-maps.md": text}, TABLES)
    composed = document.compose(report, {"maps": run}, folder / "build/figures")
    body = composed.set(composed.chapters[0].html)
    found = re.search(r'<figcaption>(.*?)\s*<span class="origin">', body)[1]
    return html.unescape(found)


@pytest.mark.parametrize("output", ["cat", "photograph"])
def test_a_caption_ends_with_the_source_of_the_photograph(tmp_path, output):
    """A credit is Markdown, so that it may link; its full stop is not doubled."""
    expected = 'Maps. Source: <a href="https://example.org/cat">A. Person</a>, CC BY 4.0.'
    assert caption(tmp_path, f"maps.{output}").endswith(expected)


@pytest.mark.parametrize("output", ["cat_two", "other"])
def test_a_name_that_begins_like_another_is_not_taken_for_it(tmp_path, output):
    """cat-two is not cat, neither in labels nor in a description."""
    assert caption(tmp_path, f"maps.{output}").endswith("Maps. Source: B. Person, private.")


def test_several_sources_are_told_apart_by_the_names_of_the_photographs(tmp_path):
    """One line names each photograph once."""
    found = re.sub(r"<[^>]+>", "", caption(tmp_path, "maps.cat", "maps.cat_two", "maps.photograph"))
    assert found.endswith("Maps. Sources: cat: A. Person, CC BY 4.0; cat two: B. Person, private.")


@pytest.mark.parametrize("output", ["filters", "plain"])
def test_what_shows_no_photograph_with_a_credit_names_no_source(tmp_path, output):
    """Filters belong to the network, and a photograph without credit has nothing to say."""
    assert caption(tmp_path, f"maps.{output}").endswith("Maps.")


def test_a_stand_in_is_credited_to_nobody(tmp_path):
    """Under --quick the picture is generated, so the photographer did not take it."""
    assert caption(tmp_path, "maps.cat", notes=(photograph_note("cat"),)).endswith("Maps.")


def test_a_failed_run_has_no_source(tmp_path):
    """There is no picture to credit."""
    assert caption(tmp_path, "maps.cat", error="no memory").endswith("Maps.")
