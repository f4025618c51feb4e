"""Seconds from a save to the browser: `python tests/benchmarks/preview.py [SAVES]` prints medians.

Saves a section of a copy of the demo, whose quick results are computed first where they are
missing (REPORT_STORE names a store that may have them), and measures from the write to the event,
and from the write to the changed words in headless Chromium.
"""

import json
import queue
import shutil
import statistics
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

from reporter import shipped
from reporter.build import Request, compute
from reporter.serve import serving

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")


def main(saves: int = 10) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "demo"
        shutil.copytree(shipped.folder("templates") / "demo", folder)
        request = Request(folder=folder, root=folder / "build", is_quick=True)
        compute(request)
        with serving(request, 0) as address:
            events = listen(address)
            first = events.get(timeout=60)
            while first[1]["version"] == "none":
                first = events.get(timeout=60)
            report("write to event", to_event(folder, events, saves))
            if CHROMIUM:
                report("write to page in Chromium", to_page(folder, address, saves))


def listen(address: str) -> "queue.Queue[tuple[float, dict]]":
    """Return a queue of the events, each with the time at which it came."""
    events: queue.Queue[tuple[float, dict]] = queue.Queue()

    def read() -> None:
        with urllib.request.urlopen(f"{address}events") as stream:
            for line in stream:
                if line.startswith(b"data: "):
                    events.put((time.perf_counter(), json.loads(line[6:])))

    threading.Thread(target=read, daemon=True).start()
    return events


def section(folder: Path) -> Path:
    """Return a section in the middle of the report."""
    files = sorted((folder / "sections").glob("*.md"))
    return files[len(files) // 2]


def save(folder: Path, words: str) -> float:
    """Add a paragraph to the section; return the time of the write."""
    path = section(folder)
    lines = path.read_text(encoding="utf-8").split("\n\nSaved ")[0]
    path.write_text(f"{lines}\n\nSaved {words}.\n", encoding="utf-8")
    return time.perf_counter()


def to_event(folder: Path, events: "queue.Queue[tuple[float, dict]]", saves: int) -> list[float]:
    """Return the seconds from each save to its event."""
    found = []
    for index in range(saves):
        began = save(folder, f"for an event, {index}")
        found.append(events.get(timeout=60)[0] - began)
        time.sleep(0.5)  # as a writer pauses
    return found


def to_page(folder: Path, address: str, saves: int) -> list[float]:
    """Return the seconds from each save to its words in the browser's document."""
    from playwright.sync_api import sync_playwright

    found = []
    with sync_playwright() as browsers:
        browser = browsers.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(address)
        page.wait_for_function("document.images.length > 0")
        for index in range(saves):
            words = f"for a page, {index}"
            began = save(folder, words)
            page.wait_for_function("words => document.body.innerText.includes(words)", arg=words)
            found.append(time.perf_counter() - began)
            time.sleep(0.5)
        browser.close()
    return found


def report(what: str, seconds: list[float]) -> None:
    """Print the median and the range."""
    median = statistics.median(seconds)
    print(  # noqa: T201 - the benchmark's own output
        f"{what}: median {median:.2f} s of {len(seconds)} ({min(seconds):.2f}–{max(seconds):.2f})"
    )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
