"""Values, claims, references, citations and formulas, in every place that takes text."""

import html
import re

import pypdfium2
import pytest

from reporter import pdf
from reporter.prose import page
from tests.composing import DOT, compose, problems

BIB = "@misc{able, author = {Able, Ann}, title = {T}, year = 2001}"
LATER = '\n\n{{ figure("one.loss", caption="Last.", id="fig-last") }}\n'

WHAT = {  # what an author writes → what a reader sees
    "value": ('{{ runs["one"].test_accuracy }}', "50.0 %"),
    "claim": (
        '{% claim runs["one"].test_accuracy > 1 %}more{% else %}less{% endclaim %}',
        "less",
    ),
    "reference": ("@fig-last", "Figure {last}"),
    "group": ("[@fig-last; @sec-results]", "Figure {last} and Section 1"),
    "citation": ("[@able, p. 3]", "[1, p. 3]"),
    "mention": ("@able", "Able [1]"),
}
PLAIN = {  # places in which it stands as it is
    "text": "At {}.",
    "heading": "## At {} now",
    "cell": "| a | b |\n|---|---|\n| At {} | c |",
    "list": "- At {}",
    "quotation": "> At {}",
    "note": "A note.^[At {}.]",
    "emphasis": "**At {}**",
}
CALLED = {  # places in a call, in which it stands as x
    "caption": 'figure("one.names", caption="At " ~ x, id="fig-ID")',
    "part": 'figures(["one.loss", "one.names"], captions=["a", "At " ~ x], id="fig-ID")',
    "table": 'table("one.rates", caption="At " ~ x, id="tbl-ID")',
    "listing": 'listing("one.printed", caption="At " ~ x, id="lst-ID")',
    "row": 'compare({"one": "At " ~ x}, ["test_accuracy"], caption="C.", id="tbl-ID")',
    "column": 'compare(["one"], {"test_accuracy": "At " ~ x}, caption="C.", id="tbl-ID")',
    "corner": 'compare(["one"], ["test_accuracy"], caption="C.", first="At " ~ x, id="tbl-ID")',
    "settings": 'settings({"one": "At " ~ x, "two": "b"}, caption="S.", id="tbl-ID")',
}


def _seen(folder, text, **files):
    """Return the page's body after a look at what is broken, and what should stand in it."""
    composed = compose(folder, text + LATER, references=BIB, **files)
    assert problems(composed) == []
    whole = page.whole(composed)
    body = whole[whole.index("<body") :]
    assert not re.search("[\ue000-\uf8ff]", body)
    last = re.search(r'id="fig-last".*?Figure.(\d+)</span> Last', body, re.DOTALL)[1]
    return body, ["At " + seen.format(last=last) for _, seen in WHAT.values()]


def _text(body):
    return " ".join(html.unescape(re.sub(r"<[^>]+>", "", body)).split())


@pytest.mark.parametrize("place", PLAIN)
def test_it_stands_in_running_text(tmp_path, place):
    """Headings, cells, lists, quotations and notes read as a paragraph does."""
    body, expected = _seen(
        tmp_path, "\n\n".join(PLAIN[place].format(text) for text, _ in WHAT.values())
    )
    assert [seen for seen in expected if seen not in _text(body)] == []


@pytest.mark.parametrize("place", CALLED)
def test_it_stands_in_captions_and_labels(tmp_path, place):
    """Of figures, their parts, tables, listings, rows and columns."""
    calls = [
        f"{{% set x %}}{text}{{% endset %}}\n\n{{{{ {CALLED[place].replace('ID', name)} }}}}"
        for name, (text, _) in WHAT.items()
    ]
    body, expected = _seen(tmp_path, "\n\n".join(calls))
    assert [seen for seen in expected if seen not in _text(body)] == []


def test_it_stands_in_abstract_and_answer(tmp_path):
    """With the numbers of the whole."""
    text = " ".join(f"At {text}." for text, _ in WHAT.values())
    body, expected = _seen(
        tmp_path,
        '{{ question("q-x") }}',
        abstract=text,
        questions=f"## q-x\n\nWhy?\n\n### Answer\n\n{text}\n",
    )
    assert [_text(body).count(f"{seen}.") for seen in expected] == [2] * len(WHAT)


def test_it_stands_in_alternative_texts(tmp_path):
    """As a reader would hear it: of figures, and of pictures of the workspace."""
    (tmp_path / "dot.png").write_bytes(DOT)
    calls = [
        f"{{% set x %}}{text}{{% endset %}}\n\n![At {text}](dot.png)\n\n"
        f'{{{{ figure("one.names", caption="C.", alt="*At* " ~ x, id="fig-{name}") }}}}'
        for name, (text, _) in WHAT.items()
    ]
    body, expected = _seen(tmp_path, "\n\n".join(calls))
    alts = [" ".join(html.unescape(alt).split()) for alt in re.findall(r'alt="([^"]*)"', body)]
    assert [alts.count(seen) for seen in expected] == [2] * len(WHAT)


def test_headings_read_alike_in_the_contents(tmp_path):
    """A line of the contents is one link, so that none stands within it."""
    body, expected = _seen(tmp_path, "\n\n".join(f"## At {text} now" for text, _ in WHAT.values()))
    contents = re.search(r'<nav class="contents".*?</nav>', body, re.DOTALL)[0]
    lines = re.findall("<li.*?</li>", contents)
    assert [_text(line) for line in lines[1:-2]] == [
        f"1.{number} {seen} now" for number, seen in enumerate(expected, 1)
    ]
    assert {line.count("<a ") for line in lines} == {1}


def test_captions_read_alike_in_the_list(tmp_path):
    """Their first sentence, as one link."""
    calls = [
        f"{{% set x %}}{text}{{% endset %}}\n\n"
        f'{{{{ figure("one.names", caption="At " ~ x ~ " now. And.", id="fig-{name}") }}}}'
        for name, (text, _) in WHAT.items()
    ]
    body, expected = _seen(tmp_path, "\n\n".join(calls), cover='lists = ["figures"]\n')
    (listed,) = re.findall(r'<nav class="lists".*?</nav>', body, re.DOTALL)
    lines = re.findall("<li.*?</li>", listed)
    assert [_text(line) for line in lines[:-1]] == [
        f"{number} {seen} now" for number, seen in enumerate(expected, 1)
    ]
    assert {line.count("<a ") for line in lines} == {1}


def test_formulas_stand_in_headings_captions_and_lists(tmp_path):
    """As the image that they are; in an attribute as their TeX."""
    (tmp_path / "dot.png").write_bytes(DOT)
    text = (
        "## At $\\eta$\n\n![At $\\eta$](dot.png)\n\n"
        '{{ figure("one.loss", caption="At $\\\\eta$. More.") }}'
    )
    composed = compose(tmp_path, text, cover='lists = ["figures"]\n')
    body = page.whole(composed)
    assert body.count('<img class="math" alt="\\eta"') == 4  # heading, contents, caption, list
    assert 'alt="At \\eta"' in body
    assert composed.chapters[0].headings[1].text == "At \\eta"


def test_a_heading_reads_alike_in_outline_and_running_head(tmp_path):
    """With a value, a reference and the TeX of a formula."""
    title = '# At {{ runs["one"].test_accuracy }} of $x$, see @fig-last'
    filler = "\n\nText." * 60
    composed = compose(tmp_path, {"01-a.md": title + filler + LATER})
    (tmp_path / "a.pdf").write_bytes(pdf.render(page.whole(composed)))
    pages = pypdfium2.PdfDocument(tmp_path / "a.pdf")
    titles = [" ".join(mark.get_title().split()) for mark in pages.get_toc()]
    expected = "1 At 50.0 % of x, see Figure 1"
    assert expected in titles
    heads = [" ".join(one.get_textpage().get_text_range().split()) for one in pages]
    assert sum(expected in text for text in heads) >= 2
