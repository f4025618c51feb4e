"""A report whose every text is an attack: its page holds no element and no script of the author."""

import base64
import re
from dataclasses import replace
from html import escape

import numpy as np
import pypdfium2
import pytest

from reporter import pdf, report
from reporter.artifacts import (
    Bars,
    Column,
    Curves,
    ImageGrid,
    Matrix,
    Result,
    Series,
    Stage,
    Stages,
    Table,
    Text,
)
from reporter.errors import TextError
from reporter.prose import document, page
from tests.composing import compose
from tests.workspaces import RECORD, accuracy, finished, opened

X = """</p></title></style></script>"'><script>evil()</script><img src=x onerror=evil()>"""
T = X.replace("\\", "\\\\").replace('"', '\\"')  # in a TOML or Jinja string
COVER = f"""title = "{T}"
subtitle = "{T}"
course = "{T}"
assignment = "{T}"
term = "{T}"
lists = ["figures", "tables", "listings"]
authors = [{{ name = "{T}", id = "{T}", email = "{T}" }}]
"""
RUNS = '[runs.one]\nexperiment = "toy"\n[runs.bad]\nexperiment = "toy"\n'
LINKS = """
[a](javascript:evil()) [b](JaVaScRiPt:evil()) [c](data:text/html,<script>evil()</script>)
[d](vbscript:evil()) [e](file:///etc/passwd) <javascript:evil()> <img src=x onerror=evil()>
[f](&#106;avascript:evil()) [g]( javascript:evil()) [h](java\tscript:evil())
![i](javascript:evil()) ![j](data:image/svg+xml,<svg/onload=evil()>) ![k](http://a.example/x.png)
[l](https://a.example/" onmouseover="evil()) [m]: javascript:evil() "x" <svg/onload=evil()>
<iframe srcdoc="<script>evil()</script>"> <a href="javascript:evil()">n</a>
<base href="//a.example">
"""
SECTION = f"""+++
title = "{T}"
+++

## {X} {{#sec-x}}

{X}

{LINKS}

`{X}` and $\\text{{" onload=evil()}}$ and [@key, {X}] and [@key, p. {X}], a note.[^1]

[^1]: {X}

```html" onload="evil()
{X}
```

| {X} | b |
|-----|---|
| {X} | c |

{{{{ figure("one.curves", caption="{T}", alt="{T}") }}}}
{{{{ figures(["one.bars", "one.matrix"], captions=["{T}", "b"], caption="{T}") }}}}
{{{{ figure("one.grid", caption="c") }}}}
{{{{ figure("one.stages", caption="c") }}}}
{{{{ figure("bad.grid", caption="c", id="fig-bad") }}}}
{{{{ table("one.table", caption="{T}") }}}}
{{{{ compare(["one", "bad"], ["test_accuracy"], caption="{T}") }}}}
{{{{ settings(["one"], caption="{T}") }}}}
{{{{ listing("one.text", caption="{T}") }}}}
{{{{ runs["one"].text }}}} {{{{ runs["one"].parameters.p }}}} {{{{ "{T}" }}}}
{{{{ runs["one"].table[0]["a"] }}}} {{{{ runs["bad"].test_accuracy }}}}
{{{{ questions() }}}}

{{% claim runs["one"].parameters.p == "a" %}}
{X}
{{% endclaim %}}
"""
QUESTIONS = f"## q-x {{points=2}}\n\n{X}\n\n### Answer\n\n{X}\n"
BIB = """@article{key,
  author = {%s and Other, A.}, title = {%s <b>c</b>}, journal = {%s},
  url = {javascript:evil()}, doi = {10.1/"><script>evil()</script>}, year = {%s}, note = {%s},
  pages = {<i>1}, number = {<script>evil()</script>}, howpublished = {\\url{javascript:evil()}}
}
"""
FOUND = """() => [...document.querySelectorAll("*")].flatMap((element) => {
  const wrong = [];
  for (const { name, value } of element.attributes) {
    const is_address = ["href", "src", "srcdoc", "action", "data"].includes(name);
    const is_own = /^(#|data:image\\/(png|jpeg|svg\\+xml);|https:\\/\\/|mailto:)/.test(value);
    if (name.startsWith("on") || (is_address && !is_own)) wrong.push(`${name}=${value}`);
  }
  const kinds = ["IFRAME", "OBJECT", "EMBED", "BASE", "FORM", "LINK", "SVG"];
  if (kinds.includes(element.nodeName.toUpperCase())) wrong.push(element.nodeName);
  return wrong;
})"""


PIXELS = np.zeros((8, 8, 3), dtype=np.uint8)
RESULT = Result(
    test_accuracy=accuracy(0.25, 0.5),
    curves=Curves(
        series=(Series(label=X, x=(1.0, 2.0), y=(1.5, 0.5)),), x_label=X, y_label=X, unit="nats"
    ),
    bars=Bars(labels=(X, "$\\frac"), values=(0.5, 0.25), y_label=X, unit="fraction"),
    matrix=Matrix(row_labels=(X, "a"), column_labels=("b", X), values=((5.0, 1.0), (2.0, 7.0))),
    grid=ImageGrid(images=(PIXELS, PIXELS), labels=(X, "b"), columns=2, description=X),
    stages=Stages(stages=(Stage(label=X, shape=(3, 8, 8), role="input"),) * 2),
    table=Table(columns=(Column(name="a", label=X, unit="nats"),), rows=((X,), ("\ue0000\ue001",))),
    text=Text(body=X, language=X),
)
RECORDED = {"device": X, "host": X, "commit": X, "python": X, "versions": {X: X}}


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """Return the page of a report of attacks."""
    folder = tmp_path_factory.mktemp("hostile")
    opened(folder, {"01-x.md": SECTION, f"02-{X.replace('/', '')}.md": "# Y\n"}, RUNS)
    told = (folder / "report.toml").read_text().replace('title = "A tiny report"\n', COVER)
    (folder / "report.toml").write_text(told)
    (folder / "abstract.md").write_text(X)
    (folder / "questions.md").write_text(QUESTIONS)
    (folder / "references.bib").write_text(BIB % ((X,) * 5))
    one = finished("one", RESULT, parameters={"p": X}, method=X, notes=(X,))
    results = tuple(replace(kept, record={**RECORD, **RECORDED}) for kept in one.results)
    runs = {"one": replace(one, results=results), "bad": finished("bad", error=X)}
    composed = document.compose(report.load(folder), runs, folder / "figures", changes=(X,))
    return page.whole(composed)


def test_a_page_of_attacks_runs_no_script_and_holds_no_element_of_the_author(hostile, browser):
    """Even in a browser that does not heed what the page says may run."""
    with browser.new_context(bypass_csp=True) as context:
        window = context.new_page()
        asked, ran = [], []
        window.on("request", lambda request: asked.append(request.url))
        window.expose_function("evil", lambda: ran.append(True))
        window.set_content(hostile, wait_until="load")
        assert window.evaluate(FOUND) == []
        assert window.locator("script").count() == 1
        assert window.locator("img[src=x], svg, iframe, base").count() == 0
        assert ran == []
        assert [url for url in asked if not url.startswith(("data:", "about:"))] == []


def test_a_page_of_attacks_is_set_on_paper(hostile):
    """Attacks are text there, too."""
    text = pypdfium2.PdfDocument(pdf.render(hostile))[0].get_textpage().get_text_range()
    assert "<script>evil()</script>" in "".join(text.split())


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><image width="9" href="file:///etc/x.png"/></svg>'
NESTED = base64.b64encode(SVG).decode()


@pytest.mark.parametrize(
    "inner",
    [
        '<img src="file:///etc/passwd">',
        '<img src="http://127.0.0.1:9/x.png">',
        '<link rel="stylesheet" href="file:///etc/passwd">',
        '<link rel="attachment" href="file:///etc/passwd">',
        '<a rel="attachment" href="file:///etc/passwd">x</a>',
        "<style>@import url(file:///etc/passwd);</style>",
        "<style>@font-face { font-family: x; src: url(file:///etc/x.ttf) }</style>",
        '<p style="background: url(file:///etc/passwd)">a</p>',
        '<p style="background: url(ftp://127.0.0.1/x)">a</p>',
        '<object data="file:///etc/passwd"></object>',
        '<embed src="file:///etc/passwd">',
        '<svg><image href="file:///etc/passwd" width="9" height="9"/></svg>',
        '<img src="data:image/svg+xml;base64,' + NESTED + '">',
    ],
)
def test_paper_asks_for_nothing_outside_the_page(inner):
    """Were such an element to get into it, the address would be refused, and told in one line."""
    with pytest.raises(TextError, match=r"the page asks for (file|http|ftp):/") as caught:
        pdf.render(f"<html lang=en><title>T</title><body><p>x</p>{inner}</body></html>")
    assert "\n" not in str(caught.value)


CSL = """<style xmlns="http://purl.org/net/xbiblio/csl" class="in-text" version="1.0">
<info><title>x</title></info>
<citation><layout prefix="[" suffix="]"><text variable="citation-number"/></layout></citation>
<bibliography><layout><text variable="title" prefix="{0}" suffix="{0}"/></layout></bibliography>
</style>
"""


def test_a_style_of_citations_brings_no_html(tmp_path):
    """What it puts around a title is text."""
    tmp_path.mkdir(exist_ok=True)
    (tmp_path / "own.csl").write_text(CSL.format(escape(X, quote=True)))
    cover = 'citations = "own.csl"\n'
    composed = compose(
        tmp_path, "[@a]", cover=cover, references="@book{a, title = {B}, year = 2001}"
    )
    shown = page.whole(composed)
    assert not re.search(r"<script>evil|<img src=x", shown)
    assert "&lt;script>evil()" in shown
