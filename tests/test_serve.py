"""The preview: who may ask for what, what a save changes, and what a reader sees of it."""

import contextlib
import http.client
import json
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

from reporter import build
from reporter.build import Request, compute
from reporter.errors import ReportError
from reporter.serve import draft, serving
from tests.workspaces import workspace

TEXT = "# Results\n\nAccuracy {{ runs['one'].test_accuracy | percent }}.\n"
LIMIT_S = 60


@pytest.fixture
def toy(tmp_path):
    """Return a workspace with one run, not computed."""
    return workspace(tmp_path / "toy", sections={"01-results.md": TEXT})


def asked(folder, **more):
    return Request(folder=folder, root=folder / "build", **more)


def ask(address, path="/", method="GET", **headers):
    """Send one request as it stands, and return status, headers and text."""
    host = address.removeprefix("http://").rstrip("/")
    with contextlib.closing(http.client.HTTPConnection(host, timeout=LIMIT_S)) as talk:
        talk.request(method, path, headers=headers)
        answer = talk.getresponse()
        return answer.status, answer.headers, answer.read().decode()


class Listener:
    """Hears the events of one preview."""

    def __init__(self, address):
        host = address.removeprefix("http://").rstrip("/")
        self.talk = http.client.HTTPConnection(host, timeout=LIMIT_S)
        self.talk.request("GET", "/events")
        self.answer = self.talk.getresponse()

    def close(self):
        self.answer.close()
        self.talk.close()

    def until(self, is_it):
        """Return the first event that is meant."""
        last = time.monotonic() + LIMIT_S  # signs of life come for ever
        while time.monotonic() < last:
            line = self.answer.readline()
            assert line, "the preview ended"
            if line.startswith(b"data: ") and is_it(told := json.loads(line[6:])):
                return told
        raise TimeoutError


@contextlib.contextmanager
def preview(folder, **more):
    """Serve a workspace; yield its address and its events, after the first page."""
    with serving(asked(folder), 0, **more) as address:
        listener = Listener(address)
        with contextlib.closing(listener):
            listener.until(lambda told: told["version"] != "none" or told["faults"])
            yield address, listener


def until_page(address, listener, words):
    """Wait until the page says so."""
    if words not in ask(address)[2]:
        listener.until(lambda told: words in ask(address)[2])


def is_well(told):
    return told["version"] != "none" and not told["faults"]


def is_wrong(told):
    return bool(told["faults"])


def section(folder):
    return folder / "sections" / "01-results.md"


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1", "localhost:1"]
)
def test_another_name_is_refused(toy, host):
    """A site whose name leads to this machine reads nothing."""
    with preview(toy) as (address, _):
        port = address.rstrip("/").rpartition(":")[2]
        status, _, text = ask(address, Host=host.format(port=port))
    assert status == 421
    assert "Results" not in text


def test_own_names_are_served(toy):
    """The address as it is printed, and localhost."""
    with preview(toy) as (address, _):
        port = address.rstrip("/").rpartition(":")[2]
        answers = [ask(address), ask(address, Host=f"localhost:{port}")]
    assert [status for status, _, _ in answers] == [200, 200]
    assert all("A tiny report" in text for _, _, text in answers)


def test_request_without_a_name_is_refused(toy):
    """HTTP/1.0 knows none."""
    with preview(toy) as (address, _):
        port = int(address.rstrip("/").rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), LIMIT_S) as talk:
            talk.sendall(b"GET / HTTP/1.0\r\n\r\n")
            assert b" 421 " in talk.makefile("rb").readline()


@pytest.mark.parametrize(
    "path",
    [
        "/report.toml",
        "/../report.toml",
        "/%2e%2e/report.toml",
        "/sections/01-results.md",
        "//etc/passwd",
        "/events/../report.toml",
        "/build/store",
    ],
)
def test_no_file_is_served(toy, path):
    """There is the page, and its events."""
    with preview(toy) as (address, _):
        assert ask(address, path)[0] == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "BREW"])
def test_page_can_only_be_read(toy, method):
    """Nothing is taken."""
    with preview(toy) as (address, _):
        assert ask(address, method=method)[0] == 405


def test_head_has_no_body(toy):
    """HEAD tells how long the page is."""
    with preview(toy) as (address, _):
        status, headers, text = ask(address, method="HEAD")
    assert (status, text) == (200, "")
    assert int(headers["Content-Length"]) > 1000


def test_other_addresses_of_the_machine_are_deaf(toy):
    """Only the loopback interface listens, and only on 127.0.0.1."""
    with preview(toy) as (address, _):
        port = int(address.rstrip("/").rpartition(":")[2])
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.2", port), LIMIT_S)


def test_saved_text_is_told_and_served(toy):
    """One event, then the new page."""
    with preview(toy) as (address, listener):
        before = ask(address)[1]["ETag"]
        section(toy).write_text(TEXT + "\nMore words.\n")
        told = listener.until(lambda told: f'"{told["version"]}"' != before)
        assert "More words." in ask(address)[2]
    assert told["faults"] == []


def test_text_saved_by_rename_is_seen(toy):
    """Many editors write another file and rename it."""
    with preview(toy) as (address, listener):
        before = ask(address)[1]["ETag"]
        (toy / "sections" / ".new").write_text(TEXT + "\nRenamed words.\n")
        (toy / "sections" / ".new").replace(section(toy))
        listener.until(lambda told: f'"{told["version"]}"' != before)
        assert "Renamed words." in ask(address)[2]


def test_section_in_a_new_folder_is_seen(toy):
    """What is watched grows with the report."""
    with preview(toy) as (_, listener):
        (toy / "sections").rename(toy / "aside")
        listener.until(is_wrong)
        (toy / "aside").rename(toy / "sections")
        listener.until(is_well)
        section(toy).write_text("{{ nothing }}")
        assert "'nothing' is undefined" in listener.until(is_wrong)["faults"][0]


def test_report_whose_folder_goes_can_come_back(toy):
    """As when another branch is checked out."""
    with preview(toy) as (_, listener):
        toy.rename(toy.with_name("aside"))
        listener.until(is_wrong)
        toy.with_name("aside").rename(toy)
        listener.until(is_well)


MISTAKES = {
    "{% claim %}\n": "sections/01-results.md:4: template syntax",
    "{{ runs['tow'].test_accuracy }}\n": "sections/01-results.md:4: no run is called 'tow'",
    "See @fig-nowhere.\n": "sections/01-results.md",
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistake_is_told_until_it_is_mended(toy, mistake):
    """With file and line; the page stays."""
    with preview(toy) as (address, listener):
        section(toy).write_text(TEXT + mistake)
        faults = listener.until(is_wrong)["faults"]
        assert any(fault.startswith(MISTAKES[mistake]) for fault in faults)
        assert "Accuracy" in ask(address)[2]
        section(toy).write_text(TEXT)
        listener.until(is_well)


def test_report_that_is_broken_at_the_start_can_be_mended(toy):
    """The first page is empty, and says why."""
    whole = (toy / "report.toml").read_text()
    (toy / "report.toml").write_text("[report\n")
    with preview(toy) as (address, listener):
        assert "<body><script" in ask(address)[2]
        (toy / "report.toml").write_text(whole)
        listener.until(is_well)
        assert "A tiny report" in ask(address)[2]


def test_half_saved_file_stops_nothing(toy):
    """It is told like any mistake, and mended by the next save."""
    with preview(toy) as (_, listener):
        section(toy).write_bytes(b"# Results \xff\n")
        assert "no UTF-8" in listener.until(is_wrong)["faults"][0]
        section(toy).write_text(TEXT)
        listener.until(is_well)


def test_what_nobody_foresaw_stops_nothing(toy, capfd, monkeypatch):
    """It is told in the page, too, with its traceback in the terminal."""
    with preview(toy) as (_, listener):
        monkeypatch.setattr(build, "text_over", lambda *_: 1 / 0)
        section(toy).write_text(f"{TEXT}\nMore.\n")
        assert "ZeroDivisionError" in listener.until(is_wrong)["faults"][0]
        monkeypatch.undo()
        section(toy).write_text(TEXT)
        listener.until(is_well)
    assert "Traceback" in capfd.readouterr().err


def test_nothing_is_computed_unless_asked(toy):
    """A missing result is a box on the page."""
    with preview(toy) as (address, _):
        assert "no stored result" in ask(address)[2]
    assert not any((toy / "build" / "store").iterdir())


def test_result_that_another_process_stores_is_seen(toy):
    """`report run` beside the preview fills the page."""
    with preview(toy) as (address, listener):
        compute(asked(toy))
        until_page(address, listener, 'value="1.0"')


def test_run_computes_what_is_missing_and_what_changed(toy):
    """At the start, and after a save that changes the plan."""
    with preview(toy, computes=True) as (address, listener):
        until_page(address, listener, 'value="1.0"')
        tables = (toy / "report.toml").read_text()
        (toy / "report.toml").write_text(tables + "epochs = 5\n")
        until_page(address, listener, 'value="0.5"')
    assert len(list((toy / "build" / "store").iterdir())) == 2


def test_saved_experiment_is_read_again(toy):
    """A new default is a new plan."""
    with preview(toy, computes=True) as (address, listener):
        until_page(address, listener, 'value="1.0"')
        file = toy / "experiments" / "toy.py"
        file.write_text(file.read_text().replace("epochs: Count = 10", "epochs: Count = 3"))
        until_page(address, listener, 'value="0.3')


def test_failed_run_says_why_on_the_page(toy):
    """As after a build."""
    tables = '\n[runs.two]\nexperiment = "breaks"\n'
    (toy / "report.toml").write_text((toy / "report.toml").read_text() + tables)
    section(toy).write_text("# Results\n\n{{ figure('two.loss', caption='A loss.') }}\n")
    with preview(toy, computes=True) as (address, listener):
        until_page(address, listener, "loss is nan in epoch 1")


def test_end_of_a_preview_stops_its_runs_and_leaves_no_thread(toy):
    """Workers are killed, conversations ended."""
    before = set(threading.enumerate())
    (toy / "report.toml").write_text(
        (toy / "report.toml").read_text() + '\n[runs.two]\nexperiment = "breaks"\nhow = "long"\n'
    )
    running = threading.Event()
    request = asked(toy, watch=lambda event: event.job.run == "two" and running.set())
    with serving(request, 0, computes=True) as address:
        listener = Listener(address)
        assert running.wait(LIMIT_S)
    with contextlib.closing(listener):
        assert listener.answer.read().endswith(b"\n\n")  # not cut, ended
    assert set(threading.enumerate()) <= before


def test_taken_port_is_told_in_one_line(toy):
    """With the remedy."""
    with preview(toy) as (address, _):
        port = int(address.rstrip("/").rpartition(":")[2])
        with (
            pytest.raises(ReportError, match=rf"port {port}: .*in use; choose another with --port"),
            serving(asked(toy), port),
        ):
            pytest.fail("two servers on one port")


def test_text_decides_no_plan(toy):
    """A saved section leaves the plan as it is; report.toml makes a new one."""
    written = draft.Draft(asked(toy))
    planned = written.planned()
    written.forget([section(toy), toy / "abstract.md", toy / "references.bib"])
    assert written.planned() is planned
    written.forget([toy / "report.toml"])
    assert written.planned() is not planned


def test_results_are_read_once_while_they_stay(toy):
    """Loading is what a save need not wait for."""
    compute(asked(toy))
    written = draft.Draft(asked(toy))
    first, second = (written.compose().finished["one"].results[0] for _ in range(2))
    assert first is second
    compute(asked(toy, force=True))
    assert written.compose().finished["one"].results[0] is not first


def test_results_that_the_plan_left_are_forgotten(toy):
    """Memory holds no more than one plan's, and what comes back is read again."""
    compute(asked(toy))
    written = draft.Draft(asked(toy))
    first = written.compose().finished["one"].results[0]
    settings = toy / "report.toml"
    text = settings.read_text()
    longer = text.replace("[runs.one]", "[runs.one]\nepochs = 11")
    assert longer != text
    for meant in (longer, text):
        settings.write_text(meant)
        written.forget([settings])
        results = written.compose().finished["one"].results
    assert results[0] == first
    assert results[0] is not first


def test_interrupt_is_the_end_and_no_failure(toy):
    """Ctrl-C is how a preview ends: exit code 0, and the address was all that it printed."""
    heard = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    command = [sys.executable, "-c", f"{heard}from reporter.cli import main; main()"]
    with subprocess.Popen(
        [*command, "serve", "--port", "0"], cwd=toy, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        address = process.stdout.readline().decode().strip()
        assert ask(address)[0] == 200
        process.send_signal(signal.SIGINT)
        rest = process.communicate(timeout=LIMIT_S)
    assert (process.returncode, rest) == (0, (b"", b""))


LONG = "# Results\n\n{start}\n\n" + "".join(f"Paragraph {n}.\n\n" for n in range(80)) + "{end}\n"
SCROLL = """read => {
  scrollBy({ top: read.getBoundingClientRect().top - 5, behavior: "instant" });
  window.mark = "not loaded again";
}"""
HAS = "words => document.querySelector('main').innerText.includes(words)"


@contextlib.contextmanager
def reading(browser, folder):
    """Show a long section at paragraph 40 in a browser; yield page, and where paragraph 40 is."""
    section(folder).write_text(LONG.format(start="Start.", end="End."))
    with preview(folder) as (address, _), contextlib.closing(browser.new_page()) as page:
        page.goto(address)
        read = page.get_by_text("Paragraph 40.", exact=True)
        read.evaluate(SCROLL)
        yield page, lambda: read.bounding_box()["y"]


def test_reader_keeps_the_place_while_text_above_grows(toy, browser):
    """The paragraph under the eyes stays; nothing is loaded again."""
    with reading(browser, toy) as (page, place):
        before = place()
        section(toy).write_text(LONG.format(start="Longer.\n\n" * 30, end="New end."))
        page.wait_for_function(HAS, arg="New end.")
        assert abs(place() - before) <= 1
        assert page.evaluate("window.mark") == "not loaded again"
        assert page.get_by_text("Longer.").count() == 30
        section(toy).write_text(LONG.format(start="Start.", end="Last end."))
        page.wait_for_function(HAS, arg="Last end.")
        assert abs(place() - before) <= 1


def test_reader_keeps_the_place_when_the_page_is_loaded_again(toy, browser):
    """As for a new heading, which the contents must learn of."""
    with reading(browser, toy) as (page, place):
        before = place()
        start = "Longer.\n\n" * 30 + "## More\n\nStart."
        section(toy).write_text(LONG.format(start=start, end="New end."))
        page.wait_for_function(HAS, arg="New end.")
        page.wait_for_function("document.readyState === 'complete' && !window.mark")
        assert abs(place() - before) <= 1


def test_mistake_lies_over_the_page_until_it_is_mended(toy, browser):
    """File and line are read in the browser; the page below is the last good one."""
    with reading(browser, toy) as (page, place):
        before = place()
        section(toy).write_text(LONG.format(start="{{ nothing }}", end="<b>"))
        fault = page.get_by_role("alert").get_by_text("sections/01-results.md:3: 'nothing'")
        fault.wait_for()
        assert page.get_by_text("Start.", exact=True).count() == 1
        section(toy).write_text(LONG.format(start="Mended.", end="End."))
        fault.wait_for(state="hidden")
        page.wait_for_function(HAS, arg="Mended.")
        assert abs(place() - before) <= 1


def test_browser_finds_nothing_to_complain_of(toy, browser):
    """No error on the console: the page's own policy lets the preview work."""
    with preview(toy) as (address, _), contextlib.closing(browser.new_page()) as page:
        said = []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(address)
        section(toy).write_text(TEXT + "\nMore words.\n")
        page.wait_for_function(HAS, arg="More words.")
        assert [text for text in said if "favicon" not in text] == []


def test_save_while_the_page_is_on_its_way_is_shown(toy, browser):
    """The answer to the first save comes after the second was told, and is not the last."""
    with preview(toy) as (address, listener), contextlib.closing(browser.new_page()) as page:
        page.goto(address)
        held = []

        def hold(route):
            answer = route.fetch()
            if not held:
                held.append(answer)
                section(toy).write_text(TEXT + "\nSecond save.\n")
                until_page(address, listener, "Second save.")
            route.fulfill(response=answer)

        page.route(address, hold)
        section(toy).write_text(TEXT + "\nFirst save.\n")
        page.wait_for_function(HAS, arg="Second save.")
        assert "First save." in held[0].text()
