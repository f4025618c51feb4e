"""What tells of a machine or a person: in texts, code, results and pictures."""

from pathlib import Path

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from reporter.artifacts import Result, Text
from reporter.check.identity import Machine, leaks
from reporter.store import Store
from tests.checking import add, change, found, looked_at
from tests.workspaces import TOY

ELSEWHERE = Machine(names=("heronbox", "quillfeather"), home=Path("/srv/quillfeather"))


def of_machine(folder):
    """Return what tells of a machine that we are not on."""
    return [f"{one.where}: {one.message}" for one in leaks(looked_at(folder), ELSEWHERE)]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("In /home/quinn/data.", "the path of a machine, /home/quinn"),
        ("In (/Users/quinn).", "the path of a machine, /Users/quinn"),
        (r"In `C:\Users\quinn\x`.", r"the path of a machine, C:\Users\quinn"),
        ("In /srv/quillfeather/x.", "the path of a machine, /srv/quillfeather"),
        ("By Quillfeather.", "the name of this machine or its user, Quillfeather"),
        ("On heronbox, twice:\nheronbox.", "the name of this machine or its user, heronbox"),
        ("Ask quinn@uni.edu.", "the e-mail address quinn@uni.edu"),
    ],
)
def test_what_tells_of_machine_or_person_is_told(clean, text, told):
    """With file and line of the first place; a copy in results.json is told, too."""
    line = add(clean, text)
    assert [one.partition(" (and")[0] for one in of_machine(clean)] == [
        f"sections/01-results.md:{line}: {told}"
    ]


@pytest.mark.parametrize(
    "text",
    [
        "At https://host.org/home/quinn, in /home/user/x and /homes/quinn.",
        "The quillfeathers; pre-heronbox-like.",
        "Mail a@example.org, git@github.com, and features@weights.mean.",
    ],
)
def test_what_tells_of_nobody_is_left_alone(clean, text):
    """Addresses of the web, examples, parts of words."""
    add(clean, text)
    assert of_machine(clean) == []


def test_authors_and_cited_names_are_no_leaks(clean):
    """They stand in the report on purpose; common words are nobody's names."""
    change(
        clean / "report.toml",
        "\ndate",
        '\nauthors = [{ name = "Quillfeather Quinn", email = "quinn@uni.edu" }]\ndate',
    )
    bib = "@misc{h, author = {Heronbox, A.}, title = {T}, year = 2001}\n"
    (clean / "references.bib").write_text(bib)
    add(clean, "quillfeather, heronbox [@h] and quinn@uni.edu; a student on a desktop.")
    common = Machine(names=("student", "desktop", "quillfeather", "heronbox"), home=Path("/"))
    assert leaks(looked_at(clean), common) == []


def test_experiments_lock_and_results_are_looked_through(clean):
    """Each by its own name; the workspace's own path is found whatever it is."""
    code = clean / "experiments" / "toy.py"
    code.write_text(f"{TOY}\nHERE = '/home/quinn/data'\nKEPT = '/home/quinn'  # kept\n")
    (clean / "build" / "tiny" / "results.json").write_text(f'{{"runs": {{}},\n"a": "{clean}/x"}}')
    places = [one for one in found(clean, "identity") if "results" in one or "toy.py" in one]
    assert places == [
        (
            f"experiments/toy.py:{TOY.count(chr(10)) + 2}: the path of a machine, /home/quinn "
            "(and in 1 more lines); write a path relative to the report"
        ),
        (
            f"build/tiny/results.json:2: the path of a machine, {clean}; "
            "see which run or text says so, then build again"
        ),
    ]


def test_what_a_run_returned_is_looked_through_though_nothing_shows_it(clean):
    """The stored result is handed in with the report; what the report shows is told there."""
    store = Store(clean / "build" / "store")
    (key,) = [path.name for path in store.root.iterdir()]
    stored = store.load(key)
    printed = Text(body="read /home/quinn/a, wrote /Users/quinn/b", language="text")
    store.save(key, Result({**stored.result, "printed": printed}), stored.record)
    add(clean, "In /Users/quinn.")
    assert of_machine(clean)[1:] == [
        "report.toml:6: the path of a machine, /home/quinn, in the stored printed of run one"
    ]


def test_metadata_of_pictures_are_looked_through(clean):
    """Position, camera and author, in Exif, XMP and texts of PNG."""
    assert of_machine(clean) == []
    exif = Image.Exif()
    exif[0x013B] = "Quinn"
    exif.get_ifd(0x8769)[0xA431] = "123456"
    exif.get_ifd(0x8825)[1] = "N"
    xmp = b'<rdf:Description photoshop:Credit="Q. Uinn" exif:GPSLatitude="1,2N"/>'
    Image.new("RGB", (8, 8)).save(clean / "grey.jpg", exif=exif, xmp=xmp)
    texts = PngInfo()
    texts.add_text("Author", "Quinn")
    texts.add_text("Source", "/home/quinn/grey.png")
    Image.new("RGB", (8, 8)).save(clean / "grey.png", pnginfo=texts)
    add(clean, "![grey](grey.jpg)")
    assert sorted(of_machine(clean)) == [
        "grey.jpg: an author, Q. Uinn, in its metadata",
        "grey.jpg: an author, Quinn, in its metadata",
        "grey.jpg: the place where it was taken, in its metadata",
        "grey.jpg: the serial number of a camera, 123456, in its metadata",
        "grey.png: an author, Quinn, in its metadata",
        "grey.png: the path of a machine, /home/quinn, in its metadata",
    ]
