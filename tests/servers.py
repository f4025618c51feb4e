"""A server on the loopback interface that sends bytes as well, or as badly, as a test asks."""

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Script:
    """What the server does, and what it was asked.

    Attributes:
        content: the file that every path leads to.
        knows_ranges: whether it answers a range with that range.
        breaks_after: for each of the next answers, after how many bytes the connection ends.
        statuses: status codes of the next answers, sent without a body.
        asked: the Range header of each request, "" without one.
    """

    content: bytes = b""
    knows_ranges: bool = True
    breaks_after: list[int] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)


@contextmanager
def serving(script: Script) -> Iterator[str]:
    """Serve until the block ends; yield the address of the file."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wanted = self.headers.get("Range", "")
            script.asked.append(wanted)
            if script.statuses:
                self.send_error(script.statuses.pop(0))
                return
            start = int(wanted[len("bytes=") : -1]) if wanted and script.knows_ranges else 0
            total = len(script.content)
            if start >= total > 0:
                self.send_error(416)
                return
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{total - 1}/{total}")
            self.send_header("Content-Length", str(total - start))
            self.end_headers()
            body = script.content[start:]
            self.wfile.write(body[: script.breaks_after.pop(0)] if script.breaks_after else body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/file.zip"
        finally:
            server.shutdown()
            thread.join()
