"""Stages of a network → blocks in a row, in the manner of the figures in papers on networks."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from reporter.drawing import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from reporter.artifacts import Stage, Stages

HEIGHT_MM = 52.0
FACE_MM = 24.0  # height of the largest block's face
LEAST_MM = 3.0  # of any length, so that a 1×1 map is still seen
POOLING_MM = 3.4  # slot of a pooling, which has no label of its own
ENTRY_MM = 30.0  # of the legend
SLANT = 0.28  # how far the third dimension leans, as a share of the face's height
COLOURS = {"input": "#f2f2f2", "convolution": "#9ecae1", "pooling": "#cf6f3e", "linear": "#cdeacb"}
SIZES = (style.SMALL, 7.0, 6.5, 6.0)  # points of the labels; the first that fits
NAMES = {"convolution": "convolution", "pooling": "pooling", "linear": "fully connected"}


def size_text(shape: tuple[int, ...]) -> str:
    """Return a shape as papers write it: height × width × channels, or a number of values."""
    return "×".join(map(str, (*shape[1:], shape[0])))


def fill(axes: Axes, network: Stages, width_mm: float) -> None:
    """Draw the blocks into axes whose units become millimetres."""
    from matplotlib.patches import Patch

    stages = network.stages
    poolings = sum(stage.role == "pooling" for stage in stages)
    slot = (width_mm - poolings * POOLING_MM) / max(1, len(stages) - poolings)
    sides = [stage.shape[-1] for stage in stages if len(stage.shape) > 1]
    text: Any = {"ha": "center", "fontsize": _size(stages, slot), "linespacing": 1.15}
    left, middle, reach = 0.0, 0.56 * HEIGHT_MM, FACE_MM * (1 + SLANT) / 2 + 1.5
    for stage in stages:
        own = POOLING_MM if stage.role == "pooling" else slot
        height = face_mm(stage, max(sides, default=1))
        _block(axes, stage, (left + own / 2, middle), (thickness_mm(stage, own), height))
        if stage.role != "pooling":
            axes.text(left + own / 2, middle - reach, _below(stage), va="top", **text)
            axes.text(left + own / 2, middle + reach, stage.label, va="bottom", **text)
        left += own
    kinds = dict.fromkeys(stage.role for stage in stages if stage.role in NAMES)
    handles = [Patch(facecolor=COLOURS[k], edgecolor="#444444", label=NAMES[k]) for k in kinds]
    legend: Any = {
        "loc": "upper center",
        "ncols": min(len(handles), max(1, int(width_mm / ENTRY_MM))),
        "frameon": False,
        "handlelength": 1.2,
    }
    axes.legend(handles=handles, bbox_to_anchor=(0.5, 0.05), **legend)
    axes.set_xlim(0, width_mm)
    axes.set_ylim(-2, HEIGHT_MM + 2)
    axes.set_aspect("equal")
    axes.axis("off")


def _below(stage: Stage) -> str:
    """Return a stage's shape in two lines."""
    maps, _, channels = size_text(stage.shape).rpartition("×")
    return f"{maps}\n×{channels}" if maps else channels


def _size(stages: tuple[Stage, ...], slot: float) -> float:
    """Return the size at which all labels stand side by side."""
    labels = [text for s in stages if s.role != "pooling" for text in (s.label, _below(s))]
    for size in SIZES:
        if all(style.text_mm(label, size) < slot - 0.5 for label in labels):
            return size
    return SIZES[-1]


def face_mm(stage: Stage, largest: int) -> float:
    """Return the height of a block: a square root of its maps' side, a logarithm of its values."""
    if len(stage.shape) > 1:
        return max(LEAST_MM, FACE_MM * math.sqrt(stage.shape[-1] / largest))
    return max(LEAST_MM, FACE_MM * math.log2(1 + stage.shape[0]) / 13)


def thickness_mm(stage: Stage, slot: float) -> float:
    """Return the width of a block: a logarithm of its channels, thin for a pooling."""
    if stage.role == "pooling" or len(stage.shape) == 1:
        return min(1.4, slot / 3)
    return min(slot / 2, 0.6 * math.log2(1 + stage.shape[0]))


def _block(
    axes: Axes, stage: Stage, centre: tuple[float, float], size: tuple[float, float]
) -> None:
    """Draw a box: its side towards the reader, its top and its right side leaning away."""
    from matplotlib.patches import Polygon

    width, height = size
    lean = SLANT * height if len(stage.shape) > 1 else 0.0
    x, y = centre[0] - width / 2 - lean / 2, centre[1] - height / 2 - lean / 2
    front = [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
    away = [(a + lean, b + lean) for a, b in front]
    faces = {1.0: front, 0.8: [front[3], front[2], away[2], away[3]]}
    faces[0.6] = [front[1], away[1], away[2], front[2]]
    for shade, corners in faces.items():
        colour = [shade * part for part in _rgb(COLOURS[stage.role])]
        axes.add_patch(Polygon(corners, facecolor=colour, edgecolor="#444444", linewidth=0.4))


def _rgb(colour: str) -> tuple[float, ...]:
    from matplotlib.colors import to_rgb

    return to_rgb(colour)
