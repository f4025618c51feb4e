"""An address → the store that several machines share, with a folder here in front of it.

`store.py` is the store, `entries.py` what lies at the address, `leases.py` who computes what, and
`remotes.py` with `bucket.py` the places where objects can lie.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from reporter.errors import ReportError, shown

if TYPE_CHECKING:
    from reporter.shared.remotes import Remote
    from reporter.shared.store import SharedStore


def open_store(folder: Path, address: str) -> SharedStore:
    """Return the store at an address; nothing is asked of it before something is needed.

    Args:
        folder: where results are kept on this machine.
        address: of REPORT_STORE, such as s3://bucket/prefix.

    Raises:
        ReportError: it is no such address, or a package for it is missing.
    """
    from reporter.shared.store import SharedStore

    return SharedStore(folder, address, remote_at(address))


def remote_at(address: str) -> Remote:
    """Return the objects at an address.

    Raises:
        ReportError: as `open_store`.
    """
    from reporter.shared.remotes import Folder, Mirror

    try:
        parts = urlsplit(address)
        host, has_secret = parts.hostname, "@" in parts.netloc
    except ValueError as exc:
        raise ReportError(f"REPORT_STORE = {shown(address)} is no address: {exc}") from exc
    if has_secret:
        told = "names a user or password; leave them out: s3:// finds them in AWS_… variables"
        raise ReportError(f"REPORT_STORE {told}")
    match parts.scheme:
        case "file" if parts.path.strip("/") and not parts.netloc:
            return Folder(Path(unquote(parts.path)))
        case "s3" if parts.netloc:
            from reporter.shared.bucket import Bucket

            return Bucket(address.removeprefix("s3://").rstrip("/"))
        case "http" | "https" if host:
            return Mirror(address.rstrip("/"))
    told = "should be a folder, file:///folder, s3://bucket/prefix or https://host/path"
    raise ReportError(f"REPORT_STORE = {shown(address)} {told}")
