"""Whatever stands in a file, the outcome is a report or one line that says what is wrong.

`HYPOTHESIS_PROFILE=long pytest tests/test_properties.py` looks at thousands of inputs instead of
the same few dozens each time.
"""

import hashlib
import json
import os
import shutil

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reporter import shipped
from reporter.plain import dump, to_plain
from reporter.store import Store
from tests import broken
from tests.commanding import LONGEST, built, contents, report
from tests.workspaces import COVER, images, png, workspace

COMMON = {"deadline": None, "database": None, "suppress_health_check": list(HealthCheck)}
settings.register_profile("suite", derandomize=True, max_examples=25, **COMMON)
settings.register_profile("long", max_examples=1000, **COMMON)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "suite"))

TABLES = """
[settings]
threads = 1
[data.d]
path = "d"
split = { test = 0.5, seed = 1 }
class_count = 2
[data.e]
from = "d"
swap = true
[images.photo]
path = "photo.png"
expected = "dog"
[weights.w]
source = "run:net"
quick = "random"
[runs.one]
experiment = "toy"
[runs.two]
base = "one"
epochs = 3
seeds = [1, 2]
quick = { epochs = 1 }
[runs.looks]
experiment = "looks"
data = "e"
[runs.shows]
experiment = "shows"
images = ["photo"]
[runs.net]
experiment = "trains"
[runs.more]
experiment = "trains"
weights = "w"
timeout_s = 60
"""
TEXT = """# Results

{{ runs["one"].test_accuracy }} {{ runs["one"].rates[0].acc | percent(2) }}
{{ figure("one.loss", caption="x") }}
"""
JINJA = (
    "{{ ", " }}", "{% ", " %}", "{% if ", "{% endif %}", "{% for r in runs %}", "{% endfor %}",
    "{# ", "#}", "runs['one']", ".test_accuracy", ".rates", "[0]", ".acc", "['acc']", ".at(3)",
    ".best", ".parameters", ".epochs", " | percent", " | number(2)", " | join(', ')",
    " | map('upper')", "(", ")", "[", "]", " > ", " 3 ", " - ", "'one'", " and ", "{% claim ",
    "{% else %}", "{% endclaim %}", "{% set a = ", "{% macro a() %}", "{% endmacro %}",
    "{% include 'x' %}", "a", "figure('one.loss'", "figures(['one.loss', 'one.names']",
    ", caption='c'", ", id='fig-a'", "table('one.rates'",
    "compare({'one': 'One'}, {'test_accuracy': 'A'}", "settings(['one']",
    "listing('one.printed')", "observe(runs['one']", "diff(", "wins(", "clearly_above(",
    "question('q-a')", "questions()", ", ", "\n", "\n\n", "# ", "## A {#sec-a}\n", "@fig-a",
    "@sec-a", "[@able, p. 3]", "@able", "[^a]", "\n[^a]: note\n", "$x^2$",
    "$$\\frac{1}{2}$$ (eq-a)\n", "$", "![alt](photo.png)", "![", "](", "|a|b|\n|-|-|\n", "> ",
    "- ", "    ", "```\n", "<b>", "</b>", "<script>", "&amp;", "**", "\\", "\r\n", "\ue000",
    "{#fig-x}",
)  # fmt: skip
QUESTIONS = (
    "## q-a", "## q-b {points=2 bonus}", "## ", "##", "### Answer", "\n", "\n\n", "{points=",
    "}", " bonus", "<!--", "-->", "{#", "#}", "```", "~~~", "`", "{{ question('q-a') }}",
    "{{ runs['one'].x }}", "text", "points=1e9", "{points=٣}", "q-é", "@fig-a", "# ", "\r",
    "{% raw %}", "$",
)  # fmt: skip
BIBTEX = (
    "@misc{able, ", "@article{best, ", "@inproceedings(c, ", "@string{j = ", "@preamble{",
    "@comment{", "title = {", "author = {", "year = 2001", "month = ", "jan",
    "crossref = {able}", "date = {2014-13-45}", "date = {2014/2015}", "pages = {1--2}",
    "doi = {10.1/x}", "url = {http://a/%}", "eprint = {1}", "{", "}", '"', "}}\n", "},\n", ", ",
    " and ", "others", '\\"o', "\\'{e}", "\\emph{", "$", "\\", "%", "#", "~", "李", "von der ",
    "A, B, C", "@", "=", "\n", "--", "{\\relax", "\\url{x}", "year = {n.d.}",
    "@misc{able, title={T}, author={A, B}, year=2001}\n", "(", ")",
)  # fmt: skip
DAMAGE = st.sampled_from(("damage", "damage", "remove", "folder", "other names", "other shape"))


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Return a store in which the run has its result."""
    return built(tmp_path_factory.mktemp("built"))


@pytest.fixture
def at(store, tmp_path, monkeypatch):
    """Return a workspace whose only run is stored."""
    monkeypatch.setenv("REPORT_STORE", str(store))
    png(tmp_path / "photo.png")
    return workspace(tmp_path, sections={"01-results.md": TEXT})


def _told(folder, *words):
    """Run the command; return its exit code, after a look at what it tells."""
    code, _, err = report(folder, *words)
    assert code in (0, 1, 2), err
    for line in err.splitlines():
        assert len(line) <= LONGEST
        assert not line.startswith(("Traceback", " "))
    if code == 2:
        assert err.startswith("report: ")
        assert err.count("\n") == 1
    return code


@given(data=st.data())
def test_any_report_toml_is_read_or_told(at, data):
    """Wrong types, unknown keys, odd names, cut files; only what is there is named."""
    images(at / "d", {"cat": 2, "dog": 2})
    valid = COVER + TABLES
    content = data.draw(broken.tables(valid) | broken.damaged(valid.encode()))
    (at / "report.toml").write_bytes(content)
    _told(at, "check", *data.draw(st.sampled_from(((), ("--quick",)))))
    assert (at / "report.toml").read_bytes() == content


KEYS = ("report.title", "runs.one.epochs", "runs.two", "settings.threads", "x.y", "")


@given(key=st.sampled_from(KEYS), value=broken.PLAIN.map(broken.toml) | broken.WORDS)
def test_any_setting_is_taken_or_told(at, key, value):
    """--set has the last word, if it is one."""
    _told(at, "build", "-n", "--set", f"{key}={value}")


@given(text=broken.joined(JINJA, 14))
def test_any_section_is_set_or_told(at, store, text):
    """Templates, Markdown, labels, citations, formulas; results stay."""
    before = contents(store)
    (at / "references.bib").write_text("@misc{able, title={T}, author={A, B}, year=2001}\n")
    (at / "sections" / "01-results.md").write_bytes(f"# Results\n\n{text}\n".encode())
    _told(at, "build", "--format", "html")
    assert contents(store) == before


@given(text=broken.joined(QUESTIONS, 14))
def test_any_questions_are_asked_or_told(at, text):
    """Heads, marks, answers, comments, code."""
    (at / "questions.md").write_bytes(text.encode())
    (at / "sections" / "01-results.md").write_text("# Results\n\n{{ questions() }}\n")
    _told(at, "build", "--format", "html")
    _told(at, "status")


@given(text=broken.joined(BIBTEX, 16), style=st.sampled_from(("numeric", "author-year")))
def test_any_references_are_cited_or_told(at, text, style):
    """Braces, names, dates, LaTeX, crossrefs."""
    (at / "references.bib").write_bytes(text.encode())
    cover = COVER + f'citations = "{style}"\n[runs.one]\nexperiment = "toy"\n'
    (at / "report.toml").write_text(cover)
    (at / "sections" / "01-results.md").write_text("# Results\n\n[@able; @best, p. 3] @able\n")
    _told(at, "build", "--format", "html")


@given(data=st.data())
def test_any_style_is_used_or_told(at, data):
    """A CSL file that was cut or changed."""
    (at / "references.bib").write_text("@misc{able, title={T}, author={A, B}, year=2001}\n")
    cover = COVER + 'citations = "own.csl"\n[runs.one]\nexperiment = "toy"\n'
    (at / "report.toml").write_text(cover)
    style = (shipped.folder("templates") / "_base" / "author-year.csl").read_bytes()
    (at / "own.csl").write_bytes(data.draw(broken.damaged(style)))
    (at / "sections" / "01-results.md").write_text("# Results\n\n[@able, p. 3]\n")
    _told(at, "build", "--format", "html")


def _spoil(entry, name, how, data):
    """Do something to one file of an entry; return whether the manifest still vouches for it."""
    file, manifest = entry / name, entry / "manifest.json"
    plain = json.loads(manifest.read_text())
    if how == "remove":
        file.unlink()
    elif how == "folder":
        file.unlink()
        file.mkdir()
    elif how == "other names":
        manifest.write_text(json.dumps(data.draw(broken.changed(manifest.read_text()))))
    elif how == "other shape" and name in ("result.json", "record.json"):
        other = json.dumps(data.draw(broken.changed(file.read_text()))).encode()
        file.write_bytes(other)
        manifest.write_bytes(dump({**plain, name: hashlib.sha256(other).hexdigest()}))
        return True
    else:
        file.write_bytes(data.draw(broken.damaged(file.read_bytes())))
    return False


@given(data=st.data(), how=DAMAGE)
def test_any_damage_of_an_entry_is_no_result(at, store, tmp_path_factory, data, how):
    """It counts as not stored, or it is what was saved; in another shape it is at least told."""
    spoilt = tmp_path_factory.mktemp("spoilt")
    shutil.copytree(store, spoilt, dirs_exist_ok=True)
    (entry,) = spoilt.iterdir()
    before = Store(store).load(entry.name)
    names = sorted(path.name for path in entry.iterdir() if path.suffix != ".safetensors")
    vouched = _spoil(entry, data.draw(st.sampled_from(names)), how, data)
    after = Store(spoilt).load(entry.name)
    assert before
    assert vouched or after is None or _as_bytes(after.result) == _as_bytes(before.result)
    os.environ["REPORT_STORE"] = str(spoilt)  # until the fixture `at` ends
    _told(at, "check")
    _told(at, "status")
    shutil.rmtree(spoilt)


def _as_bytes(result):
    files = {}
    plain = dump({name: to_plain(value, files) for name, value in result.items()})
    return plain, {name: files[name] for name in files if name.endswith(".npy")}


@given(data=st.data())
def test_any_lock_is_followed_or_told(at, data):
    """A frozen build of a lock that was changed."""
    assert report(at, "build", "--format", "html")[0] == 0
    lock = at / "report.lock"
    valid = lock.read_bytes()
    other = broken.changed(valid.decode()).map(lambda value: json.dumps(value).encode())
    lock.write_bytes(data.draw(other | broken.damaged(valid)))
    _told(at, "build", "--frozen", "--format", "html")
    _told(at, "why", "one")
    lock.write_bytes(valid)


@given(
    data=st.data(),
    name=st.sampled_from(("tiny/last-build.json", "tiny/results.json", "cache/digests.json")),
)
def test_records_that_are_damaged_change_no_report(at, data, name):
    """They are written anew, and the page is the same."""
    png(at / "d" / "x.png")
    (at / "build" / "cache").mkdir(parents=True, exist_ok=True)
    (at / "build" / "cache" / "digests.json").write_text('{"a": [1, 2, "x"]}')
    assert report(at, "build", "--format", "html")[0] == 0
    page, record = at / "build" / "tiny" / "report.html", at / "build" / name
    before, valid = page.read_bytes(), record.read_bytes()
    other = broken.changed(valid.decode()).map(lambda value: json.dumps(value).encode())
    record.write_bytes(data.draw(other | broken.damaged(valid)))
    assert _told(at, "build", "--format", "html") == 0
    assert page.read_bytes() == before
