"""Commands of a newcomer, really typed → the tour in README.md, with what each printed.

python docs/tour.py [--write]      # make tour; a build of the demo, a minute or two
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

README = Path(__file__).resolve().parents[1] / "README.md"
MARKS = "<!-- tour -->\n", "<!-- /tour -->\n"
LONGEST = 6  # lines of one command's output; of more the first and the last are shown
WIDEST = 110  # letters of a line
AUTHOR = '"A. Example", id = "0000", email = "a@example.org"'
STEPS: tuple[tuple[str, str], ...] = (
    ("", "report init hw3 && cd hw3"),
    (
        "Whose it is, and what the course asks, stands in `report.toml`:",
        f"""sed -i 's/{AUTHOR}/"A. Student", id = "40117"/' report.toml""",
    ),
    ("", "report rules"),
    ("", "report build"),
    ("", "report check"),
    ("", "report bundle"),
    ("", "mkdir ../inbound && report submit --to ../inbound --yes"),
    (
        "Whoever receives it makes it again from its own sources and compares:",
        "report verify ../inbound",
    ),
)


def main() -> None:
    """Take the tour; print it, or write it into README.md."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--write", action="store_true")
    with tempfile.TemporaryDirectory() as scratch:
        text = tour(Path(scratch))
    sys.stdout.write(text)
    if options.parse_args().write:
        before, start, rest = README.read_text(encoding="utf-8").partition(MARKS[0])
        _, end, after = rest.partition(MARKS[1])
        if not end:
            sys.exit(f"{README}: no {MARKS[0].strip()} … {MARKS[1].strip()}")
        README.write_text(before + start + text + end + after, encoding="utf-8")


def tour(folder: Path) -> str:
    """Type every command in one shell after the other; return them with their output."""
    environment = {name: v for name, v in os.environ.items() if not name.startswith("REPORT")}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    environment["HOME"] = environment["XDG_STATE_HOME"] = str(folder)
    environment["COLUMNS"] = str(WIDEST)
    blocks = []
    for number, (said, command) in enumerate(STEPS):
        done = subprocess.run(  # noqa: S603 - the commands above
            ["bash", "-c", command],  # noqa: S607 - the user's
            cwd=folder / "hw3" if number else folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode:
            sys.exit(f"{command}: exit code {done.returncode}\n{done.stdout}")
        output = shortened(done.stdout.replace(f"{folder}/", ""))
        blocks.append(f"{said}\n\n" * bool(said) + f"```\n$ {command}\n{output}```\n")
    return "\n".join(blocks)


def shortened(output: str) -> str:
    """Return what was printed without runs of blanks at ends, long output with a gap."""
    lines = [re.sub(r"\s+$", "", line) for line in output.splitlines()]
    lines = [line for line in lines if line.strip(" ─")]
    if len(lines) > 2 * LONGEST:
        lines = [*lines[: LONGEST // 2], "…", *lines[-LONGEST:]]
    return "".join(f"{line}\n" for line in lines)


if __name__ == "__main__":
    main()
