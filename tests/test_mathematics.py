"""Formulas as images: environments draw their signs, stand on the baseline, say their TeX."""

import base64
import re
from html import unescape

import pytest

from reporter.prose import mathematics
from reporter.prose.effort import Effort, MarkdownError
from tests.composing import compose, html_of, problems

ENVIRONMENTS = {  # TeX → how many glyphs it has at least
    r"\begin{aligned} a &= b + c \\ d &= e \end{aligned}": 8,
    r"f(x) = \begin{cases} x & \text{if } x > 0 \\ 0 & \text{else} \end{cases}": 16,
    r"\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}": 6,
    r"\begin{bmatrix} a & b \\ c & d \end{bmatrix}": 6,
}


def math(tex, **how):
    """Set a formula, the first of a report."""
    return mathematics.math(tex, Effort(), **how)


def _svg(image):
    return base64.b64decode(re.search(r"base64,([^\"]+)", image)[1]).decode()


def _size(image):
    """Return width and height in em."""
    return tuple(float(number) for number in re.findall(r"(?:width|height):([\d.]+)em", image))


def _lefts(image):
    """Return where the glyphs begin, from left to right."""
    return sorted(float(x) for x in re.findall(r'<use [^>]*?\bx="([-\d.]+)"', _svg(image)))


@pytest.mark.parametrize("tex", ENVIRONMENTS)
def test_an_environment_draws_all_its_signs(tex):
    """In a display, as an image with its TeX as alternative text."""
    image = math(tex)
    assert len(re.findall("<use ", _svg(image))) >= ENVIRONMENTS[tex]
    assert unescape(re.search('alt="([^"]*)"', image)[1]) == tex
    width, height = _size(image)
    assert width > 2
    assert height > 1.5  # two lines


@pytest.mark.parametrize("tex", ENVIRONMENTS)
def test_an_environment_is_numbered_where_it_is_labelled(tmp_path, tex):
    """Over several lines of the source, too."""
    several = tex.replace(r"\\ ", "\\\\\n")
    composed = compose(tmp_path, f"$$\n{several}\n$$ (eq-x)\n\nSee @eq-x.\n\n$$\n{tex}\n$$")
    shown = html_of(composed)
    assert problems(composed) == []
    assert shown.count('class="eqnum">(1)<') == shown.count("eqnum") == 1
    assert shown.count('<div class="equation"') == 2


def test_a_display_stands_between_the_lines_of_a_paragraph(tmp_path):
    """Without empty lines around it, as many write it, and in a list."""
    composed = compose(tmp_path, "So\n$$a$$ (eq-x)\nwith @eq-x.\n\n- one\n  $$\n  b\n  $$\n- two")
    shown = re.sub(r"<img[^>]*>|\n", "", html_of(composed))
    assert problems(composed) == []
    assert '<p>So</p><div class="equation" id="eq-x">' in shown
    assert '<li>one<div class="equation"></div></li><li>two</li>' in shown
    assert shown.count('class="equation"') == 2


def test_aligned_signs_stand_below_each_other():
    """The second line begins where the first one's sign of relation stands."""
    lefts = _lefts(math(r"\begin{aligned} aaaa &= b \\ &= c \end{aligned}"))
    equals = [x for x in lefts if lefts.count(x) > 1]
    assert len(equals) >= 2


def test_columns_of_a_matrix_stand_apart():
    """By about a quad."""
    rows = [rf"\begin{{matrix}} {row} \end{{matrix}}" for row in ("11", "1 & 1")]
    narrow, wide = (_size(math(row))[0] for row in rows)
    assert 0.9 < wide - narrow < 1.5


@pytest.mark.parametrize("before", ["a =", "(", r"\begin{aligned} a &= b \\ &="])
def test_a_sign_stands_close_to_its_number(before):
    """After a relation or a bracket it is no operation between two things."""
    end = r"\end{aligned}" if "begin" in before else ""
    unsigned, signed = (_size(math(f"{before} {number} {end}"))[0] for number in ("11", "-11"))
    operation = _size(math("a - 1"))[0] - _size(math("a 1"))[0]
    assert signed - unsigned < 0.9
    assert operation > 1.2


def test_a_formula_in_a_line_stands_on_the_baseline():
    """What hangs below is lowered; nothing is put around it."""
    assert "vertical-align:0.0000em" in math("1", is_block=False)
    assert re.search(r"vertical-align:-0\.2\d+em", math("y", is_block=False))
    assert _size(math("1", is_block=False))[1] < 0.7


def test_what_is_no_tex_is_told():
    """With the formula and the remedy."""
    with pytest.raises(
        MarkdownError, match=r"the formula '\\frac\{a\}' can't be set; correct its TeX"
    ):
        math(r"\frac{a}")


def test_a_formula_is_drawn_alike_again():
    """The same bytes, not only the same look."""
    first = mathematics._set.__wrapped__(r"\sum_i w_i", is_block=True)
    assert mathematics._set.__wrapped__(r"\sum_i w_i", is_block=True) == first
