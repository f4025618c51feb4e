"""An address and a SHA-256 → the file, taken up again where a broken download ended."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import http.client
import shutil
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

from reporter.errors import ReportError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Progress = Callable[[int, int | None], None]  # bytes done, and of how many where that is known

CHUNK = 1 << 18  # bytes
TIMEOUT_S = 30
ATTEMPTS = 5  # in a row without one new byte
NO_SPACE = (errno.ENOSPC, errno.EDQUOT)
PASSING = (408, 425, 429)  # answers below 500 that may be others later
OK, PARTIAL, UNSATISFIABLE = 200, 206, 416


def download(
    url: str,
    sha256: str,
    target: Path,
    *,
    progress: Progress = lambda *_: None,
    wait: Callable[[float], None] = time.sleep,
) -> Path:
    """Fetch `url` into `target` and check it; what arrives is kept in `target`.part until then.

    A broken connection is taken up again with an HTTP range (RFC 9110, section 14). A server that
    ignores ranges sends all, and the partial file starts anew.

    Args:
        url: http or https.
        sha256: of the whole file, in hexadecimal digits.
        target: where the file will be.
        progress: is told how many bytes are there.
        wait: how the pause in seconds between two attempts is made.

    Raises:
        ReportError: the server can't be reached or refuses, the disk is full (the partial file is
            kept), or the digest is another (it is removed).
    """
    if target.is_file():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f"{target.name}.part")
    _fetch(url, partial, progress, wait)
    with partial.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != sha256.lower():
        partial.unlink()
        raise ReportError(
            f"{url}: its SHA-256 is {found}, not {sha256.lower()} as report.toml says; the file "
            "was removed: correct the one that is wrong"
        )
    return partial.replace(target)


@contextlib.contextmanager
def space(folder: Path, needed: int | None) -> Iterator[None]:
    """Insist that `needed` bytes are free in `folder`, and explain if the disk fills up yet.

    Raises:
        ReportError: what is needed and what is free.
    """
    what = "more is" if needed is None else f"{megabytes(needed)} are"
    free = shutil.disk_usage(folder).free
    full = ReportError(
        f"{folder}: no space left: {what} needed, {megabytes(free)} are free; make room and run "
        "it again"
    )
    if needed is not None and free < needed:
        raise full
    try:
        yield
    except OSError as exc:
        if exc.errno not in NO_SPACE:
            raise
        raise full from exc


def megabytes(count: int) -> str:
    """Return a number of bytes as it is told."""
    return f"{count / 1e6:,.1f} MB"


def _fetch(url: str, partial: Path, progress: Progress, wait: Callable[[float], None]) -> None:
    """Attempt until the partial file is whole, or until nothing more arrives."""
    attempt = 0
    while True:
        before = _size(partial)
        try:
            _attempt(url, partial, progress)
        except urllib.error.HTTPError as exc:
            exc.close()
            if exc.code == UNSATISFIABLE and before:
                return  # all of it is there; the digest decides
            failure: Exception = exc
            is_final = exc.code < http.client.INTERNAL_SERVER_ERROR and exc.code not in PASSING
        except (http.client.InvalidURL, ValueError) as exc:
            failure, is_final = exc, True
        except (http.client.HTTPException, OSError) as exc:
            failure, is_final = exc, isinstance(exc, PermissionError)
        else:
            return
        attempt = 1 if _size(partial) > before else attempt + 1
        if is_final or attempt >= ATTEMPTS:
            kept = f"; {megabytes(_size(partial))} are kept" if _size(partial) else ""
            raise ReportError(
                f"{url} can't be fetched ({_first_line(failure)}){kept}; check the address and the "
                "connection, then run it again"
            ) from failure
        wait(2.0**attempt)


def _attempt(url: str, partial: Path, progress: Progress) -> None:
    """Ask for what is missing and append it, or write all where the server sends all."""
    start = _size(partial)
    headers = {"User-Agent": "reporter", "Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - report.py asks for http(s)
    with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310 - report.py asks for http(s)
        if not _continues(answer, start):
            start = 0
        length = answer.headers.get("Content-Length")
        total = start + int(length) if length else None
        done, needed = start, int(length) if length else None
        with space(partial.parent, needed), partial.open("ab" if start else "wb") as file:
            progress(done, total)
            while chunk := answer.read(CHUNK):
                file.write(chunk)
                done += len(chunk)
                progress(done, total)
    if total is not None and done < total:
        raise http.client.IncompleteRead(b"", total - done)


def _continues(answer: http.client.HTTPResponse, start: int) -> bool:
    """Tell whether the answer goes on where the partial file ends."""
    begins = answer.headers.get("Content-Range", "").removeprefix("bytes ").partition("-")[0]
    return bool(start) and answer.status == PARTIAL and begins == str(start)


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _first_line(exc: Exception) -> str:
    if isinstance(exc, http.client.IncompleteRead):
        return "the connection broke off"
    reason = exc.reason if isinstance(exc, urllib.error.URLError) else exc
    code = f"{exc.code} " if isinstance(exc, urllib.error.HTTPError) else ""
    return code + (str(reason).split("\n")[0] or type(reason).__name__)
