"""The host of a Canvas → its access token: from the environment or the system's keyring.

Nowhere else: a file of the report would be handed in, and a command line is seen by everybody who
lists processes.
"""

from __future__ import annotations

from reporter import environment
from reporter.errors import ReportError

SERVICE = "reporter"


def token(host: str) -> str:
    """Return the access token for a host.

    Raises:
        ReportError: there is none.
    """
    found = environment.canvas_token() or _kept(host)
    if not found:
        raise ReportError(
            f"no access token for {host}: make one there (Account, Settings, New Access Token), "
            f"then set CANVAS_API_TOKEN, or keep it with `keyring set {SERVICE} {host}`"
        )
    return found.strip()


def _kept(host: str) -> str:
    """Return what the system's keyring has, "" where there is none, as on most servers."""
    try:
        import keyring
    except ImportError:
        return ""
    try:
        return keyring.get_password(SERVICE, host) or ""
    except keyring.errors.KeyringError:
        return ""
