"""Turn a style name and a seed into a small procedural painting.

Ten styles borrow the visible rules of ten ways to paint: how marks are laid, not what they show and
not which colours they use. The palette of a picture is drawn before its style is looked at, and the
mean and the contrast of its colours are set at the end from the same draw, so that colour alone
says next to nothing about the style. Shapes: H height, W width, K palette colours.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from reporter.datasets.formulas import (
    OVERSAMPLING,
    Bytes,
    Floats,
    Rng,
    Tone,
    draw_palette,
    finish,
    generator,
    ink,
    smooth_noise,
    to_floats,
    to_image,
    turned_plane,
)


@dataclass(frozen=True, kw_only=True)
class Difficulty:
    """Say how far the pictures of one level stray from the plain form of their style."""

    scale: float  # marks are up to this factor larger or smaller
    rotation_deg: float  # the picture plane turns by up to this angle either way
    mix_probability: float  # share of the pictures that borrow from a second style
    mix_share: tuple[float, float]  # lowest and highest weight, or area, of the borrowed style
    tone: Tone


LEVELS = tuple(
    Difficulty(scale=scale, rotation_deg=turn, mix_probability=mix, mix_share=share, tone=tone)
    for scale, turn, mix, share, tone in (
        (1.15, 5, 0.0, (0.0, 0.0), Tone(noise=0.02, contrast=0.9, blur_px=0.0)),
        (1.5, 25, 0.5, (0.1, 0.3), Tone(noise=0.05, contrast=0.6, blur_px=0.5)),
        (1.9, 45, 0.8, (0.1, 0.42), Tone(noise=0.09, contrast=0.4, blur_px=0.8)),
        (2.2, 180, 1.0, (0.1, 0.47), Tone(noise=0.14, contrast=0.3, blur_px=1.1)),
    )
)


@dataclass(frozen=True, kw_only=True)
class Easel:
    """Hold what a painter works with: chance, canvas side, palette, and the picture plane."""

    rng: Rng
    side: int
    palette: Floats
    scale: float
    angle: float

    def pixels(self, points: Floats) -> Floats:
        """Map points of the turned plane, (..., 2), to canvas pixels, x before y."""
        return (_turned(points, self.angle) + 1) * self.side / 2

    def blank(self, colour: Floats) -> tuple[Image.Image, ImageDraw.ImageDraw]:
        """Return a canvas of one colour and the pen that draws on it."""
        canvas = Image.new("RGB", (self.side, self.side), ink(colour))
        return canvas, ImageDraw.Draw(canvas)

    def colour(self) -> Floats:
        """Return any of the palette's colours."""
        return np.asarray(self.rng.choice(self.palette))

    def ink_and_paper(self) -> tuple[Floats, Floats]:
        """Return the darkest and the lightest colour, in either order."""
        first, last = self.rng.permutation(self.palette.mean(axis=1).argsort()[[0, -1]])
        return self.palette[first], self.palette[last]


def scene(easel: Easel) -> Floats:
    """Return the soft coloured patches that seven of the styles render: (H, W, 3)."""
    cells = int(easel.rng.integers(4, 7))
    shares = [smooth_noise(easel.rng, easel.side, cells) for _ in easel.palette]
    weights = np.exp(4 * np.stack(shares))  # (K, H, W): sums over whole planes are the fast ones
    weights /= weights.sum(axis=0)
    patches = weights.reshape(len(weights), -1).T @ easel.palette
    return np.asarray(patches.reshape(easel.side, easel.side, 3))


def _grid(easel: Easel) -> Floats:
    """Planes between straight bars, as in neo-plasticism."""
    rng, cells = easel.rng, [np.array([(-1.5, -1.5), (1.5, 1.5)])]
    for _ in range(int(rng.integers(14, 22) / easel.scale)):
        cells.sort(key=lambda cell: float(np.prod(cell[1] - cell[0])))
        before = cells.pop()
        after, axis = before.copy(), int(np.argmax(before[1] - before[0]))
        cut = before[0, axis] + rng.uniform(0.28, 0.72) * (before[1, axis] - before[0, axis])
        before[1, axis] = after[0, axis] = cut
        cells += [before, after]
    bar, ground = easel.ink_and_paper()
    canvas, pen = easel.blank(ground)
    for cell in cells:
        corners = cell[[[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]], [0, 1]]
        outline = easel.pixels(corners).ravel().tolist()
        pen.polygon(outline, fill=ink(easel.colour() if rng.random() < 0.55 else ground))
        pen.line(outline, fill=ink(bar), width=max(2, round(easel.side * 0.026 * easel.scale)))
    return to_floats(canvas)


def _points(easel: Easel) -> Floats:
    """Round touches of nearly pure colour, as in pointillism."""
    radius = easel.side * 0.022 * easel.scale
    (canvas, pen), places = easel.blank(easel.colour()), _scattered(easel, 1.6 * radius)
    sizes = radius * easel.rng.uniform(0.75, 1.15, (len(places), 1))
    boxes = np.hstack([places - sizes, places + sizes]).tolist()
    inks = _inks(_read(scene(easel), places), easel.rng, 0.04, 0.07)
    for box, fill in zip(boxes, inks, strict=True):
        pen.ellipse(box, fill=fill)
    return to_floats(canvas)


def _opart(easel: Easel) -> Floats:
    """Hard bands or checks of two colours that bulge, as in op art."""
    rng, (u, v) = easel.rng, turned_plane(easel.side, easel.angle)
    centre_u, centre_v = rng.uniform(-0.5, 0.5, 2)
    distance = np.hypot(u - centre_u, v - centre_v)
    swell = rng.uniform(0.3, 0.7) * np.exp(-3 * distance**2)
    frequency = rng.uniform(4.5, 7) * math.pi / easel.scale
    wave = (
        np.sin(frequency * (u + 0.25 * np.sin(rng.uniform(2, 4) * v + rng.uniform(0, 6)))),
        np.sin(frequency * 1.2 * distance + 3 * swell),
        np.sin(frequency * (u + (v - centre_v) * swell) + 5 * swell),
        np.sin(frequency * u * (1 - swell)) * np.sin(frequency * v * (1 - swell)),
    )[rng.integers(4)]
    (front, back), view = easel.ink_and_paper(), 0.35 * scene(easel)
    return _blend(0.65 * back + view, 0.65 * front + view, _step(wave, 0.12))


def _suprem(easel: Easel) -> Floats:
    """Flat tilted shapes that float on a plain ground, as in suprematism."""
    rng, (_, ground) = easel.rng, easel.ink_and_paper()
    (canvas, pen), tilt = easel.blank(ground), rng.uniform(0.3, 1.2)
    for _ in range(rng.integers(6, 12)):
        sides = rng.choice([3, 4, 4, 4, 4, 4, 32])
        flat, size = (rng.choice([0.12, 0.25, 0.5, 0.9]), 1.0) if sides == 4 else (1.0, 0.5)
        around = np.linspace(0, math.tau, sides, endpoint=False) + math.pi / sides
        shape = np.stack([np.cos(around), flat * np.sin(around)], axis=1)
        size *= rng.uniform(0.25, 0.9) * math.sqrt(easel.scale)
        turn = tilt + rng.choice([0, math.pi / 2]) + rng.normal(0, 0.12)
        outline = easel.pixels(_turned(size * shape, turn) + rng.uniform(-0.75, 0.75, 2))
        pen.polygon(outline.ravel().tolist(), fill=ink(easel.colour()))
    return to_floats(canvas)


def _field(easel: Easel) -> Floats:
    """Two to four large soft blocks, as in colour field painting."""
    rng, (u, v) = easel.rng, turned_plane(easel.side, easel.angle)
    u, v = (part + 0.02 * smooth_noise(rng, easel.side, 24) for part in (u, v))
    order = rng.permutation(easel.palette)
    picture = np.broadcast_to(order[0], (easel.side, easel.side, 3))
    count = int(rng.integers(2, 5))
    edges = np.cumsum([0, *rng.uniform(0.6, 1.6, count)])
    edges = -0.95 + 1.9 * edges / edges[-1]
    for index in range(count):
        half, gap = rng.uniform(0.7, 0.92), rng.uniform(0.03, 0.09) * easel.scale
        across = _step(half - np.abs(u), 0.07)
        along = _step(v - edges[index] - gap, 0.07) * _step(edges[index + 1] - gap - v, 0.07)
        picture = _blend(picture, order[1 + index], 0.95 * across * along)
    wash = smooth_noise(rng, easel.side, 9) * 0.03 + smooth_noise(rng, easel.side, 40) * 0.025
    return np.asarray(picture + wash[..., None], dtype=np.float32)


def _drips(easel: Easel) -> Floats:
    """Thrown threads and blots of paint, as in action painting."""
    rng = easel.rng
    canvas, side = to_image(0.45 * scene(easel) + 0.55 * easel.colour()), easel.side
    pen = ImageDraw.Draw(canvas)
    for _ in range(rng.integers(26, 40)):
        turns = rng.normal(0, 0.16, 44).cumsum() * rng.uniform(0.4, 1.3) + rng.uniform(0, math.tau)
        steps = np.stack([np.cos(turns), np.sin(turns)], axis=1) * side * 0.022
        path = rng.uniform(-0.1, 1.1, 2) * side + steps.cumsum(axis=0)
        colour, width = ink(easel.colour()), rng.uniform(0.006, 0.018) * side * easel.scale
        pen.line(path.ravel().tolist(), fill=colour, width=max(1, round(width)))
        for x, y in (path[::9] + rng.normal(0, 0.02 * side, (5, 2))).tolist():
            radius = rng.exponential(0.6) * width
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)
    return to_floats(canvas)


def _cubism(easel: Easel) -> Floats:
    """Shaded facets of a broken view, as in analytic cubism."""
    rng, (u, v) = easel.rng, turned_plane(easel.side, easel.angle)
    facets = np.zeros(u.shape, dtype=np.int64)
    shade = np.zeros_like(u)
    for _ in range(max(4, round(8 / math.sqrt(easel.scale)))):
        turn, offset = rng.uniform(0, math.pi), rng.normal(0, 0.45)
        signed = u * math.cos(turn) + v * math.sin(turn) - offset
        facets = facets * 2 + (signed > 0)
        shade += np.exp(-np.abs(signed) * 5) * np.where(signed > 0, 1, -0.7) * rng.choice([-1, 1])
    shift = rng.integers(-easel.side // 3, easel.side // 3, (2, facets.max() + 1))
    rows, columns = np.indices(facets.shape)
    rows, columns = (rows + shift[0][facets]) % len(u), (columns + shift[1][facets]) % len(u)
    view = scene(easel)[rows, columns]
    tint = rng.normal(0, 0.09, facets.max() + 1)[facets] + 0.16 * shade
    return np.asarray(view + tint[..., None], dtype=np.float32)


def _hatch(easel: Easel) -> Floats:
    """Crossed lines that carry the tone, as in engraving."""
    rng, (u, v), view = easel.rng, turned_plane(easel.side, easel.angle), scene(easel)
    tone = smooth_noise(rng, easel.side, 4) * 0.5
    line, paper = easel.ink_and_paper()
    picture = 0.3 * view + 0.7 * paper
    frequency, base = rng.uniform(11, 15) * math.pi / easel.scale, rng.uniform(0, math.pi)
    for layer, turn in enumerate((0.0, 0.9, 2.1)):
        direction = base + turn + rng.normal(0, 0.1)
        along = u * math.cos(direction) + v * math.sin(direction)
        wave = np.sin(frequency * along + 1.2 * smooth_noise(rng, easel.side, 4))
        cover = _step(wave - 0.15 + tone - 0.5 * layer, 0.3)
        picture = _blend(picture, 0.8 * line + 0.2 * view, 0.9 * cover)
    return picture


def _mosaic(easel: Easel) -> Floats:
    """Angular stones of one colour each with grout between, as in mosaic."""
    rng, view, pitch = easel.rng, scene(easel), 0.15 * easel.scale
    canvas, pen = easel.blank(easel.ink_and_paper()[0])
    knots = np.stack(np.meshgrid(*[np.arange(-1.6, 1.6 + pitch, pitch)] * 2), axis=-1)
    knots += pitch * rng.uniform(-0.3, 0.3, knots.shape)
    stones = np.stack([knots[:-1, :-1], knots[:-1, 1:], knots[1:, 1:], knots[1:, :-1]], axis=2)
    middles = stones.mean(axis=2, keepdims=True)
    outlines = easel.pixels(middles + 0.84 * (stones - middles)).reshape(-1, 4, 2)
    inks = _inks(_read(view, outlines.mean(axis=1)), rng, 0, 0.08)
    for outline, fill in zip(outlines.reshape(-1, 8).tolist(), inks, strict=True):
        pen.polygon(outline, fill=fill)
    return to_floats(canvas)


def _strokes(easel: Easel) -> Floats:
    """Short loaded brush strokes that follow a flow, as in impressionism."""
    rng, view, width = easel.rng, scene(easel), easel.side * 0.026 * easel.scale
    flow = 1.8 * smooth_noise(rng, easel.side, 4) + rng.uniform(0, math.tau)
    canvas = to_image(view)
    pen, places = ImageDraw.Draw(canvas), _scattered(easel, 2 * width)
    turns = _read(flow, places) + rng.normal(0, 0.12, len(places))
    along = width * np.stack([np.cos(turns), np.sin(turns)], axis=1)
    colours = _read(view, places) + rng.normal(0, 0.1, (len(places), 1))
    for lane in (-0.45, 0.05, 0.5):  # three hairs of one brush
        inks = _inks(colours, rng, 0.05, 0.05)
        middles = places + lane * along[:, ::-1] * (-1, 1)
        reaches = rng.uniform(1.1, 2.8, (len(places), 1)) * along
        hairs = np.hstack([middles - reaches, middles + reaches]).tolist()
        for hair, fill in zip(hairs, inks, strict=True):
            pen.line(hair, fill=fill, width=max(2, round(0.55 * width)))
    return to_floats(canvas)


def _scattered(easel: Easel, pitch: float) -> Floats:
    """Return (n, 2) canvas places on a jittered lattice, x before y, in a random order."""
    places = np.mgrid[0 : easel.side : pitch, 0 : easel.side : pitch].reshape(2, -1).T
    return easel.rng.permutation(places + easel.rng.uniform(0, pitch, places.shape))


def _read(view: Floats, places: Floats) -> Floats:
    """Return what a view, (H, W, ...), shows at places, or on its border next to them: (n, ...)."""
    columns, rows = np.clip(places, 0, len(view) - 1).astype(np.int64).T
    return np.asarray(view[rows, columns])


def _inks(colours: Floats, rng: Rng, apart: float, together: float) -> list[tuple[int, ...]]:
    """Vary (n, 3) colours by channel and as a whole, with these standard deviations."""
    colours = colours + rng.normal(0, apart, colours.shape)
    colours = colours + rng.normal(0, together, (len(colours), 1))
    return [tuple(colour) for colour in (np.clip(colours, 0, 1) * 255).astype(int).tolist()]


def _turned(points: Floats, angle: float) -> Floats:
    """Turn (n, 2) points about the origin."""
    cosine, sine = math.cos(angle), math.sin(angle)
    return np.asarray(points @ np.array([(cosine, sine), (-sine, cosine)]))


def _step(x: Floats, softness: float) -> Floats:
    """Return 0 below zero and 1 above, with a ramp as wide as `softness`."""
    return np.asarray(np.clip(x / np.float32(softness) + np.float32(0.5), 0, 1))


def _blend(below: Floats, above: Floats, cover: Floats) -> Floats:
    """Lay `above` over `below` where `cover` is 1."""
    return np.asarray(below + (above - below) * cover[..., None], dtype=np.float32)


_PAINTERS: dict[str, Callable[[Easel], Floats]] = {
    "grid": _grid, "points": _points, "opart": _opart, "suprem": _suprem, "field": _field,
    "drips": _drips, "cubism": _cubism, "hatch": _hatch, "mosaic": _mosaic, "strokes": _strokes,
}  # fmt: skip
STYLES: tuple[str, ...] = tuple(_PAINTERS)
"""Names of the ten styles, in the order of their class numbers."""


def _render(style: str, rng: Rng, palette: Floats, side: int, knobs: Difficulty) -> Floats:
    """Paint one style at a random scale and angle: (side, side, 3)."""
    reach, tilt = math.log(knobs.scale), math.radians(knobs.rotation_deg)
    scale, angle = math.exp(rng.uniform(-reach, reach)), rng.uniform(-tilt, tilt)
    return _PAINTERS[style](Easel(rng=rng, side=side, palette=palette, scale=scale, angle=angle))


def _borrow(picture: Floats, style: str, rng: Rng, palette: Floats, knobs: Difficulty) -> Floats:
    """Mix a second style in: as a glaze over all of the picture, or as a passage of it."""
    other = STYLES[(STYLES.index(style) + int(rng.integers(1, len(STYLES)))) % len(STYLES)]
    share, side = rng.uniform(*knobs.mix_share), len(picture)
    second = _render(other, rng, palette if rng.random() < 0.5 else draw_palette(rng), side, knobs)
    if rng.random() < 0.5:
        return _blend(picture, second, np.full((side, side), share, dtype=np.float32))
    region = smooth_noise(rng, side, 3)
    return _blend(picture, second, _step(region - np.quantile(region, 1 - share), 0.2))


def paint(style: str, *, seed: int, size: int = 96, level: int = 1) -> Bytes:
    """Paint one picture; the same four arguments always give the same bytes.

    The ten rules are our own shorthand for what anyone can see in ten movements.

    Args:
        style: One of `STYLES`.
        seed: Which picture of the style, from 0 upward; it alone sets the palette.
        size: Side in pixels.
        level: Difficulty from 0 (plain) to 3 (mixed, turned, faint), see `LEVELS`.

    Returns:
        (size, size, 3) bytes, red, green, blue.

    Raises:
        ValueError: There is no such style or level.
    """
    for kind, value, choices in (("style", style, STYLES), ("level", level, (0, 1, 2, 3))):
        if value not in choices:
            names = ", ".join(map(str, choices))
            raise ValueError(f"no {kind} is called {value!r}; choose one of {names}")
    knobs, number = LEVELS[level], STYLES.index(style)
    palette = draw_palette(generator(seed, level))
    rng = generator(seed, level, 1 + number)
    picture = _render(style, rng, palette, OVERSAMPLING * size, knobs)
    if rng.random() < knobs.mix_probability:
        picture = _borrow(picture, style, rng, palette, knobs)
    return finish(picture, rng, palette, size=size, tone=knobs.tone)
