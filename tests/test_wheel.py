"""The installed wheel, in an empty folder and without the repository."""

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def command(tmp_path_factory):
    """Return `report` of a new environment that has the wheel and this one's libraries."""
    place = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(place)]
    subprocess.run([*build, str(ROOT)], check=True, capture_output=True)
    venv.create(place / "env", with_pip=True)
    python = place / "env" / "bin" / "python"
    (wheel,) = place.glob("*.whl")
    install = [str(python), "-m", "pip", "install", "--quiet", "--no-deps", str(wheel)]
    subprocess.run(install, check=True, capture_output=True)
    answer = subprocess.run(
        [str(python), "-c", "import sysconfig; print(sysconfig.get_paths()['purelib'])"],
        check=True,
        capture_output=True,
        text=True,
    )
    libraries = sysconfig.get_paths()["purelib"]
    (Path(answer.stdout.strip()) / "libraries.pth").write_text(libraries + "\n")
    return place / "env" / "bin" / "report"


def test_wheel_builds_a_report_in_an_empty_folder(command, tmp_path):
    """`report init hw3 && cd hw3 && report build --quick` needs nothing else."""
    quiet = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "REPORT_STORE")}
    subprocess.run([command, "init", "hw3"], cwd=tmp_path, env=quiet, check=True)
    folder = tmp_path / "hw3"
    done = subprocess.run(
        [command, "build", "--quick"],
        cwd=folder,
        env=quiet,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    pdf = folder / "build" / "demo@quick" / "report.pdf"
    assert done.stdout.splitlines()[-1] == str(pdf)
    assert pdf.read_bytes().startswith(b"%PDF-")
    where = [str(command.with_name("python")), "-c", "import reporter; print(reporter.__file__)"]
    found = subprocess.run(where, cwd=folder, env=quiet, capture_output=True, text=True, check=True)
    assert str(command.parent.parent) in found.stdout
