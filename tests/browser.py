"""Where a browser is found for the tests that need one."""

import os
import shutil

import pytest


def chromium() -> str:
    """Return the browser's path; without one a test skips, or fails if REPORTER_BROWSER says so."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program:
        return program
    if os.environ.get("REPORTER_BROWSER") == "required":
        pytest.fail("no chromium, and REPORTER_BROWSER=required; apt-get install chromium")
    pytest.skip("no chromium on this machine")
