"""reporter turns a deep-learning assignment into its finished write-up.

The public face, for experiment files; everything else is the engine's.
"""

from reporter.artifacts import (
    Bars,
    Checkpoint,
    Column,
    Curves,
    ImageGrid,
    Matrix,
    Metric,
    Reading,
    Result,
    Series,
    Stage,
    Stages,
    Table,
    Text,
)
from reporter.errors import ReportError, RunError
from reporter.experiment import Count, Rate, Run, Share, experiment
from reporter.inputs import Dataset, Example, ImageFile, Weights

__version__ = "0.1.0"
__all__ = [
    "Bars",
    "Checkpoint",
    "Column",
    "Count",
    "Curves",
    "Dataset",
    "Example",
    "ImageFile",
    "ImageGrid",
    "Matrix",
    "Metric",
    "Rate",
    "Reading",
    "ReportError",
    "Result",
    "Run",
    "RunError",
    "Series",
    "Share",
    "Stage",
    "Stages",
    "Table",
    "Text",
    "Weights",
    "experiment",
]
