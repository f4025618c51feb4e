"""Fetched weights."""

import hashlib
import http.server
import io
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from reporter.errors import ReportError
from reporter.learn.downloads import fetched


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """Serve a folder on the loopback interface; yield its address and the folder."""
    served = tmp_path / "served"
    served.mkdir()

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args: object, **kwargs: object) -> None:
            super().__init__(*args, directory=str(served), **kwargs)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as listening:
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{listening.server_address[1]}", served
        listening.shutdown()
        thread.join()


def test_a_download_is_checked_against_the_digest_in_its_name(
    server: tuple[str, Path], tmp_path: Path
) -> None:
    """The right content lands in the folder; the wrong one and an absent file don't."""
    address, served = server
    buffer = io.BytesIO()
    torch.save({"weight": torch.ones(2)}, buffer)
    digest = hashlib.sha256(buffer.getvalue()).hexdigest()[:8]
    (served / f"net-{digest}.pth").write_bytes(buffer.getvalue())
    (served / "net-00000000.pth").write_bytes(buffer.getvalue())
    path = fetched(f"{address}/net-{digest}.pth", tmp_path / "in")
    assert path.read_bytes() == buffer.getvalue()
    for name in ("net-00000000.pth", "net-11111111.pth"):
        with pytest.raises(ReportError, match=f"{name} can't be fetched"):
            fetched(f"{address}/{name}", tmp_path / "in")
    assert [file.name for file in (tmp_path / "in").iterdir()] == [path.name]
