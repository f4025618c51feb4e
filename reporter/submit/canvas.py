"""A bundle → a submission on Canvas, through its documented API and `canvasapi`.

A file takes three steps (https://developerdocs.instructure.com, "File Uploads"): Canvas is told of
it and says where to send it; it is sent there; the address that answers is called to confirm it.
Then a submission names the file. A file that no submission names is harmless, so all before the
last step is tried again when a connection is lost or Canvas asks for patience. Whether the last
step arrived is looked up, never guessed.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from reporter.errors import HandInError, ReportError, one_line
from reporter.submit import Receipt

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from reporter.submission import Canvas as Place

PAUSES_S = (1.0, 4.0, 15.0)  # before each further attempt
TIMEOUTS_S = (10.0, 120.0)  # to connect, and between two answers
CONFIRMED, MOVED = 201, range(300, 400)
LOOPBACK = ("127.0.0.1", "localhost")


class Canvas:
    """One assignment of a Canvas, as the user of a token sees it."""

    def __init__(
        self, place: Place, token: str, wait: Callable[[float], None] = time.sleep
    ) -> None:
        """Read the assignment.

        Args:
            place: where it is.
            token: of the user; it appears in no message.
            wait: how the pause in seconds between two attempts is made.

        Raises:
            ReportError: there is no such assignment, or the token does not open it.
        """
        from canvasapi.course import Course

        self.place = place
        self.wait = wait
        self.requester = _requester(place, token)
        course = Course(self.requester, {"id": place.course})
        self.assignment = self._patiently(lambda: course.get_assignment(place.assignment))

    def insist(self, file: Path) -> None:
        """Refuse a file that the assignment does not take, before anything is sent.

        Raises:
            ReportError: why.
        """
        name = f"{self.place.host}: {_of(self.assignment, 'name', 'the assignment')!r}"
        if "online_upload" not in _of(self.assignment, "submission_types", []):
            raise ReportError(f"{name} takes no files; look there how it is handed in")
        if _of(self.assignment, "locked_for_user", False):
            why = _of(self.assignment, "lock_explanation", "it is locked")
            raise ReportError(f"{name} is closed: {one_line(why)}; ask the course")
        allowed = [
            one.lower().lstrip(".") for one in _of(self.assignment, "allowed_extensions", [])
        ]
        if allowed and file.suffix.lower().lstrip(".") not in allowed:
            kinds = ", ".join(f".{kind}" for kind in allowed)
            hint = "; hand in the PDF alone with --pdf" if "pdf" in allowed else ""
            raise ReportError(f"{name} takes {kinds}, not {file.suffix}{hint}")
        limit = _of(self.assignment, "allowed_attempts", -1)
        if limit > 0 and self._attempts() >= limit:
            raise ReportError(f"{name} was handed in {limit} times, as often as it may be")

    def hand_in(self, file: Path) -> Receipt:
        """Upload a file and make it the user's submission.

        Raises:
            HandInError: it was not handed in, and why; or it is not known, and where to look.
        """
        before = self._attempts()
        uploaded = self._patiently(lambda: self._upload(file))
        try:
            submission = self._patiently(lambda: self._submit(uploaded), is_repeatable=False)
        except ConnectionError:
            submission = self._patiently(lambda: self.assignment.get_submission("self"))
        sizes = [getattr(one, "size", None) for one in _of(submission, "attachments", [])]
        if _of(submission, "attempt", 0) <= before:
            raise HandInError(f"{self.address()}: Canvas does not list {file.name}; submit again")
        if file.stat().st_size not in sizes:
            raise HandInError(f"{self.address()}: {file.name} is not whole there; submit again")
        return Receipt(
            where=f"{self.address()}/submissions/{_of(submission, 'user_id', 'self')}",
            when=_of(submission, "submitted_at", ""),
            attempt=_of(submission, "attempt", None),
            is_late=bool(_of(submission, "late", False)),
        )

    @property
    def due(self) -> str:
        """Return when the assignment is due, in ISO 8601, as Canvas has it; "" for never."""
        return str(_of(self.assignment, "due_at", ""))

    def address(self) -> str:
        """Return the assignment's page."""
        return f"{self.place.url.rstrip('/')}/{self._path()}"

    def _path(self) -> str:
        return f"courses/{self.place.course}/assignments/{self.place.assignment}"

    def _attempts(self) -> int:
        """Return how often the user has handed in."""
        submission = self._patiently(lambda: self.assignment.get_submission("self"))
        return int(_of(submission, "attempt", 0))

    def _upload(self, file: Path) -> int:
        """Send a file in three steps; return its id."""
        uploader = _uploader()(self.requester, f"{self._path()}/submissions/self/files", file)
        _, answer = uploader.start()
        if "id" not in answer:
            raise HandInError(f"{self.place.host} took no file: {one_line(str(answer))}")
        return int(answer["id"])

    def _submit(self, uploaded: int) -> Any:
        return self.assignment.submit({"submission_type": "online_upload", "file_ids": [uploaded]})

    def _patiently(self, ask: Callable[[], Any], *, is_repeatable: bool = True) -> Any:
        """Return what Canvas answers; wait where it asks for that, or the connection was lost.

        Raises:
            ConnectionError: it was lost, and what was asked may have arrived.
            HandInError: Canvas refuses, or can't be reached.
        """
        import requests
        from canvasapi.exceptions import CanvasException

        for pause in (*PAUSES_S, None):
            try:
                return ask()
            except (ValueError, KeyError, TypeError, AttributeError) as exc:  # no JSON, or another
                told = f"{self.place.url} does not answer as a Canvas does; look at the address"
                raise ReportError(told) from exc
            except requests.RequestException as exc:
                if not is_repeatable:
                    raise ConnectionError from exc
                lost = f"{self.place.host}: the connection was lost; nothing was handed in"
                if pause is None:
                    raise HandInError(f"{lost}: submit again") from exc
            except CanvasException as exc:
                if pause is None or not _is_asking_for_patience(exc):
                    raise self._explained(exc) from exc
            self.wait(pause)
        raise AssertionError

    def _explained(self, exc: Exception) -> ReportError:
        """Return in one line what Canvas refuses, and what to do."""
        from canvasapi import exceptions

        host, said = self.place.host, one_line(str(exc))
        if isinstance(exc, exceptions.InvalidAccessToken):
            return ReportError(f"{host}: the access token is wrong or has expired; make a new one")
        if isinstance(exc, exceptions.ResourceDoesNotExist):
            place = f"course {self.place.course}, assignment {self.place.assignment}"
            return ReportError(f"{host}: no {place}; compare with the assignment's address")
        if isinstance(exc, exceptions.Unauthorized):
            return ReportError(f"{host}: the token's user may not see the course; {said}")
        return HandInError(f"{host} refuses: {said}; nothing was handed in")


def _requester(place: Place, token: str) -> Any:
    """Return what speaks with a Canvas: over TLS, and never waiting for ever.

    Raises:
        ReportError: `canvasapi` is not installed, or the address would send the token in clear.
    """
    parts = urlsplit(place.url)
    if parts.scheme != "https" and parts.hostname not in LOOPBACK:
        raise ReportError(f"{place.url}: should begin with https://, since a token is sent there")
    try:
        from canvasapi.requester import Requester
    except ImportError as exc:
        raise ReportError("Canvas needs canvasapi; pip install 'reporter[canvas]'") from exc
    requester = Requester(place.url.rstrip("/"), token)
    requester._session.mount(f"{parts.scheme}://", _adapter())  # noqa: SLF001 - it has no time limit
    return requester


def _adapter() -> Any:
    """Return what sends requests with time limits, which `canvasapi` can't be told."""
    from requests.adapters import HTTPAdapter

    class Timed(HTTPAdapter):
        def send(self, request: Any, *args: Any, **options: Any) -> Any:
            return super().send(request, *args, **{**options, "timeout": TIMEOUTS_S})

    return Timed()


def _uploader() -> Any:
    """Return `canvasapi`'s way to upload with the third step, which it leaves to redirects.

    A redirect that `requests` follows carries no token, so Canvas would not confirm the file.
    """
    from canvasapi.upload import Uploader
    from canvasapi.util import combine_kwargs

    class Confirmed(Uploader):  # type: ignore[misc] # an optional library
        def upload(self, response: Any, file: Any) -> tuple[bool, Any]:
            told = response.json()
            answer = self._requester._session.post(  # noqa: SLF001 - its own way follows redirects
                told["upload_url"],
                data=combine_kwargs(**told["upload_params"]),
                files={told.get("file_param", "file"): file},
                allow_redirects=False,
            )
            if answer.status_code in MOVED or answer.status_code == CONFIRMED:
                target = urljoin(self._requester.original_url, answer.headers["Location"])
                is_own = target.startswith(f"{self._requester.original_url}/")
                answer = self._requester.request("GET", _url=target, use_auth=is_own)
            elif not answer.ok:
                raise HandInError(f"the file was refused: {one_line(answer.text)}")
            return True, answer.json()

    return Confirmed


def _is_asking_for_patience(exc: Exception) -> bool:
    """Tell whether a refusal is one of the rate, which Canvas tells with 403 or 429."""
    from canvasapi.exceptions import RateLimitExceeded

    return isinstance(exc, RateLimitExceeded) or "Rate Limit Exceeded" in str(exc)


def _of(found: Any, name: str, default: Any) -> Any:
    """Return what Canvas says of something, or a default where it says nothing or null."""
    value = getattr(found, name, None)
    return default if value is None else value
