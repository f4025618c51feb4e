"""This process → one without network that writes below one folder, as far as the system allows.

Linux alone has both: namespaces of users and networks (`unshare(2)`), and Landlock, which a process
lays on itself and on all that it starts, for good. What could not be had is told, never passed
over. Reading is not kept in: without a network, and with no place but shared memory to write to
that others may look at, what was read hardly goes anywhere but into the result.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

NEW_USER, NEW_NETWORK = 0x10000000, 0x40000000  # of unshare(2)
NO_NEW_PRIVILEGES = 38  # of prctl(2)
CREATE_RULES, ADD_RULE, RESTRICT = 444, 445, 446  # system calls of Landlock, on every machine
ASK_VERSION, BENEATH = 1, 1
WRITE_FILE, TRUNCATE, DEVICES = 1 << 1, 1 << 14, 1 << 15
CHANGES = sum(1 << bit for bit in (1, *range(4, 13)))  # write, remove, make: since version 1
SINCE = {2: 1 << 13, 3: TRUNCATE, 5: DEVICES}  # version → what it can refuse as well: refer, …
CONNECTIONS = {4: 3}  # bind and connect of TCP
SCOPES = {6: 3}  # abstract sockets and signals of processes outside
HARMLESS = ("/dev/null", "/dev/zero", "/dev/full", "/dev/tty", "/dev/shm", "/dev/ptmx")  # noqa: S108 - memory that processes of one run share
GPUS = "nvidia*"


class _Rules(ctypes.Structure):
    _fields_ = (
        ("files", ctypes.c_uint64),
        ("connections", ctypes.c_uint64),
        ("scopes", ctypes.c_uint64),
    )


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32))


def isolate(folder: Path) -> tuple[str, ...]:
    """Take network and writing from this process and all that it starts, but below a folder.

    Returns:
        What could not be taken, in words; () when all was.
    """
    return (*_leave_network(), *_write_below(folder))


def _leave_network() -> tuple[str, ...]:
    """Enter a network that leads nowhere, as a user who has no rights outside."""
    user, group = os.geteuid(), os.getegid()
    try:
        _call("unshare", NEW_USER | NEW_NETWORK)
    except OSError as exc:
        return (f"the network is within reach ({_why(exc)})",)
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{user} {user} 1"),
        ("gid_map", f"{group} {group} 1"),
    ):
        with contextlib.suppress(OSError):  # some systems let nobody keep a name; rights stay
            Path(f"/proc/self/{name}").write_text(text, encoding="ascii")
    return ()


def _write_below(folder: Path) -> tuple[str, ...]:
    """Let this process change no file but below a folder, and harmless devices."""
    try:
        _call("prctl", NO_NEW_PRIVILEGES, 1, 0, 0, 0)
        version = _call("syscall", CREATE_RULES, None, 0, ASK_VERSION)
        files = CHANGES | _upto(SINCE, version)
        rules = _Rules(files, _upto(CONNECTIONS, version), _upto(SCOPES, version))
        size = 8 * (1 + (version >= min(CONNECTIONS)) + (version >= min(SCOPES)))
        handle = _call("syscall", CREATE_RULES, ctypes.byref(rules), size, 0)
        _allow(handle, folder, files)
        devices = files & (WRITE_FILE | TRUNCATE | DEVICES)
        for path in (*map(Path, HARMLESS), *_within(Path("/dev"))):
            if path.exists():
                _allow(handle, path, files if path.is_dir() else devices)
        _call("syscall", RESTRICT, handle, 0)
        os.close(handle)
    except OSError as exc:
        return (f"files outside of the scratch folder can be written ({_why(exc)})",)
    return ()


def _within(devices: Path) -> Iterable[Path]:
    return (path for path in devices.glob(GPUS) if not path.is_dir())


def _allow(rules: int, path: Path, allowed: int) -> None:
    handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        beneath = _Beneath(allowed, handle)
        _call("syscall", ADD_RULE, rules, BENEATH, ctypes.byref(beneath), 0)
    finally:
        os.close(handle)


def _upto(rights: dict[int, int], version: int) -> int:
    return sum(right for since, right in rights.items() if since <= version)


def _call(name: str, *arguments: object) -> int:
    """Call the C library; OSError where the system refuses, or has no such call."""
    call = getattr(ctypes.CDLL(None, use_errno=True), name, None)
    if call is None:
        raise OSError(0, f"{platform.system()} has no {name}")
    answer = int(call(*arguments))
    if answer < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return answer


def _why(exc: OSError) -> str:
    return str(exc.strerror).lower()
