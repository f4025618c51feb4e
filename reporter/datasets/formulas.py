"""Turn a class name and a seed into an image that a formula makes, to pre-train a network on.

After H. Kataoka et al., "Pre-training without Natural Images", ACCV 2020, arXiv:2101.08515: a class
is a formula, its images are variations of it, labels cost nothing. That paper takes its classes
from iterated function systems, drawn white on black. Here a class is a band of noise ("texture"),
a random program over coordinates ("shader"), or a law of overlapping shapes ("leaves"), in colours
that say nothing about the class: in our trial, fractals helped paintings much less. The paintings
share the palettes and the finish below. Shapes: H height, W width, K palette colours.
"""

import colorsys
import math
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter

Floats: TypeAlias = npt.NDArray[np.floating]
Bytes: TypeAlias = npt.NDArray[np.uint8]
Rng: TypeAlias = np.random.Generator

OVERSAMPLING = 2  # images are drawn at twice their size, then averaged, for smooth edges
LAWS = 64  # classes of each kind
KINDS = ("texture", "shader", "leaves")
CLASSES: tuple[str, ...] = tuple(f"{kind}-{law:02d}" for kind in KINDS for law in range(LAWS))
"""Names of the 192 classes, in the order of their class numbers."""
HARMONIES = ((0, 30, 60), (0, 180, 30), (0, 120, 240), (0, 150, 210), (0, 90, 180))  # hue, degrees


@dataclass(frozen=True, kw_only=True)
class Tone:
    """Limit what the finish of an image may do to it."""

    noise: float = 0.05  # highest standard deviation of the grain, of a full range of 1
    contrast: float = 0.6  # lowest contrast; the highest is 1
    blur_px: float = 0.5  # highest blur radius, in an image of 96 pixels


def generator(*key: int) -> Rng:
    """Return the random generator that belongs to non-negative whole numbers."""
    return np.random.Generator(np.random.PCG64(key))


def draw_palette(rng: Rng) -> Floats:
    """Draw six colours in a hue harmony, their lightness spread out: (K, 3) in [0, 1]."""
    hue, harmony = rng.random(), HARMONIES[rng.integers(len(HARMONIES))]
    saturation = rng.uniform(0.35, 0.9)
    values = np.linspace(0.12, 0.97, 6) + rng.uniform(-0.06, 0.06, 6)
    colours = [
        colorsys.hsv_to_rgb(
            (hue + harmony[i % 3] / 360 + rng.uniform(-0.03, 0.03)) % 1,
            min(1.0, saturation * rng.uniform(0.6, 1.2)),
            min(1.0, value),
        )
        for i, value in enumerate(values)
    ]
    return rng.permutation(np.array(colours, dtype=np.float32))


def smooth_noise(rng: Rng, side: int, cells: int) -> Floats:
    """Return smooth noise with about `cells` bumps a side: (side, side), standard normal knots."""
    knots = rng.standard_normal((cells, cells), dtype=np.float32)
    return np.asarray(Image.fromarray(knots).resize((side, side), Image.Resampling.BICUBIC))


def turned_plane(side: int, angle: float) -> tuple[Floats, Floats]:
    """Return the turned coordinates of every pixel, two (side, side) arrays within ±1.42."""
    axis = np.linspace(-1, 1, side, dtype=np.float32)
    cosine, sine = np.float32(math.cos(angle)), np.float32(math.sin(angle))
    return (
        cosine * axis[None, :] + sine * axis[:, None],
        cosine * axis[:, None] - sine * axis[None, :],
    )


def to_image(picture: Floats) -> Image.Image:
    """Turn (H, W, 3) in [0, 1] into an RGB image."""
    return Image.fromarray(np.asarray(np.clip(picture, 0, 1) * 255 + 0.5, dtype=np.uint8))


def to_floats(image: Image.Image) -> Floats:
    """Turn an RGB image into (H, W, 3) in [0, 1]."""
    return np.asarray(image, dtype=np.float32) / np.float32(255)


def ink(colour: Floats) -> tuple[int, int, int]:
    """Turn a colour in [0, 1] into the three bytes that Pillow draws with."""
    red, green, blue = (int(255 * min(1.0, max(0.0, part))) for part in colour.tolist())
    return red, green, blue


def finish(picture: Floats, rng: Rng, palette: Floats, *, size: int, tone: Tone) -> Bytes:
    """Set mean colour, contrast, blur and grain by rules that know nothing of the picture's class.

    Args:
        picture: (H, W, 3) in [0, 1], larger than `size`.
        rng: Source of contrast, blur and grain.
        palette: Colours from whose mean the mean colour of the picture follows.
        size: Side of the result in pixels.
        tone: Limits of contrast, blur and grain.

    Returns:
        (size, size, 3) bytes.
    """
    image = to_image(picture).resize((size, size), Image.Resampling.BOX)
    radius = rng.uniform(0, tone.blur_px) * size / 96
    values = to_floats(image.filter(ImageFilter.GaussianBlur(radius)))
    mean = 0.5 * palette.mean(axis=0) + rng.uniform(0.2, 0.38)
    gain = 0.24 * rng.uniform(tone.contrast, 1) / (values.std() + 0.04)
    grain = rng.standard_normal(values.shape, dtype=np.float32) * rng.uniform(0, tone.noise)
    values = mean + (values - values.mean(axis=(0, 1))) * gain + grain
    return np.asarray(np.clip(values * 255 + 0.5, 0, 255), dtype=np.uint8)


def draw(name: str, *, seed: int, size: int = 96) -> Bytes:
    """Draw one image of a class; the same three arguments always give the same bytes.

    Args:
        name: One of `CLASSES`; it fixes the law.
        seed: Which image of the class, from 0 upward.
        size: Side in pixels.

    Returns:
        (size, size, 3) bytes, red, green, blue.

    Raises:
        ValueError: No class has that name.
    """
    if name not in CLASSES:
        message = f"no formula is called {name!r}; choose one of {CLASSES[0]} to {CLASSES[-1]}"
        raise ValueError(message)
    number = CLASSES.index(name)
    law, rng = generator(number, 0), generator(number, 1, seed)
    palette, side = draw_palette(rng), OVERSAMPLING * size
    compose = {"texture": _texture, "shader": _shader, "leaves": _leaves}[name.partition("-")[0]]
    return finish(compose(law, rng, palette, side), rng, palette, size=size, tone=Tone())


def _coloured(field: Floats, law: Rng, rng: Rng, palette: Floats) -> Floats:
    """Map a field to the law's number of colours, with ramps of the law's width between them."""
    tones, hardness = int(law.integers(2, 6)), law.choice([0, 0.55, 0.9])
    low, high = np.quantile(field[::4, ::4], (0.02, 0.98))
    height = np.clip((field - low) / (high - low + 1e-6), 0, 1) * (tones - 1)
    step = np.minimum(height.astype(np.int64), tones - 2)
    part = np.clip((height - step - 0.5) / (1.0 - hardness) + 0.5, 0, 1)[..., None]
    colours = palette[palette.mean(axis=1).argsort()[np.linspace(0, 5, tones).astype(np.int64)]]
    if tones > 2:
        colours = rng.permutation(colours)
    return np.asarray(colours[step] * (1 - part) + colours[step + 1] * part, dtype=np.float32)


def _texture(law: Rng, rng: Rng, palette: Floats, side: int) -> Floats:
    """Filter white noise to the law's bands of frequency and direction, then bend its values."""
    axis = np.fft.fftfreq(side, 1 / side).astype(np.float32)
    half = axis[: side // 2 + 1]
    frequency = np.hypot(axis[:, None], half[None, :]) + np.float32(0.01)
    direction = np.arctan2(axis[:, None], half[None, :])
    turn, zoom = rng.normal(0, 0.25), math.exp(rng.normal(0, 0.1))
    envelope = np.zeros_like(frequency)
    for _ in range(law.integers(1, 4)):
        centre, width = zoom * math.exp(law.uniform(0.9, 3.2)), law.uniform(0.08, 0.5)
        band = np.exp(-0.5 * (np.log(frequency / centre) / width) ** 2) / centre
        angle, sharpness = law.uniform(0, math.pi) + turn, law.choice([0, 0, 4, 12, 40])
        envelope += band * np.exp(sharpness * (np.cos(direction - angle) ** 2 - 1))
    noise = np.fft.rfft2(rng.standard_normal((side, side), dtype=np.float32))
    field = np.fft.irfft2(noise * envelope, s=(side, side))
    field /= field.std() + 1e-9
    match law.integers(4):
        case 1:
            field = np.abs(field)
        case 2:
            field = np.sin(law.uniform(2, 5) * field)
        case 3:
            field = field + 0.8 * smooth_noise(rng, side, 4)
    return _coloured(field, law, rng, palette)


def _shader(  # noqa: C901, PLR0912 - a program has a branch for every instruction
    law: Rng, rng: Rng, palette: Floats, side: int
) -> Floats:
    """Bend the plane by the law's random steps, then read waves off it."""
    u, v = turned_plane(side, rng.normal(0, 0.35))
    zoom = np.float32(math.exp(rng.normal(0, 0.12)))
    u, v = u * zoom + rng.uniform(-0.4, 0.4), v * zoom + rng.uniform(-0.4, 0.4)
    for _ in range(law.integers(2, 5)):
        a, b, phase = law.uniform(0.15, 0.6), law.uniform(1.5, 7), rng.uniform(0, math.tau)
        a *= math.exp(rng.normal(0, 0.12))
        match law.integers(7):
            case 0:
                u = u + a * np.sin(b * v + phase)
            case 1:
                u, v = np.abs(u) - a, v + a * u
            case 2:
                u, v = 2 * np.hypot(u, v), np.arctan2(v, u) * (round(b) / math.pi)
            case 3:
                u, v = np.mod(u, 1.6 * a + 0.2) - 0.8 * a, u - v
            case 4:
                twist = 4 * a * np.exp(-2 * (u * u + v * v))
                u, v = u * np.cos(twist) - v * np.sin(twist), u * np.sin(twist) + v * np.cos(twist)
            case 5:
                u, v = u + a * smooth_noise(rng, side, 5), v + a * smooth_noise(rng, side, 5)
            case _:
                u, v = v, np.floor(u * b) / b + 0.3 * u
    f, g, phase = law.uniform(3, 18), law.uniform(3, 18), rng.uniform(0, math.tau)
    first, second = np.sin(f * u + phase), np.sin(g * v + phase)
    match law.integers(5):
        case 0:
            field = first
        case 1:
            field = first * second
        case 2:
            field = np.maximum(first, second)
        case 3:
            field = first + second + np.sin(f * (u + v))
        case _:
            field = np.sin(f * (u * u + v * v)) + 0.5 * second
    return _coloured(field, law, rng, palette)


def _leaves(law: Rng, rng: Rng, palette: Floats, side: int) -> Floats:
    """Let shapes fall on each other, their outline, sizes, directions and edges set by the law."""
    corners, thinness = int(law.choice([2, 3, 4, 4, 6, 24])), law.choice([0.12, 0.3, 0.6, 1.0])
    largest, power = math.exp(law.uniform(-2.4, -0.5)), law.uniform(0.3, 1.5)
    disorder, hollow = law.choice([0.1, 0.4, 3.0]), law.random() < 0.25
    edge, density, jitter = law.choice([0, 0, 1, 2]), law.uniform(0.8, 5), law.uniform(0, 0.15)
    bend, heading = law.choice([0, 0, 1.5]), law.uniform(0, math.pi) + rng.normal(0, 0.25)
    canvas = Image.new("RGB", (side, side), ink(palette[0]))
    pen, flow = ImageDraw.Draw(canvas), bend * smooth_noise(rng, side, 3)
    around = np.linspace(0, math.tau, corners, endpoint=False) + math.pi / corners
    shape = np.stack([np.cos(around), thinness * np.sin(around)], axis=1)
    for _ in range(min(500, int(density / (thinness * largest**2 * 0.7)))):
        centre = rng.uniform(0, side, 2)
        size = 0.5 * side * largest * rng.uniform(0.15, 1) ** power
        turn = heading + rng.normal(0, disorder) + float(flow[int(centre[1]), int(centre[0])])
        turning = np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]])
        outline = [(x, y) for x, y in (shape @ turning * size + centre).tolist()]
        colour = ink(palette[rng.integers(6)] + rng.normal(0, jitter, 3))
        if hollow or corners == 2:
            width = max(2, round(0.4 * size * thinness))
            pen.line([*outline, outline[0]], fill=colour, width=width)
        else:
            line = ink(palette[1]) if edge else None
            pen.polygon(outline, fill=colour, outline=line, width=max(1, int(edge)))
    return to_floats(canvas)
