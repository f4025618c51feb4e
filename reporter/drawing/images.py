"""Images → PNG at print resolution: never enlarged but by whole pixels, and only tiny ones."""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    from reporter.artifacts import ImageGrid

DPI = 300  # of print; a larger image is reduced to it
TINY = 64  # pixels; filters and the like are enlarged, in whole pixels
MONTAGE_PIXELS = 1400  # width that tiny images are enlarged to


def montage(grid: ImageGrid, width_mm: float) -> bytes:
    """Put unlabelled images side by side, small ones enlarged in whole pixels.

    What lies between them is transparent, since a screen's page may be dark.
    """
    import numpy as np
    from PIL import Image

    height, width = grid.images[0].shape[:2]
    factor = max(1, MONTAGE_PIXELS // (grid.columns * width))
    gap = max(1, factor * width // 12)
    rows = -(-len(grid.images) // grid.columns)
    step = (height * factor + gap, width * factor + gap)
    canvas = np.full((rows * step[0] - gap, grid.columns * step[1] - gap, 4), 255, np.uint8)
    canvas[..., 3] = 0
    for index, pixels in enumerate(grid.images):
        top, left = step[0] * (index // grid.columns), step[1] * (index % grid.columns)
        large = np.kron(_rgb(pixels), np.ones((factor, factor, 1), np.uint8))
        place = canvas[top : top + height * factor, left : left + width * factor]
        place[..., :3], place[..., 3] = large, 255
    picture = Image.fromarray(canvas)
    return _encode(picture if factor > 1 else _reduced(picture, width_mm))


def single(pixels: np.ndarray, width_mm: float) -> bytes:
    """Encode one image: a large one at print resolution, a tiny one in enlarged pixels."""
    from PIL import Image

    picture = Image.fromarray(_rgb(pixels))
    if max(picture.size) < TINY:
        size = (picture.width * 8, picture.height * 8)
        return _encode(picture.resize(size, Image.Resampling.NEAREST))
    return _encode(_reduced(picture, width_mm))


def _reduced(picture: Any, width_mm: float) -> Any:
    """Return a picture with no more pixels than are printed at that width."""
    from PIL import Image

    width = math.ceil(width_mm / 25.4 * DPI)
    if picture.width <= width:
        return picture
    size = (width, max(1, round(picture.height * width / picture.width)))
    return picture.resize(size, Image.Resampling.LANCZOS)


def _rgb(pixels: np.ndarray) -> np.ndarray:
    import numpy as np

    is_grey = pixels.ndim == 2  # noqa: PLR2004 - height and width alone
    return np.repeat(pixels[..., None], 3, axis=2) if is_grey else pixels


def _encode(picture: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
