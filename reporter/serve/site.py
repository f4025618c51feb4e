"""What the preview knows → answers to browsers of this machine: the page and its events, no file.

The name that a visitor asked for is checked, so that no page of another site reads the report by
pointing a name of its own at this machine.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import socket
import sys
from http import HTTPStatus
from http.client import HTTP_PORT
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from reporter.errors import ReportError

if TYPE_CHECKING:
    from reporter.serve.news import News, State

HOST = "127.0.0.1"
SCRIPT = Path(__file__).with_name("preview.js")
HEARTBEAT_S = 15.0  # between signs of life, by which a closed page is noticed
SAFE = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
}
ICON = '<link rel="icon" href="data:,">'  # else browsers ask for one
EMPTY = """\
<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>report serve</title></head>
<body></body>
</html>
"""


class Site(ThreadingHTTPServer):
    """Listens on the loopback interface; closing it ends every conversation."""

    daemon_threads = False  # closing waits for them

    def __init__(self, port: int, news: News) -> None:
        self.news = news
        self._open: set[Any] = set()
        try:
            super().__init__((HOST, port), _Visit)
        except OSError as exc:
            raise ReportError(
                f"port {port}: {(exc.strerror or str(exc)).lower()}; choose another with --port, "
                "0 for a free one"
            ) from exc
        self.port = int(self.server_address[1])
        hosts = {HOST, "localhost"}
        self.names = {f"{host}:{self.port}" for host in hosts}
        self.names |= hosts if self.port == HTTP_PORT else set()  # which browsers leave out

    def process_request(self, request: Any, client_address: Any) -> None:
        """Note the conversation, then hold it in a thread of its own."""
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """End a conversation."""
        self._open.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        """End every conversation and wait for its thread."""
        for request in list(self._open):
            with contextlib.suppress(OSError):
                request.shutdown(socket.SHUT_RDWR)
        super().server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a visitor who left."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Visit(BaseHTTPRequestHandler):
    """Answers one request."""

    server: Site
    timeout = 10.0  # s, for a visitor who says nothing or takes nothing

    def parse_request(self) -> bool:
        """Refuse what is not asked of this page before anything answers it."""
        if not super().parse_request():
            return False
        hosts = self.headers.get_all("Host") or []
        if len(hosts) != 1 or hosts[0].strip().lower() not in self.server.names:
            self.send_error(HTTPStatus.MISDIRECTED_REQUEST, "this name is not served here")
        elif self.command not in ("GET", "HEAD"):
            self.send_error(HTTPStatus.METHOD_NOT_ALLOWED, "the page can only be read")
        else:
            return True
        return False

    def do_GET(self) -> None:
        """Send the page or its events."""
        answer = {"/": self._page, "/events": self._events}.get(urlsplit(self.path).path)
        if answer is None:
            self.send_error(HTTPStatus.NOT_FOUND, "only the page is served")
        else:
            answer()

    def do_HEAD(self) -> None:
        """Send what stands before the page."""
        self.do_GET()

    def _page(self) -> None:
        state = self.server.news.state
        content = dressed(state).encode()
        own = {"Content-Length": str(len(content)), "ETag": f'"{state.version}"'}
        self._begin("text/html; charset=utf-8", own)
        if self.command == "GET":
            self.wfile.write(content)

    def _events(self) -> None:
        """Send the state now and whenever it changes, until the page or the preview is closed."""
        self._begin("text/event-stream")
        number, news = 0, self.server.news
        while self.command == "GET" and not news.is_closed:
            state = news.after(number, HEARTBEAT_S)
            if state is None:
                self.wfile.write(b": here\n\n")
                continue
            number = state.number
            told = {name: getattr(state, name) for name in ("version", "is_current", "faults")}
            self.wfile.write(f"data: {json.dumps(told)}\n\n".encode())

    def _begin(self, media_type: str, more: dict[str, str] | None = None) -> None:
        self.send_response(HTTPStatus.OK)
        for name, value in ({"Content-Type": media_type} | SAFE | (more or {})).items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing; the terminal tells of runs."""


def dressed(state: State) -> str:
    """Return the last good page with the preview's script, which the report itself lacks.

    It stands before the scripts at the end of the page, and so sees the page as it was sent. Where
    the page says which scripts it trusts, it is told to trust this one.
    """
    html = state.html or EMPTY
    script = SCRIPT.read_text(encoding="utf-8")
    policy = f"connect-src 'self'; script-src 'sha256-{_digest(script)}' "
    head, tag, body = html.partition("<body")
    head = head.replace("script-src ", policy, 1).replace("</head>", f"{ICON}</head>", 1)
    at = body.find("<script", max(body.rfind("</main>"), 0))
    at = body.rindex("</body>") if at < 0 else at
    data = f'data-version="{state.version}" data-frame="{_digest(head)}"'
    return f"{head}{tag}{body[:at]}<script {data}>{script}</script>\n{body[at:]}"


def _digest(text: str) -> str:
    """Return the sha-256 as a content security policy has it."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
