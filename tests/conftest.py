"""What several test files share: the demo, built once with small stand-ins."""

import os
import shutil
from pathlib import Path
from unittest.mock import patch

import pytest
import torch
from playwright.sync_api import sync_playwright

from reporter import pdf, shipped, trust
from reporter.build import Built, Request, build
from tests import bundles
from tests.browser import chromium
from tests.checking import whole_report

pdf.engine()  # before a test file imports WeasyPrint by itself
os.environ.pop("REPORT_STORE", None)  # tests have stores of their own
torch.set_num_threads(1)  # as a run's worker does: the count changes float sums
DEMO = shipped.folder("templates") / "demo"


@pytest.fixture(scope="session", autouse=True)
def own_answers(tmp_path_factory):
    """Keep which folders are trusted apart from what the user of this machine trusts."""
    os.environ["XDG_STATE_HOME"] = str(tmp_path_factory.mktemp("state"))


@pytest.fixture(scope="session")
def demo_root(tmp_path_factory):
    """Return the build folder of the quick demo."""
    return tmp_path_factory.mktemp("demo") / "build"


@pytest.fixture(scope="session")
def demo(demo_root: Path) -> Built:
    """Return the demo as `report build demo --quick` leaves it."""
    return build(Request(folder=DEMO, root=demo_root, is_quick=True))


@pytest.fixture(scope="session")
def whole(tmp_path_factory):
    """Return a small report that was built, of which nothing is to be mended."""
    return whole_report(tmp_path_factory.mktemp("whole"))


@pytest.fixture
def clean(whole, tmp_path):
    """Return a copy of it, to be broken."""
    folder = tmp_path / "clean"
    shutil.copytree(whole, folder)
    trust.remember(folder)
    return folder


@pytest.fixture(scope="session")
def handed_in(tmp_path_factory):
    """Return a small bundle as `report bundle` writes it, which tries it by another process."""
    with patch("reporter.bundle.writing._insist_made_again", return_value=0.0):
        return bundles.make(tmp_path_factory.mktemp("handed-in"))


@pytest.fixture(scope="session")
def browser():
    """Return a headless Chromium; without one a test skips, or fails where one is required."""
    program = chromium()
    with sync_playwright() as playwright:
        window = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield window
        window.close()
