"""A page with one of everything, and what a reader does with it in a browser."""

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from reporter.artifacts import Column, Metric, Result, Table
from reporter.prose import document, page
from tests.workspaces import accuracy, every_artifact, finished, opened

RUNS = "".join(
    f'[runs.{name}]\nexperiment = "toy"\n' for name in ("one", "two", "low", "none", "bad")
)
TABLE = Table(
    columns=(
        Column(name="name", label="Name"),
        *(Column(name=f"c{i}", label=f"a rather long heading {i}") for i in range(8)),
    ),
    rows=tuple((f"row {row}", *(float(row * i) for i in range(8))) for row in range(3)),
)
SECTIONS = {
    "01-text.md": r"""# Everything

Text with *emphasis*, `code`, a [link](https://example.org), a note[^1], $x^2$, [@he2016] and
@fig-one, @tbl-compared, @sec-more, @eq-long, @lst-printed, @q-why.

[^1]: The note itself.

> A quotation.

![A red square](images/square.png)

- a list
- of two

$$ a + b + c + d + e + f + g + h + i + j + k + l + m + n + o + p + q + r + s = 1 $$ (eq-long)

| plain | table |
|-------|-------|
| a     | 1     |
| b     | 2     |

```python
def f(x: int) -> str:  # a comment
    return "a" * x + str(1.5) + "a line that is longer than a telephone is wide"
```

## More {#sec-more}

{{ figure("one.loss", caption="A curve.", id="fig-one") }}
{{ figures(["two.test_accuracy", "one.test_accuracy"], captions=["over seeds", "alone"],
   caption="Two.", id="fig-two") }}
{{ figure("one.names", caption="Bars.") }}
{{ figure("one.confusion", caption="A matrix.") }}
{{ figure("one.filters", caption="Pictures.") }}
{{ figure("one.mistakes", caption="Named pictures.") }}
{{ figure("one.stages", caption="A network.") }}
{{ figure("bad.loss", caption="Missing.") }}
""",
    "02-tables.md": """# Tables

{{ compare(["one", "none", "two", "low", "bad"], ["test_accuracy", "share"],
   caption="Compared.", id="tbl-compared") }}
{{ table("one.rates", caption="Rates.") }}
{{ table("one.wide", caption="Wide.") }}
{{ settings(["one", "two"], caption="Settings.") }}
{{ listing("one.printed", caption="Printed.", id="lst-printed") }}

## Claims

{% claim runs["one"].test_accuracy < runs["low"].test_accuracy %}
This is broken.
{% endclaim %}

{{ questions() }}
""",
}
QUESTIONS = """## q-why {points=2}

Why?

### Answer

Because.

## q-open {points=1}

And this?
"""
REFERENCES = """@inproceedings{he2016,
  author = {He, Kaiming and Müller, Jörg},
  title = {Deep {Residual} Learning},
  booktitle = {CVPR},
  year = {2016}
}
"""


def chromium() -> str:
    """Return the browser's path; without one a test skips, or fails if REPORTER_BROWSER says so."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program:
        return program
    if os.environ.get("REPORTER_BROWSER") == "required":
        pytest.fail("no chromium, and REPORTER_BROWSER=required; apt-get install chromium")
    pytest.skip("no chromium on this machine")


def write_everything(folder: Path) -> Path:
    """Write a page that has one of everything, another of its first section; return the first."""
    report = opened(folder, SECTIONS, RUNS)
    (folder / "questions.md").write_text(QUESTIONS)
    (folder / "references.bib").write_text(REFERENCES)
    (folder / "abstract.md").write_text("In short.")
    (folder / "images").mkdir()
    Image.new("RGB", (40, 40), "red").save(folder / "images" / "square.png")
    one = Result({**every_artifact(), "wide": TABLE, "share": _share(0.02)})
    seeds = (accuracy(0.2, 0.095), accuracy(0.1, 0.105), accuracy(0.1, 0.085))
    runs = {
        "one": finished("one", one),
        "two": finished("two", *(Result(test_accuracy=s, share=_share(1e-5)) for s in seeds)),
        "low": finished("low", Result(test_accuracy=accuracy(0.1, 0.0995), share=_share(-2.5))),
        "none": finished("none", Result(share=_share(-1.5))),
        "bad": finished("bad", error="loss is nan; lower the rate"),
    }
    composed = document.compose(report, runs, folder / "build" / "figures")
    composed = replace(composed, changes=("runs.one.epochs=5",))
    (folder / "section.html").write_text(page.section(composed, "text"), encoding="utf-8")
    path = folder / "report.html"
    path.write_text(page.whole(composed), encoding="utf-8")
    return path


def _share(value: float) -> Metric:
    return Metric(value=value, unit="", direction=None)


def tab_to(page, selector, most=150):
    """Press Tab until what `selector` finds has the focus."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("wanted => document.activeElement.matches(wanted)", selector):
            return
    raise AssertionError(f"{selector} is not reached by {most} times Tab")


def rows(page, table):
    """Return what the first column of a table shows, in order."""
    return page.locator(f"{table} tbody tr td:first-child").all_inner_texts()
