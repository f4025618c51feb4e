"""A template of a foreign report ends soon, reads nothing and reaches nothing."""

import contextlib
import sys

import pytest

from reporter.errors import ReportError
from reporter.prose.questions import read_questions
from tests.composing import compose, html_of

ENDLESS = "the templates go on without end; shorten loops and macros"
DEEP = "template syntax: too much stands within each other; take some brackets or blocks away"
TWICE = "{% macro d(x) %}{{ x }}{{ x }}{% endmacro %}"
TWO_TREES = "{% set x = [1] %}{% set y = [1] %}" + "{% set x = [x, x] %}{% set y = [y, y] %}" * 40
ATTACKS = {
    # what it reads
    "include": ("{% include '/etc/passwd' %}", "template syntax: templates read no files"),
    "include above": ("{% include '../x.md' %}", "template syntax: templates read no files"),
    "import": ("{% import 'page.html.j2' as x %}", "template syntax: templates read no files"),
    "from import": ("{% from 'x' import y %}", "template syntax: templates read no files"),
    "extends": ("{% extends 'page.html.j2' %}", "template syntax: templates read no files"),
    # what it reaches
    "classes": ("{{ ''.__class__.__mro__ }}", "access to attribute '__class__'"),
    "classes by filter": ("{{ ''|attr('__class__') }}", "template syntax: No filter named 'attr'"),
    "classes by map": (
        "{{ ['']|map(attribute='__class__')|list|first }}",
        "access to attribute '__class__'",
    ),
    "format": ("{{ '{0.desk}'.format(runs) }}", "access to attribute 'format'"),
    "globals": ("{{ figure.__func__.__globals__ }}", "access to attribute '__func__'"),
    "types": ("{{ zip.mro() }}", "access to attribute 'mro'"),
    "changes": ("{{ [].append(1) }}", "access to attribute 'append'"),
    # what fills the memory
    "padding": ("{{ 'a'.ljust(10**9) }}", "access to attribute 'ljust'"),
    "padding by filter": ("{{ 'a'|center(10**9) }}", "template syntax: No filter named 'center'"),
    "padding by format": ("{{ '%999999999d' % 1 }}", "% fills in no text here"),
    "times": ("{{ ('a' * 10**9)|length }}", "* makes more than 10,000 letters"),
    "list times": ("{{ ([1] * 10**9)|length }}", "* makes more than 10,000 letters"),
    "power": ("{{ 9 ** 9 ** 9 }}", "** makes too large a number"),
    "powers": ("{% set x = 10**10 %}" + "{% set x = x * x %}" * 40, "* makes too large"),
    "range": ("{{ range(10**9)|list }}", "Range too big"),
    "joined": ("{% set x = 'a' %}" + "{% set x = x ~ x %}" * 40, ENDLESS),
    "added": ("{% set x = 'a' %}" + "{% set x = x + x %}" * 40, "+ makes more than"),
    "joined by filter": (
        "{% set x = 'a' * 10**4 %}{{ range(99999)|join(x)|length }}",
        ENDLESS,
    ),
    "macros of macros": (TWICE + "{{ " + "d(" * 40 + "'a'" + ")" * 40 + " }}", ENDLESS),
    "blocks": (
        "{% set x = 'a' %}" + "{% set x %}{{ x }}{{ x }}{% endset %}" * 40,
        ENDLESS,
    ),
    "text in loops": (
        "{% set x %}{% for a in range(99999) %}" + "a" * 10_000 + "{% endfor %}{% endset %}",
        ENDLESS,
    ),
    "many lists": ("{{ [" + "range(99999)|list, " * 200 + "]|length }}", ENDLESS),
    "many texts": ("{{ [" + "'a' * 9999, " * 2000 + "]|length }}", ENDLESS),
    "rounding": ("{{ 5|round(-10**9) }}", "round knows 15 digits at most"),
    "slices": ("{% set r = range(99999)|list %}{{ [" + "r[:], " * 200 + "]|length }}", ENDLESS),
    "lists of a text": ("{% set t = 'a' * 9999 %}{{ [" + "t.split('a'), " * 2000 + "] }}", ENDLESS),
    # what looks at the same again and again: two lists, each of twice the one before
    "equal": (TWO_TREES + "{{ x == y }}", ENDLESS),
    "less": (TWO_TREES + "{{ 1 if x <= y else 2 }}", ENDLESS),
    "held": (TWO_TREES + "{% if x in [y] %}a{% endif %}", ENDLESS),
    "claimed": (TWO_TREES + "{% claim x == y %}a{% endclaim %}", ENDLESS),
    "tested": (TWO_TREES + "{{ x is eq(y) }}", ENDLESS),
    "selected": (TWO_TREES + "{{ [x]|select('eq', y)|list|length }}", ENDLESS),
    "counted": (TWO_TREES + "{{ [x].count(y) }}", ENDLESS),
    "sorted": (TWO_TREES + "{{ [x, y]|sort|length }}", ENDLESS),
    "written": (TWO_TREES + "{{ x ~ 1 }}", ENDLESS),
    "written by filter": (TWO_TREES + "{{ x|upper }}", ENDLESS),
    "hashed": (TWO_TREES.replace("[", "(").replace("]", ")") + "{{ {x: 1}|length }}", ENDLESS),
    "looked up": (TWO_TREES.replace("[", "(").replace("]", ")") + "{{ {}[x] }}", ENDLESS),
    # what never ends
    "loops": (
        "{% set r = range(99999) %}{% for a in r %}{% for b in r %}{% endfor %}{% endfor %}",
        ENDLESS,
    ),
    "loops that call themselves": (
        "{% for a in [1] recursive %}{{ loop([1, 1]) }}{% endfor %}",
        "",
    ),
    "macro": ("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", ""),
    "macro twice": (
        "{% macro f(n) %}{% if n %}{{ f(n-1) }}{{ f(n-1) }}{% endif %}{% endmacro %}{{ f(60) }}",
        ENDLESS,
    ),
    "block": ("{% block a %}{{ self.a() }}{% endblock %}", ""),
    "brackets": ("{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}", DEEP),
    "nested loops": ("{% for a in [1] %}" * 60 + "x" + "{% endfor %}" * 60, DEEP),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_one_line_with_its_place(tmp_path, name):
    """Soon, and in the file that holds it."""
    text, told = ATTACKS[name]
    with pytest.raises(ReportError) as caught:
        compose(tmp_path, text)
    assert str(caught.value).startswith(f"{tmp_path}/sections/01-results.md:")
    line, _, said = (
        str(caught.value).removeprefix(f"{tmp_path}/sections/01-results.md:").partition(": ")
    )
    assert line.isdigit()
    assert said.startswith(told)
    assert "\n" not in said


def test_the_budget_is_that_of_the_whole_report(tmp_path):
    """Nobody gets around it by several sections."""
    text = "{% for a in range(90000) %}{% endfor %}"
    sections = {f"{n:02}-s.md": f"# S\n\n{text}\n" for n in range(1, 3)}
    compose(tmp_path / "two", dict(zip(["01-a.md", "02-b.md"], sections.values(), strict=True)))
    many = {f"{n:02}-s{n}.md": f"# S\n\n{text}\n" for n in range(1, 14)}
    with pytest.raises(ReportError, match=ENDLESS):
        compose(tmp_path / "many", many)


def test_what_reports_do_is_not_hindered(tmp_path):
    """Loops, macros, joined texts, small sums, and what Python and Jinja have for lists."""
    text = (
        "{% macro twice(x) %}{{ x ~ x }}{% endmacro %}"
        "{% for a in ['b', 'a'] | sort %}{{ loop.index }}{{ twice(a) }}{% if not loop.last %}, "
        "{% endif %}{% endfor %}; {{ ['x', 'y'] | join('/') }}; {{ 'Abc'.lower() ~ 2 ** 3 }}; "
        "{{ (7 + 5) // 2 }}; {{ {'k': 'v'}.items() | map('last') | first }}"
    )
    assert "1aa, 2bb; x/y; abc8; 6; v" in html_of(compose(tmp_path, text))


@pytest.mark.parametrize(
    "text",
    [
        r"{{ '\ue0000\ue001' }}",
        r"{{ '\ue0001000000000000000\ue001' }}",
        r"{% set x %}{{ '\ue0000\ue001' }}{% endset %}{{ figure('one.loss', caption=x) }}",
        r"{{ '\ue0000\ue001' ~ figure('one.loss', caption='\ue0001\ue001') }}",
    ],
)
def test_marks_that_an_author_writes_stand_for_nothing(tmp_path, text):
    """Neither for the piece of another, which could hold itself without end, nor for none."""
    composed = compose(tmp_path, text)
    assert html_of(composed).count("<figure") == text.count("figure(")


NESTED = "too much stands within each other in a formula; set it in parts"
SLOW = "Markdown reads more than 1,000,000 signs by here; shorten the report, or take away what"
BOMB = "".join(f"@string{{x{n + 1} = {' # '.join([f'x{n}'] * 10)}}}" for n in range(20))


@pytest.mark.parametrize(
    ("text", "files", "told"),
    [
        (
            "[@a]",
            {"references": f'@string{{x0 = "ab"}}{BOMB}@book{{a, title = x20}}'},
            "@string x5",
        ),
        ("$" + "x+" * 9999 + "$", {}, "md:3: a formula has 19998 signs, 2000 are the most"),
        ("a\n\n$$" + r"\frac{" * 30 + "a" + "}{b}" * 30 + "$$", {}, f"md:5: {NESTED}"),
        ("a\n\n$$" + r"\left(" * 30 + "a" + r"\right)" * 30 + "$$", {}, f"md:5: {NESTED}"),
        ("a\n\n$" + "x^{" * 30 + "a" + "}" * 30 + "$", {}, f"md:5: {NESTED}"),
        ("a\n\n" + "^[" * 20_000, {}, f"md:5: {SLOW}"),
        ("a\n\n" + "^[" * 15 + "a" * 99_999 + "]" * 15, {}, f"md:5: {SLOW}"),
        (f"[a]: {'b' * 9999}\n\n" + "[a]\n" * 999, {}, f"md:5: {SLOW}"),
        ("|a" * 500 + "|\n" + "|-" * 500 + "|\n" + "|b|\n" * 500, {}, f"md:[0-9]+: {SLOW}"),
        ("a\n\n" + "b " * 600_000, {}, f"md:5: {SLOW}"),
    ],
)
def test_what_would_take_for_ever_is_told(tmp_path, text, files, told):
    """Abbreviations of abbreviations, formulas of many pages, notes within notes."""
    with pytest.raises(ReportError, match=told):
        compose(tmp_path, text, **files)


@pytest.mark.parametrize(
    "pattern",
    [
        "$$a\n",
        "$$a\n\n",
        "> $$a\n\n",
        "- $$a\n",
        "$$a (b)\n",
        "[a](",
        "*a_ ",
        '"',
        "- a\n",
    ],
)
def test_markdown_twice_as_long_takes_twice_the_work(tmp_path, pattern):
    """Counted in calls: no line looks for the end of what has none."""

    def calls(length):
        counted = 0

        def count(_frame, event, _argument):
            nonlocal counted
            counted += "call" in event

        report = {"01-a.md": "# A\n\n" + pattern * (length // len(pattern))}
        with contextlib.suppress(ReportError):
            sys.setprofile(count)
            compose(tmp_path / str(length), report)
        sys.setprofile(None)
        return counted

    base = calls(0)
    assert calls(2000) - base < 3 * (calls(1000) - base)  # the square would be four times


def test_comments_and_ticks_without_end_are_text(tmp_path):
    """However many there are: each is looked at once."""
    text = "## q-a\n\nWhy?\n\n### Answer\n\n" + "<!--" * 50_000 + "`" * 50_000 + "\n"
    (tmp_path / "questions.md").write_text(text)
    assert read_questions(tmp_path)["q-a"].is_answered


def test_the_id_of_a_heading_can_hold_no_html(tmp_path):
    """However it got there."""
    text = '## More {{ "\\ue010\\"><script>alert(1)</script>\\ue011" }}\n'
    assert "<script" not in html_of(compose(tmp_path, text))
