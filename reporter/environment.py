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


def store_place(root: Path) -> tuple[Path, str]:
    """Return where results are kept, and the address of a store that machines share, if any.

    Both as the environment says: a folder, or an address with results of this machine in the build
    folder `root`, which they are in without either.
    """
    said = os.environ.get("REPORT_STORE", "")
    is_address = "://" in said or said.partition(":")[0] in ("file", "s3", "http", "https")
    return (root / "store", said) if is_address else (Path(said or root / "store"), "")


def canvas_token() -> str:
    """Return the access token for Canvas, "" where none is set."""
    return os.environ.get("CANVAS_API_TOKEN", "")
