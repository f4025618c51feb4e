"""The one style of all figures: the page's face, sizes in points at final width, colours."""

from __future__ import annotations

import itertools
from functools import cache
from typing import Any

from reporter import fonts

SIZE = 8.0  # points, of titles of axes: the page's small text
SMALL = 7.5  # of ticks, legends and labels
LINE_MM = 3.2  # from line to line of SMALL
LINE_PT, SAMPLE_PT = 1.1, 16.5  # how wide a curve is, and how long a piece of it in a legend
INK = "#222222"
MM_PER_POINT = 25.4 / 72
# Lightness goes up and down between neighbours, so that grey paper tells them apart, and all have
# a contrast of 3 to white at least; colour-blind readers tell any two (both are tested).
PALETTE = ("#0060a0", "#d97700", "#111111", "#1f9fd8", "#8a1c4a", "#c873a8")
RAMP, RAMP_END = "plasma", 0.64  # for rates, which have an order; its light end is left out
DASHES = ("-", "--", "-.", ":")  # beside colour


def settings() -> dict[Any, Any]:
    """Return matplotlib's settings; the faces are made known to it."""
    _add_faces()
    return {
        "font.family": fonts.SANS,
        "font.size": SIZE,
        "axes.titlesize": SIZE,
        "axes.labelsize": SIZE,
        "xtick.labelsize": SMALL,
        "ytick.labelsize": SMALL,
        "legend.fontsize": SMALL,
        "legend.title_fontsize": SMALL,
        "legend.frameon": False,
        "text.color": INK,
        "axes.labelcolor": INK,
        "axes.edgecolor": INK,
        "xtick.color": INK,
        "ytick.color": INK,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.linewidth": 0.6,
        "xtick.major.width": 0.6,
        "ytick.major.width": 0.6,
        "xtick.major.size": 2.5,
        "ytick.major.size": 2.5,
        "axes.unicode_minus": True,
        "svg.hashsalt": "reporter",
    }


def lines(count: int, *, is_ordered: bool = False) -> list[dict[str, Any]]:
    """Return colour and dashes of so many curves; ordered ones have the colours of one ramp."""
    import matplotlib as mpl

    colours: list[Any] = [PALETTE[index % len(PALETTE)] for index in range(count)]
    if is_ordered:  # dark to light
        steps = [RAMP_END * index / max(1, count - 1) for index in range(count)]
        colours = [mpl.colors.to_hex(mpl.colormaps[RAMP](step)) for step in steps]
    return [
        {"color": colour, "linestyle": DASHES[index % len(DASHES)]}
        for index, colour in enumerate(colours)
    ]


def sample(look: dict[str, Any]) -> bytes:
    """Return a piece of such a curve as SVG, SAMPLE_PT wide and 3 points high."""
    import matplotlib as mpl

    pattern = {
        "--": mpl.rcParams["lines.dashed_pattern"],
        "-.": mpl.rcParams["lines.dashdot_pattern"],
        ":": mpl.rcParams["lines.dotted_pattern"],
    }.get(look["linestyle"], ())
    dashes = " ".join(f"{LINE_PT * part:g}" for part in pattern) or "none"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SAMPLE_PT:g} 3">'
        f'<path d="M0 1.5H{SAMPLE_PT:g}" stroke="{look["color"]}" stroke-width="{LINE_PT:g}" '
        f'stroke-dasharray="{dashes}"/></svg>'
    ).encode()


@cache
def text_mm(text: str, points: float = SMALL) -> float:
    """Return the width of a text's widest line on paper."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextPath

    _add_faces()
    face = FontProperties(family=fonts.SANS)
    extents = [TextPath((0, 0), line, size=points, prop=face) for line in text.split("\n")]
    return max(float(one.get_extents().x1) if len(one.vertices) else 0.0 for one in extents) * (
        MM_PER_POINT
    )


def wrapped(text: str, width_mm: float, points: float = SMALL) -> str:
    """Break a text into lines of that width, between words where that is possible."""
    found = [""]
    for word in text.split():
        joined = f"{found[-1]} {word}".strip()
        if text_mm(joined, points) <= width_mm:
            found[-1] = joined
            continue
        found += [""] if found[-1] else []
        for letter in word:
            if found[-1] and text_mm(found[-1] + letter, points) > width_mm:
                found.append("")
            found[-1] += letter
    return "\n".join(found)


def thin_ticks(figure: Any, axes: Any) -> None:
    """Take fewer ticks where their labels would touch."""
    for axis, side in ((axes.xaxis, "x"), (axes.yaxis, "y")):
        if axis.get_scale() != "linear":
            continue
        for count in (8, 6, 5, 4, 3, 2, 1):
            figure.draw_without_rendering()
            if not _touch(axis):
                break
            axes.locator_params(axis=side, nbins=count)


def _touch(axis: Any) -> bool:
    """Tell whether two neighbouring tick labels of an axis touch."""
    low, high = sorted(axis.get_view_interval())
    boxes = [
        tick.label1.get_window_extent().padded(1.0)
        for tick in axis.get_major_ticks()
        if low <= tick.get_loc() <= high
    ]
    return any(one.overlaps(other) for one, other in itertools.pairwise(boxes))


@cache
def _add_faces() -> None:
    """Tell matplotlib of the page's faces, once."""
    from matplotlib import font_manager

    for _, _, _, package, file in fonts.FACES:
        font_manager.fontManager.addfont(str(fonts.path(package, file)))
