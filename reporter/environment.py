"""Variables of the environment → what they set, checked before anything is started."""

from __future__ import annotations

import contextlib
import math
import os
from pathlib import Path

from reporter.errors import ReportError, shown

LIMIT = "REPORT_CACHE_GB"  # size of the rows that a cache keeps, in 10⁹ bytes


def limit_bytes() -> float:
    """Return how large all rows of a cache may grow.

    Raises:
        ReportError: the environment says something that is no size.
    """
    text = os.environ.get(LIMIT, "10")
    with contextlib.suppress(ValueError):
        if 0 <= float(text) < math.inf:
            return float(text) * 1e9
    told = "is no size; set it to a number of gigabytes, such as 10"
    raise ReportError(f"{LIMIT} = {shown(text)} {told}")


def store_folder(root: Path) -> Path:
    """Return where results are kept: as the environment says, or in the build folder `root`."""
    return Path(os.environ.get("REPORT_STORE") or root / "store")


def canvas_token() -> str:
    """Return the access token for Canvas, "" where none is set."""
    return os.environ.get("CANVAS_API_TOKEN", "")
