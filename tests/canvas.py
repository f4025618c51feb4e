"""A Canvas on the loopback interface that answers as Canvas documents, or as badly as asked."""

import email
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

TOKEN = "7~secret"
LIMITED = (403, "403 Forbidden (Rate Limit Exceeded)\n")


@dataclass
class Course:
    """One assignment, 34 of course 12, and what is to go wrong.

    Attributes:
        assignment: what the API says of it beyond the obvious.
        quota: bytes that a file may have.
        confirms: "redirect" or "created": how the second step answers.
        fails: "METHOD step" → what the next requests of it meet: a status with a body, "lost"
            (the connection ends before anything is done) or "deaf" (after it was done).
        asked: each request, as "METHOD step".
        files: id → name and content, of those that arrived whole.
        confirmed: ids whose third step was called, with the token.
        submissions: the ids of files that each attempt named.
        expected: name and size of the file that was announced last.
        loses: bytes that the stored file lacks.
    """

    assignment: dict[str, Any] = field(default_factory=dict)
    quota: int = 10_000
    confirms: str = "redirect"
    fails: dict[str, list[Any]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    files: dict[int, tuple[str, bytes]] = field(default_factory=dict)
    confirmed: list[int] = field(default_factory=list)
    submissions: list[list[int]] = field(default_factory=list)
    expected: tuple[str, int] = ("", 0)
    loses: int = 0


STEPS = {  # path → step
    r"/api/v1/courses/12/assignments/34": "assignment",
    r"/api/v1/courses/12/assignments/34/submissions/self": "mine",
    r"/api/v1/courses/12/assignments/34/submissions/self/files": "announce",
    r"/upload": "upload",
    r"/api/v1/files/\d+/create_success": "confirm",
    r"/api/v1/courses/12/assignments/34/submissions": "submit",
}


class Handler(BaseHTTPRequestHandler):
    """Answers for one self.course."""

    course: Course

    def do_GET(self) -> None:
        self.answer()

    def do_POST(self) -> None:
        self.answer()

    def answer(self) -> None:
        path = self.path.partition("?")[0]
        step = next((s for p, s in STEPS.items() if re.fullmatch(p, path)), "")
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        name = f"{self.command} {step}"
        self.course.asked.append(name)
        waiting = self.course.fails.get(name, [])
        failure = waiting.pop(0) if waiting else None
        if failure == "lost":
            self.connection.close()
            return
        if isinstance(failure, tuple):
            self.tell(*failure)
            return
        is_open = self.headers.get("Authorization") == f"Bearer {TOKEN}"
        if step == "upload":
            assert "Authorization" not in self.headers, "the token goes to Canvas alone"
        elif not is_open:
            told = {"errors": [{"message": "Invalid access token."}]}
            self.tell(401, told, {"WWW-Authenticate": 'Bearer realm="canvas-lms"'})
            return
        status, content, headers = getattr(self, step or "nothing")(body)
        if failure == "deaf":
            self.connection.close()
            return
        self.tell(status, content, headers)

    def nothing(self, _: bytes) -> tuple[int, Any, dict[str, str]]:
        return 404, {"errors": [{"message": "The specified resource does not exist."}]}, {}

    def assignment(self, _: bytes) -> tuple[int, Any, dict[str, str]]:
        plain = {"id": 34, "course_id": 12, "name": "Saliency", "due_at": None}
        return 200, {**plain, "submission_types": ["online_upload"], **self.course.assignment}, {}

    def mine(self, _: bytes) -> tuple[int, Any, dict[str, str]]:
        return 200, self.state(), {}

    def state(self) -> dict[str, Any]:
        if not self.course.submissions:
            return {"user_id": 77, "attempt": None, "submitted_at": None}
        ids = self.course.submissions[-1]
        sizes = {number: len(self.course.files[number][1]) - self.course.loses for number in ids}
        return {
            "user_id": 77,
            "attempt": len(self.course.submissions),
            "submitted_at": "2026-05-04T20:00:00Z",
            "late": False,
            "attachments": [{"id": number, "size": size} for number, size in sizes.items()],
        }

    def announce(self, body: bytes) -> tuple[int, Any, dict[str, str]]:
        told = dict(parse_qsl(body.decode()))
        self.course.expected = (told["name"], int(told["size"]))
        if self.course.expected[1] > self.course.quota:
            return 400, {"message": "file size exceeds quota limits"}, {}
        params = {"key": "a/b", "token": "once"}
        url = f"http://127.0.0.1:{self.server.server_address[1]}/upload"
        return 200, {"upload_url": url, "upload_params": params, "file_param": "file"}, {}

    def upload(self, body: bytes) -> tuple[int, Any, dict[str, str]]:
        head = f"Content-Type: {self.headers['Content-Type']}\n\n".encode()
        parts = email.message_from_bytes(head + body).get_payload()
        names = [part.get_param("name", header="content-disposition") for part in parts]
        assert names == ["key", "token", "file"], "the file is the last parameter"
        content = parts[-1].get_payload(decode=True)
        assert len(content) == self.course.expected[1]
        number = 500 + len(self.course.files)
        self.course.files[number] = (self.course.expected[0], content)
        location = f"/api/v1/files/{number}/create_success?uuid=x"
        if self.course.confirms == "created":
            return 201, {"location": location}, {"Location": location}
        return 303, "", {"Location": location}

    def confirm(self, _: bytes) -> tuple[int, Any, dict[str, str]]:
        number = int(self.path.split("/")[4])
        self.course.confirmed.append(number)
        return 200, {"id": number, "size": len(self.course.files[number][1]), "url": "x"}, {}

    def submit(self, body: bytes) -> tuple[int, Any, dict[str, str]]:
        told = parse_qsl(body.decode())
        assert ("submission[submission_type]", "online_upload") in told
        ids = [int(value) for key, value in told if key == "submission[file_ids][]"]
        assert set(ids) <= set(self.course.confirmed), "only what was confirmed is there"
        self.course.submissions.append(ids)
        return 201, self.state(), {}

    def tell(self, status: int, content: Any, headers: dict[str, str] | None = None) -> None:
        body = content.encode() if isinstance(content, str) else json.dumps(content).encode()
        self.send_response(status)
        for key, value in (headers or {}).items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def canvas(course: Course) -> Iterator[str]:
    """Serve a course until the block ends; yield the address of the Canvas."""
    handler = type("Own", (Handler,), {"course": course})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
