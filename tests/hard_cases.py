"""Figures that are hard to set: many curves, many classes, long names, odd numbers."""

import math

from reporter.artifacts import Artifact, Bars, Curves, Matrix, Metric, Reading, Series

RATES = (1.0, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001, 0.0003, 0.0001)
STYLES = (
    "Abstract_Expressionism",
    "Action_painting",
    "Analytical_Cubism",
    "Art_Nouveau_Modern",
    "Baroque",
    "Color_Field_Painting",
    "Contemporary_Realism",
    "Cubism",
    "Early_Renaissance",
    "Expressionism",
    "Fauvism",
    "High_Renaissance",
    "Impressionism",
    "Mannerism_Late_Renaissance",
    "Minimalism",
    "Naive_Art_Primitivism",
    "New_Realism",
    "Northern_Renaissance",
    "Pointillism",
    "Pop_Art",
    "Post_Impressionism",
    "Realism",
    "Rococo",
    "Romanticism",
    "Symbolism",
    "Synthetic_Cubism",
    "Ukiyo_e",
)
LONG = "the last two fully connected layers replaced and trained with a small learning rate"


def sweep(rates: tuple[float, ...] = RATES, unit: str = "fraction", shift: float = 0.0) -> Metric:
    """Return a metric with a course of thirty epochs for each rate."""
    readings = tuple(
        Reading(value=0.9 * (1 - math.exp(-e * r * 3)) + shift * math.sin(e), epoch=e, rate=r)
        for r in reversed(rates)
        for e in range(31)
    )
    return Metric(value=0.8, unit=unit, split="validation", rate=0.01, epoch=30, history=readings)


def curves(*series: tuple[str, list[float]], x: float = 1.0, **changes: object) -> Curves:
    """Return curves over iterations from their names and values."""
    made = tuple(
        Series(label=name, x=tuple(x * i for i in range(1, len(y) + 1)), y=tuple(y))
        for name, y in series
    )
    known = {"x_label": "iteration", "y_label": "training loss", "unit": "nats"}
    return Curves(series=made, **{**known, **changes})


def square(names: tuple[str, ...], most: int = 40) -> Matrix:
    """Return a confusion matrix over these classes."""
    values = tuple(
        tuple(float(most if r == c else (r * 7 + c * 3) % 6) for c in range(len(names)))
        for r in range(len(names))
    )
    return Matrix(row_labels=names, column_labels=names, values=values)


def bars(names: tuple[str, ...], unit: str = "count") -> Bars:
    """Return bars over these classes."""
    values = tuple(float(7 + 13 * i % 50) for i in range(len(names)))
    if unit == "fraction":
        values = tuple(value / 100 for value in values)
    return Bars(labels=names, values=values, y_label="training images", unit=unit)


def cases() -> dict[str, tuple[tuple[Metric | Artifact, ...], int]]:
    """Return outputs by name, with how many of them stand side by side."""
    falling = [2.3 * 0.97**i + 0.1 * math.sin(i) for i in range(160)]
    nan = math.nan
    return {
        "nine rates": ((sweep(),), 1),
        "nine rates in two": ((sweep(),), 2),
        "nine rates in three": ((sweep(),), 3),
        "three seeds": ((sweep(RATES[3:7]), sweep(RATES[3:7], shift=0.03)), 1),
        "three seeds in two": ((sweep(RATES[3:7]), sweep(RATES[3:7], shift=0.03)), 2),
        "lines that end together": ((curves(("before", falling), ("after", falling)),), 1),
        "four named": (
            (curves(*((n, [v + i for v in falling]) for i, n in enumerate(STYLES[:4]))),),
            1,
        ),
        "twelve named": (
            (curves(*((n, [v + i for v in falling]) for i, n in enumerate(STYLES[:12]))),),
            2,
        ),
        "logarithmic": (
            (curves(("", [10.0**-i for i in range(12)]), log_y=True, x_label="component"),),
            2,
        ),
        "tiny range": ((curves(("a", [0.5 + 1e-5 * i for i in range(11)]), unit="fraction"),), 3),
        "constant": ((curves(("a", [0.5] * 9)),), 3),
        "one point": ((curves(("a", [0.5]), ("b", [0.4])),), 2),
        "hole": ((curves(("a", [3.0, 2.0, nan, 1.5, nan, 1.0, 0.8]), ("b", [1.0] * 7)),), 1),
        "diverged": ((curves(("0.1", [3.0, 9.0, nan]), ("0.01", [3.0, 2.0, 1.0])),), 1),
        "nothing finite": ((curves(("a", [nan, nan])),), 2),
        "large numbers": ((curves(("a", [1e6 * v for v in falling]), x=12345.0, unit=""),), 3),
        "long names": ((curves((LONG, falling), (f"{LONG}, again", falling[::-1])),), 3),
        "long names alone": ((curves((LONG, falling), (f"{LONG}, again", falling[::-1])),), 1),
        "long titles": ((curves(("a", falling), x_label=LONG, y_label=LONG),), 3),
        "27 classes": ((square(STYLES),), 1),
        "27 classes in two": ((square(STYLES),), 2),
        "27 classes in three": ((square(STYLES),), 3),
        "15 classes": ((square(STYLES[:15], 140),), 1),
        "15 classes in two": ((square(STYLES[:15], 140),), 2),
        "7 classes in two": ((square(STYLES[3:10]),), 2),
        "2 classes": ((square(("dog", "cat"), 1200),), 2),
        "60 classes": ((square(tuple(f"class {i}" for i in range(60)), 9),), 1),
        "long classes": ((square((LONG, "dog", LONG[::-1])),), 2),
        "27 bars": ((bars(STYLES),), 1),
        "27 bars in three": ((bars(STYLES, "fraction"),), 3),
        "3 bars in two": ((bars(STYLES[:3], "fraction"),), 2),
        "100 bars": ((bars(tuple(f"class {i}" for i in range(100))),), 2),
        "long bars": ((bars((LONG, "dog", LONG.replace(" ", ""))),), 3),
        "large bars": ((Bars(labels=("a",), values=(1234567.0,), y_label="n", unit="count"),), 3),
    }
