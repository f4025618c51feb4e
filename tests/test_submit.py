"""A bundle → Canvas, as it documents itself, or an exchange folder."""

import datetime as dt
import zipfile

import pytest

from reporter.errors import DiskError, HandInError, ReportError
from reporter.submission import Canvas as Place
from reporter.submit import exchange, tokens
from reporter.submit.canvas import PAUSES_S, Canvas
from tests.canvas import LIMITED, TOKEN, Course
from tests.canvas import canvas as serving
from tests.commanding import report
from tests.test_bundle_reading import described
from tests.workspaces import COVER

NOW = dt.datetime(2026, 5, 4, 21, 0, tzinfo=dt.timezone(dt.timedelta(hours=2)))


@pytest.fixture
def bundle(tmp_path):
    """Return a file to hand in."""
    file = tmp_path / "dl_0000_a3.zip"
    file.write_bytes(b"PK" + bytes(3000))
    return file


def hand_in(course, file, token=TOKEN, assignment=34):
    """Hand a file in as the command does; return what came of it, and the pauses."""
    pauses = []
    with serving(course) as url:
        place = Place(url=url, course=12, assignment=assignment)
        canvas = Canvas(place, token, wait=pauses.append)
        canvas.insist(file)
        return canvas.hand_in(file), url, pauses


@pytest.mark.parametrize("confirms", ["redirect", "created"])
def test_a_bundle_is_handed_in_in_three_steps(bundle, confirms):
    """The third step is called with the token, the second never is; the submission is named."""
    course = Course(confirms=confirms)
    receipt, url, _ = hand_in(course, bundle)
    assert receipt.where == f"{url}/courses/12/assignments/34/submissions/77"
    assert (receipt.attempt, receipt.when, receipt.is_late) == (1, "2026-05-04T20:00:00Z", False)
    assert course.files[500] == (bundle.name, bundle.read_bytes())
    assert course.submissions == [[500]]
    steps = [step.split()[1] for step in course.asked]
    assert [one for one in steps if one != "mine"] == [
        "assignment",
        "announce",
        "upload",
        "confirm",
        "submit",
    ]


def test_a_second_attempt_is_counted(bundle):
    """What was handed in before stays; Canvas counts."""
    course = Course(files={400: ("old.zip", b"x")}, submissions=[[400]])
    receipt, _, _ = hand_in(course, bundle)
    assert receipt.attempt == 2
    assert course.submissions == [[400], [501]]


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"allowed_extensions": ["docx"]}, r"'Saliency' takes \.docx, not \.zip$"),
        (
            {"allowed_extensions": ["PDF", "docx"]},
            r"takes \.pdf, \.docx, not \.zip; hand in the PDF alone with --pdf$",
        ),
        ({"submission_types": ["online_url"]}, "takes no files; look there how"),
        (
            {"locked_for_user": True, "lock_explanation": "Closed on\nMonday."},
            r"is closed: Closed on Monday\.; ask the course$",
        ),
        ({"allowed_attempts": 1}, "was handed in 1 times, as often as it may be"),
    ],
)
def test_what_an_assignment_does_not_take_is_told_before_anything_is_sent(bundle, said, message):
    """Extension, kind, lock, attempts."""
    course = Course(assignment=said, files={400: ("a", b"")}, submissions=[[400]])
    with pytest.raises(ReportError, match=message) as caught:
        hand_in(course, bundle)
    assert not isinstance(caught.value, HandInError)
    assert "POST announce" not in course.asked


def test_an_expired_token_is_told_and_never_shown(bundle):
    """One line without the token."""
    with pytest.raises(ReportError, match="the access token is wrong or has expired") as caught:
        hand_in(Course(), bundle, token="7~expired")
    assert "7~" not in str(caught.value)


def test_a_wrong_number_is_told(bundle):
    """Course and assignment, as they were asked for."""
    with pytest.raises(ReportError, match="no course 12, assignment 35; compare with the"):
        hand_in(Course(), bundle, assignment=35)


def test_a_file_that_is_too_large_is_told(bundle):
    """In Canvas's words; nothing is handed in."""
    course = Course(quota=100)
    with pytest.raises(HandInError, match=r"file size exceeds quota limits.*nothing was handed in"):
        hand_in(course, bundle)
    assert course.submissions == []


def test_canvas_that_asks_for_patience_gets_it(bundle):
    """403 (Rate Limit Exceeded) and 429 are waited for, at any step."""
    course = Course(
        fails={
            "GET assignment": [LIMITED],
            "POST announce": [(429, "{}"), LIMITED],
            "POST submit": [LIMITED],
        }
    )
    receipt, _, pauses = hand_in(course, bundle)
    assert receipt.attempt == 1
    assert pauses == [PAUSES_S[0], *PAUSES_S[:2], PAUSES_S[0]]


def test_canvas_that_never_stops_asking_is_given_up(bundle):
    """After as many attempts as there are pauses."""
    course = Course(fails={"POST announce": [LIMITED] * 9})
    with pytest.raises(HandInError, match=r"Rate Limit Exceeded.*nothing was handed in"):
        hand_in(course, bundle)
    assert course.asked.count("POST announce") == len(PAUSES_S) + 1


@pytest.mark.parametrize("step", ["POST announce", "POST upload", "GET confirm", "GET mine"])
@pytest.mark.parametrize("how", ["lost", "deaf"])
def test_a_lost_connection_is_taken_up_again(bundle, step, how):
    """Before the submission names a file, all may be done twice."""
    course = Course(fails={step: [how]})
    receipt, _, _ = hand_in(course, bundle)
    assert receipt.attempt == 1
    assert len(course.submissions) == 1


def test_a_submission_whose_answer_was_lost_is_looked_up(bundle):
    """It is not handed in twice."""
    course = Course(fails={"POST submit": ["deaf"]})
    receipt, _, _ = hand_in(course, bundle)
    assert receipt.attempt == 1
    assert course.asked.count("POST submit") == 1


def test_a_submission_that_was_lost_is_told(bundle):
    """Canvas does not list the file."""
    course = Course(fails={"POST submit": ["lost"]})
    with pytest.raises(HandInError, match=r"Canvas does not list dl_0000_a3\.zip; submit again"):
        hand_in(course, bundle)


def test_a_submission_that_holds_another_file_is_told(bundle):
    """Canvas has a new attempt, but of a file with another size."""
    course = Course(loses=1)
    with pytest.raises(HandInError, match=r"dl_0000_a3\.zip is not whole there; submit again"):
        hand_in(course, bundle)


def test_a_connection_that_stays_lost_is_told(bundle):
    """Nothing was handed in, and the line says so."""
    course = Course(fails={"POST upload": ["lost"] * 9})
    with pytest.raises(HandInError, match="lost; nothing was handed in: submit again"):
        hand_in(course, bundle)


def test_a_server_that_is_no_canvas_is_told(bundle):
    """It answers, but not so."""
    course = Course(fails={"GET assignment": [(200, "<html>welcome</html>")]})
    with pytest.raises(ReportError, match="does not answer as a Canvas does"):
        hand_in(course, bundle)


def test_a_token_is_never_sent_in_clear():
    """Only to a loopback address."""
    with pytest.raises(ReportError, match="should begin with https://"):
        Canvas(Place(url="http://canvas.example.edu", course=1, assignment=2), "t")


def test_a_token_comes_from_the_environment_or_the_keyring(monkeypatch):
    """In this order; where there is neither, the line says how to make one."""
    import keyring
    from keyring.backend import KeyringBackend

    class Ring(KeyringBackend):
        priority = 1

        def get_password(self, service, username):
            return {("reporter", "canvas.example.edu"): "kept"}.get((service, username))

        def set_password(self, service, username, password):
            raise NotImplementedError

    before = keyring.get_keyring()
    keyring.set_keyring(Ring())
    try:
        monkeypatch.delenv("CANVAS_API_TOKEN", raising=False)
        assert tokens.token("canvas.example.edu") == "kept"
        with pytest.raises(ReportError, match=r"set CANVAS_API_TOKEN, or keep it with `keyring"):
            tokens.token("other.example.edu")
        monkeypatch.setenv("CANVAS_API_TOKEN", " said\n")
        assert tokens.token("canvas.example.edu") == "said"
    finally:
        keyring.set_keyring(before)


def test_a_machine_without_keyring_asks_for_the_variable(monkeypatch):
    """As on most servers."""
    import keyring
    from keyring.backends.fail import Keyring

    before = keyring.get_keyring()
    keyring.set_keyring(Keyring())
    try:
        monkeypatch.delenv("CANVAS_API_TOKEN", raising=False)
        with pytest.raises(ReportError, match="no access token for canvas"):
            tokens.token("canvas.example.edu")
    finally:
        keyring.set_keyring(before)


def test_an_exchange_folder_gets_the_bundle_in_a_folder_of_its_own(bundle, tmp_path):
    """With moment and digest, so that nobody's is in the way; its name is the course's."""
    folder = tmp_path / "inbound"
    folder.mkdir()
    receipt = exchange.hand_in(bundle, folder, NOW)
    (attempt,) = folder.iterdir()
    assert attempt.name.startswith("dl_0000_a3+2026-05-04T210000+0200+")
    assert receipt.where == str(attempt / "dl_0000_a3.zip")
    assert (attempt / "dl_0000_a3.zip").read_bytes() == bundle.read_bytes()


def test_a_missing_exchange_folder_is_not_made(bundle, tmp_path):
    """Nobody would look there."""
    with pytest.raises(ReportError, match="no such folder; ask where the course collects"):
        exchange.hand_in(bundle, tmp_path / "inbuond", NOW)


def test_an_exchange_folder_that_refuses_is_told(bundle, tmp_path, monkeypatch):
    """The disk's reason in one line."""
    folder = tmp_path / "inbound"
    folder.mkdir()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("reporter.files.flush", full)
    with pytest.raises(DiskError, match="inbound"):
        exchange.hand_in(bundle, folder, NOW)
    assert list(folder.iterdir()) == []


REPORT = """\
[submission]
archive = "dl_{id}_a3"
"""
ON_CANVAS = """\
canvas = {{ url = "{}", course = 12, assignment = 34 }}
"""


def append(file):
    """Change a file by a comment."""
    file.write_text(f"{file.read_text()}# more\n")


def bundled(folder, *, more="", unmet=()):
    """Write a workspace with a bundle of its report.toml and PDF; return where the bundle lies."""
    cover = COVER.replace("date", 'authors = [{ name = "A. Example", id = "0000" }]\ndate')
    folder.mkdir(parents=True)
    (folder / "report.toml").write_text(f"{cover}{REPORT}{more}")
    output = folder / "build" / "tiny"
    output.mkdir(parents=True)
    (output / "report.pdf").write_bytes(b"%PDF")
    files = {"report.toml": (folder / "report.toml").read_bytes(), "report.pdf": b"%PDF"}
    entry = "build/store/key/manifest.json"  # a bundled one names no network
    (folder / entry).parent.mkdir(parents=True)
    (folder / entry).write_bytes(b"with network")
    files[entry] = b"without network"
    with zipfile.ZipFile(output / "dl_0000_a3.zip", "w") as archive:
        for name, content in {**files, "manifest.json": described(files, unmet=unmet)}.items():
            archive.writestr(name, content)
    return output / "dl_0000_a3.zip"


def test_the_command_hands_in_on_the_assignments_canvas(tmp_path, monkeypatch):
    """The submission's address goes to stdout, what was sent and when to stderr."""
    monkeypatch.setenv("CANVAS_API_TOKEN", TOKEN)
    course = Course(assignment={"due_at": "2026-05-04T21:59:00Z"})
    with serving(course) as url:
        archive = bundled(tmp_path / "hw", more=ON_CANVAS.format(url))
        code, out, err = report(tmp_path / "hw", "submit", "--yes")
        assert (code, out) == (0, f"{url}/courses/12/assignments/34/submissions/77\n")
    assert "dl_0000_a3.zip, 0.0 MB → http" in err
    assert "assignments/34, due 2026-05-04T21:59:00Z" in err
    assert "handed in 2026-05-04T20:00:00Z, attempt 1\n" in err
    assert course.files[500] == (archive.name, archive.read_bytes())


def test_the_command_hands_in_the_pdf_alone(tmp_path, monkeypatch):
    """Where an assignment takes no archive."""
    monkeypatch.setenv("CANVAS_API_TOKEN", TOKEN)
    course = Course(assignment={"allowed_extensions": ["pdf"]})
    with serving(course) as url:
        bundled(tmp_path / "hw", more=ON_CANVAS.format(url))
        code, _, err = report(tmp_path / "hw", "submit", "--yes")
        assert code == 2
        assert "takes .pdf, not .zip; hand in the PDF alone with --pdf" in err
        code, _, _ = report(tmp_path / "hw", "submit", "--yes", "--pdf")
    assert code == 0
    assert course.files[500] == ("report.pdf", b"%PDF")


def test_nothing_is_handed_in_without_consent(tmp_path, monkeypatch):
    """Where nobody can be asked, --yes is needed; nothing is sent before."""
    monkeypatch.setenv("CANVAS_API_TOKEN", TOKEN)
    course = Course()
    with serving(course) as url:
        bundled(tmp_path / "hw", more=ON_CANVAS.format(url))
        code, _, err = report(tmp_path / "hw", "submit")
    assert code == 2
    assert "handing in can't be undone; agree with --yes" in err
    assert course.files == {}


def test_the_command_hands_in_into_a_folder(tmp_path):
    """And tells what the bundle passed over."""
    finding = {"where": "report.pdf", "message": "6 pages of at most 5"}
    bundled(tmp_path / "hw", unmet=(finding,))
    (tmp_path / "inbound").mkdir()
    code, out, err = report(tmp_path / "hw", "submit", "--yes", "--to", str(tmp_path / "inbound"))
    assert code == 0
    assert out.startswith(f"{tmp_path}/inbound/dl_0000_a3+")
    assert "unmet    report.pdf: 6 pages of at most 5\n" in err


def test_without_a_place_the_command_says_what_to_do_by_hand(tmp_path):
    """Nothing was handed in, so the exit code is 1."""
    archive = bundled(tmp_path / "hw")
    code, out, _ = report(tmp_path / "hw", "submit")
    assert code == 1
    assert f"1. Upload {archive} (SHA-256 " in out


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda at: at.unlink(), "no bundle there; make it by `report bundle`"),
        (lambda at: at.write_bytes(at.read_bytes()[:-9]), "dl_0000_a3.zip"),
        (
            lambda at: append(at.parents[2] / "report.toml"),
            "report.toml was changed since the bundle was made; make it by",
        ),
        (
            lambda at: [
                (at.parents[2] / "sections").mkdir(),
                (at.parents[2] / "sections" / "01-new.md").write_text("# New\n"),
            ],
            "01-new.md was changed since the bundle was made",
        ),
    ],
)
def test_what_is_not_the_bundle_of_today_is_not_handed_in(tmp_path, spoil, message):
    """Missing, damaged, or of other sources."""
    spoil(bundled(tmp_path / "hw"))
    (tmp_path / "inbound").mkdir()
    code, _, err = report(tmp_path / "hw", "submit", "--yes", "--to", str(tmp_path / "inbound"))
    assert code == 2
    assert message in err
    assert list((tmp_path / "inbound").iterdir()) == []


def test_another_pdf_than_the_bundles_is_not_handed_in(tmp_path):
    """A PDF that was built since."""
    archive = bundled(tmp_path / "hw")
    archive.with_name("report.pdf").write_bytes(b"%PDF-2")
    (tmp_path / "inbound").mkdir()
    words = ("submit", "--yes", "--pdf", "--to", str(tmp_path / "inbound"))
    code, _, err = report(tmp_path / "hw", *words)
    assert code == 2
    assert "report.pdf: is not the one of the bundle" in err
