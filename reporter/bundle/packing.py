"""Files by path → one zip, of the same bytes on every machine and day.

Names are sorted, times are the report's date, permissions are fixed, and nothing is compressed:
zlib and what replaces it give other bytes from version to version.
"""

from __future__ import annotations

import io
import stat
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

UNIX = 3  # a zip's word for where its permissions come from
PERMISSIONS = stat.S_IFREG | 0o644
FIRST, LAST = 1980, 2107  # years that a zip can name


def packed(files: Mapping[str, bytes], date: dt.date) -> bytes:
    """Return a zip of the files, dated as the report is."""
    buffer = io.BytesIO()
    year = min(max(date.year, FIRST), LAST)
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, content in sorted(files.items()):
            member = zipfile.ZipInfo(path, (year, date.month, date.day, 0, 0, 0))
            member.create_system = UNIX
            member.external_attr = PERMISSIONS << 16
            archive.writestr(member, content)
    return buffer.getvalue()
