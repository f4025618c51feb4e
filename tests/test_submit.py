"""A bundle → Canvas, as it documents itself, or an exchange folder."""

import datetime as dt
import warnings

import pytest

from reporter.errors import DiskError, HandInError, ReportError
from reporter.submit import exchange, tokens
from reporter.submit.canvas import PAUSES_S, Canvas, Place
from tests.canvas import LIMITED, TOKEN, Course
from tests.canvas import canvas as serving

NOW = dt.datetime(2026, 5, 4, 21, 0, tzinfo=dt.timezone(dt.timedelta(hours=2)))


@pytest.fixture(autouse=True)
def quiet():
    """canvasapi warns of http, which only a loopback address may have."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Canvas may respond unexpectedly")
        yield


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


def test_an_exchange_folder_gets_the_bundle_under_a_name_of_its_own(bundle, tmp_path):
    """With moment and digest, so that nobody's file is in the way."""
    folder = tmp_path / "inbound"
    folder.mkdir()
    receipt = exchange.hand_in(bundle, folder, NOW)
    (written,) = folder.iterdir()
    assert receipt.where == str(written)
    assert written.name.startswith("dl_0000_a3+2026-05-04T210000+0200+")
    assert written.read_bytes() == bundle.read_bytes()


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
