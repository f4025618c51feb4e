"""A good bundle → bundles with one defect each, every digest in them mended.

By hand: `python -m tests.planted FOLDER` writes good/ and a folder for each defect; then
`report verify FOLDER` should find all but the good one.
"""

import json
import os
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pikepdf

from reporter import keys
from reporter.plain import dump
from tests.bundles import UNMENDED, Bundle, draw, make, opened, place, swap, write

DEFECTS: dict[str, tuple[Callable[[Bundle], None], str, str]] = {}


def defect(check: str, told: str) -> Callable:
    """Name a defect by its function: the check that finds it, and the line that says so."""

    def known(plant: Callable[[Bundle], None]) -> Callable:
        DEFECTS[plant.__name__.replace("_", " ")] = (plant, check, told)
        return plant

    return known


def member(name: str, mode: int = 0o100644) -> zipfile.ZipInfo:
    """Return a file of a zip with a name and mode of any kind."""
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr = 3, mode << 16
    return info


@defect("pdf", r"report\.pdf, page \d: “is 91\.0 %” where the results give “is 81\.0 %”")
def number_in_the_pdf(one: Bundle) -> None:
    """Set the page again with another number; every other file has the true one."""
    one.print_again(one.files["report.html"].decode().replace("81.0", "91.0"))


@defect("html", "report.html: “is 91.0 %” where sources and store give “is 81.0 %”")
def number_in_the_html(one: Bundle) -> None:
    one.edit("report.html", "81.0", "91.0")


@defect("results", r"results\.json, runs\.full\.results\[0\]\.test_accuracy\.value: 0\.91 where")
def number_in_the_results(one: Bundle) -> None:
    plain = json.loads(one.files["results.json"])
    plain["runs"]["full"]["results"][0]["test_accuracy"]["value"] = 0.91
    one.files["results.json"] = dump(plain)


@defect("results", r"results\.json: is no table of JSON, or names a thing twice")
def two_numbers_of_one_name(one: Bundle) -> None:
    """One reader of JSON takes the first, another the last."""
    one.edit("results.json", '"test_accuracy"', '"test_accuracy": {"value": 0.99}, "test_accuracy"')


@defect("tables", r"tables/full\.course\.csv: line 3, value: '0\.9' where the store gives '0\.2'")
def number_in_a_table(one: Bundle) -> None:
    one.edit("tables/full.course.csv", "0,2,0.2", "0,2,0.9")


@defect("pdf", r"report\.pdf, page \d: “.*91\.0” is more than the results give$")
def another_number_over_the_number(one: Bundle) -> None:
    """Cover the number by white, and write over it."""
    box = "1 1 1 rg {0} {1} {2} {3} re f 0 g BT /Other 9 Tf {0} {1} Td (91.0) Tj ET"
    draw(one, box)


@defect("pdf", r"report\.pdf, page \d: “.*91\.0” is more than the results give; .*: hidden text")
def hidden_number(one: Bundle) -> None:
    """Write what nobody sees, and a search finds."""
    draw(one, "BT /Other 9 Tf 3 Tr {0} {1} Td (91.0) Tj ET")


@defect("pdf", r"report\.pdf, page \d: at “81\.0.*” its picture differs")
def covered_number(one: Bundle) -> None:
    """Draw a white box over the number, which stays."""
    draw(one, "1 1 1 rg {0} {1} {2} {3} re f")


@defect("pdf", r"report\.pdf: has .*/Subtype /Square")
def note_over_the_number(one: Bundle) -> None:
    def stick(found: pikepdf.Pdf) -> None:
        page = place(found, "81.0")[0]
        note = pikepdf.Dictionary(
            Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Square, Rect=[60, 400, 300, 700], IC=[1]
        )
        page.Annots = pikepdf.Array([*page.get("/Annots", []), found.make_indirect(note)])

    one.redraw(stick)


@defect("pdf", r"page \d of the results is missing")
def deleted_page(one: Bundle) -> None:
    one.redraw(lambda found: found.pages.remove(place(found, "81.0")[0]))


@defect("pdf", r"report\.pdf, attachment results\.json: is not what the results give")
def attachment_of_the_pdf(one: Bundle) -> None:
    def change(found: pikepdf.Pdf) -> None:
        held = found.attachments["results.json"].get_file().read_bytes()
        del found.attachments["results.json"]
        found.attachments["results.json"] = held.replace(b"0.81", b"0.91")

    one.redraw(change)


@defect("html", r"report\.html, fig-full: is not drawn from what sources and store give")
def swapped_figures(one: Bundle) -> None:
    """Show each of two figures in the other's place, with the captions that were there."""
    swap(one, "report.html")


@defect("pdf", r"report\.pdf, page \d: .*its picture differs|report\.pdf, page \d: “")
def swapped_figures_in_the_pdf(one: Bundle) -> None:
    kept = one.files["report.html"]
    swap(one, "report.html")
    one.print_again(one.files["report.html"].decode())
    one.files["report.html"] = kept


@defect("claims", r"results\.json, claims\[0\]\.reading: “.*91\.0.*” where")
def text_of_a_claim(one: Bundle) -> None:
    plain = json.loads(one.files["results.json"])
    plain["claims"][0]["reading"] = plain["claims"][0]["reading"].replace("81.0", "91.0")
    one.files["results.json"] = dump(plain)


@defect("rules", r"the section introduction is required, and there is none")
def removed_section(one: Bundle) -> None:
    """Leave a required section out, and make everything again."""
    del one.files["sections/01-introduction.md"]
    one.remake()


@defect("rules", r"ai-use")
def missing_statement_on_ai(one: Bundle) -> None:
    one.files["sections/03-ai-use.md"] = b"# AI use\n\nNone.\n"
    one.remake()


@defect("files", r"final\.pdf: is no part of a bundle")
def renamed_file(one: Bundle) -> None:
    one.files["final.pdf"] = one.files.pop("report.pdf")


@defect("files", r"requirements\.txt: does not ask for the versions that manifest\.json names")
def another_program_to_install(one: Bundle) -> None:
    one.files["requirements.txt"] += b"not-weasyprint==1\n"


@defect("rules", r"AML_123_a3\.zip has [\d,]+ bytes, 8,000,000 \(8 MB\) at most")
def too_large(one: Bundle) -> None:
    one.files["outputs/more.csv"] = b"0," * 4_000_000


@defect("rules", r"notes\.ipynb is handed in, and \*\.ipynb is forbidden")
def forbidden_file(one: Bundle) -> None:
    one.files["notes.ipynb"] = b"{}"


@defect("rules", r"the archive is called 'mine\.zip' where 'AML_123_a3\.zip' is asked for")
def wrong_name(one: Bundle) -> None:
    one.name = "mine.zip"


@defect(
    "files", r"manifest\.json: of B\. Example \(456\) where report\.toml has A\. Example \(123\)"
)
def manifest_of_another_author(one: Bundle) -> None:
    one.manifest(authors=[{"name": "B. Example", "id": "456"}])


@defect("runs", r"report\.lock, run full: epochs = 8 where report\.toml has 9: a stale result")
def stale_result(one: Bundle) -> None:
    """Ask for another run, and show the old one."""
    one.edit("report.toml", "epochs = 8", "epochs = 9")
    one.remake()


@defect("runs", r"report\.lock, run full: epochs = 8 where the default is 6: a stale result")
def stale_result_of_a_default(one: Bundle) -> None:
    one.edit("report.toml", "epochs = 8\n", "")


@defect("runs", r"report\.lock, run full \(seed 0\): its key is not that of its parameters")
def stale_result_with_its_lock_mended(one: Bundle) -> None:
    one.edit("report.toml", "epochs = 8", "epochs = 9")
    one.edit("report.lock", '"epochs": 8', '"epochs": 9')
    one.remake()


@defect("runs", r"report\.lock, run full: epochs = 2 where report\.toml has 8: a stale result")
def quick_build(one: Bundle) -> None:
    """Hand in a quick result as a whole one: key, name of its entry and notes are mended."""
    lock = json.loads(one.files["report.lock"])
    (job,) = [job for job in lock["jobs"] if job["run"] == "full"]
    before = one.entry("full")
    job["parameters"]["epochs"] = 2
    known = {name: job[name] for name in ("experiment", "parameters", "seed")}
    job["key"] = keys.key(**known, code=lock["code"]["toy"], needs=())
    one.files["report.lock"] = dump(lock, sort_keys=False)
    for name in [name for name in one.files if name.startswith(before)]:
        one.files[name.replace(before, one.entry("full"))] = one.files.pop(name)
    one.remake()


@defect("results", r"results\[0\]\.test_accuracy\.value: 0\.81 where sources and store give 0\.91")
def stored_result(one: Bundle) -> None:
    """Change what is stored, with its own digest mended."""
    path = f"{one.entry('full')}result.json"
    value = json.loads(one.files["results.json"])["runs"]["full"]["results"][0]["test_accuracy"]
    plain = json.loads(one.files[path])
    assert plain["test_accuracy"]["value"] == value["value"]
    plain["test_accuracy"]["value"] = 0.91
    one.files[path] = dump(plain)


@defect("runs", r"build/store/.*…/result\.json: is not what was stored; result of full")
def stored_result_without_its_digest(one: Bundle) -> None:
    stored_result(one)
    one.files[UNMENDED] = b""


@defect("runs", r"experiments/toy\.py: .*toy is not the code that its result was computed by")
def injected_code(one: Bundle) -> None:
    """Make the experiment look better than the one that was run."""
    one.edit("experiments/toy.py", "rate * (e + 0.1)", "rate * (e + 0.2)")


@defect("files", r"build/figures/.*: is no part of a bundle")
def drawn_figures(one: Bundle) -> None:
    """Bring figures along that a build would take for those that it drew."""
    one.files["build/figures/a.svg"] = b"<svg/>"


@defect("opened", r"outside\.txt' leads out of it|outside\.txt")
def path_out_of_the_bundle(one: Bundle) -> None:
    one.more.append((member("../outside.txt"), b"x"))


@defect("opened", r"link")
def link(one: Bundle) -> None:
    one.more.append((member("sections/04-more.md", 0o120777), b"/etc/hostname"))


@defect("opened", r"'report\.html' is there twice")
def file_there_twice(one: Bundle) -> None:
    one.more.append((member("report.html"), one.files["report.html"].replace(b"81.0", b"91.0")))


@defect("opened", r"can't be read as a bundle|no zip")
def torn_archive(one: Bundle) -> None:
    one.end = 20_000


def main(folder: Path) -> None:
    """Write the good bundle and every defect below a folder."""
    os.environ["XDG_STATE_HOME"] = str(folder / ".state")
    good = make(folder / "good")
    for name, (plant, _, _) in DEFECTS.items():
        one = opened(good)
        plant(one)
        sys.stdout.write(f"{write(one, folder / name.replace(' ', '-'))}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
