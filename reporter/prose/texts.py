"""A file of the author's → its text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reporter.errors import ReportError

if TYPE_CHECKING:
    from pathlib import Path


def read_text(path: Path) -> str:
    """Return what stands in a file, without the mark that some editors put before it.

    Raises:
        ReportError: it is not in UTF-8; with file and line.
    """
    content = path.read_bytes()
    try:
        text = content.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as exc:
        line = content.count(b"\n", 0, exc.start) + 1
        sign = f"0x{content[exc.start]:02x}"
        raise ReportError(f"{path}:{line}: the byte {sign} is no UTF-8; save it as UTF-8") from exc
    return text.replace("\r\n", "\n").replace("\r", "\n")
