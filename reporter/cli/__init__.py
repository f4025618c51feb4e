"""The command `report`: one file per family of verbs, each imported when it is called."""

from __future__ import annotations

import contextlib
import errno
import importlib
import os
import signal
import sys
from typing import TYPE_CHECKING

import click

from reporter.files import reason

if TYPE_CHECKING:
    from types import FrameType

INTERRUPTED = "interrupted; finished runs are kept, build again to go on"
VERBS = {
    "init": "start",
    "list": "look",
    "status": "keep",
    "why": "look",
    "rules": "look",
    "run": "make",
    "build": "make",
    "serve": "serve",
    "check": "check",
    "bundle": "hand_in",
    "submit": "submit",
    "verify": "verify",
    "diff": "compare",
    "gc": "keep",
    "clean": "start",
    "export": "start",
    "data": "data",
}


LONGEST = 480  # letters of a message
OF_THE_MACHINE = frozenset(  # errors that no report can mend, and no defect of ours
    {
        errno.EACCES,
        errno.EPERM,
        errno.EROFS,
        errno.ENOSPC,
        errno.EDQUOT,
        errno.EIO,
        errno.ENAMETOOLONG,
        errno.ENOTDIR,
        errno.EEXIST,
        errno.EISDIR,
    }
)


class Verbs(click.Group):
    """Finds a verb's command in its file."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Return the verbs in the order in which a newcomer needs them."""
        return list(VERBS)

    def get_command(self, _ctx: click.Context, name: str) -> click.Command | None:
        """Import the file of one verb."""
        if name not in VERBS:
            return None
        module = importlib.import_module(f"reporter.cli.{VERBS[name]}")
        return getattr(module, f"{name}_command")  # type: ignore[no-any-return] # by convention

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Add the nearest verb to the message on an unknown one."""
        from reporter.errors import nearest

        if args and args[0] not in VERBS and not args[0].startswith("-"):
            ctx.fail(f"no command is called {args[0]!r}{nearest(args[0], VERBS)}")
        return super().resolve_command(ctx, args)


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="reporter", prog_name="report")
def group() -> None:
    """Turn a deep-learning assignment into its finished write-up.

    REPORT is a folder with a report.toml or the name of a shipped template; without it, the
    current folder's report is meant, else the shipped demo.
    """


def main() -> None:
    """Run the command; what a user can mend is one line on stderr, with the exit code it asks for.

    0 well, 1 something failed or is broken, 2 nothing was started, 128 + N ended by signal N.
    """
    from reporter.errors import DiskError, HandInError, ReportError, TextError

    os.environ["PYTHONSAFEPATH"] = "1"  # workers import nothing that lies in the current folder
    signals = [signal.SIGINT]

    def interrupt(number: int, _: FrameType | None) -> None:
        signals.append(signal.Signals(number))
        raise KeyboardInterrupt

    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as below nohup
            signal.signal(number, interrupt)
    try:
        group(prog_name="report", standalone_mode=False)
    except ReportError as exc:
        _tell(str(exc))
        sys.exit(1 if isinstance(exc, TextError | DiskError | HandInError) else 2)
    except click.exceptions.NoArgsIsHelpError as exc:
        exc.show()
        sys.exit(exc.exit_code)
    except click.ClickException as exc:
        _tell(_usage(exc))
        sys.exit(exc.exit_code)
    except (click.Abort, KeyboardInterrupt):
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        with contextlib.suppress(OSError):  # the terminal may be gone
            _tell(INTERRUPTED)
        sys.exit(128 + signals[-1])
    except OSError as exc:
        if exc.errno not in OF_THE_MACHINE:
            raise
        where = str(exc.filename2 or exc.filename or "this machine")[:200]
        _tell(f"{where}: {reason(exc)}")
        sys.exit(1)


def _tell(message: str) -> None:
    """Print what went wrong as one line, without signs that a terminal obeys."""
    from reporter.errors import visible

    line = "".join(s if s.isprintable() else "·" for s in visible(" ".join(message.split())))
    if len(line) > LONGEST:
        line = f"{line[: LONGEST // 2]} … {line[-LONGEST // 2 :]}"
    click.echo(f"report: {line}", err=True)


def _usage(exc: click.ClickException) -> str:
    """Return click's complaint in our form: which verb, what is wrong, where help is."""
    context = exc.ctx if isinstance(exc, click.UsageError) else None
    verb = context.command_path.partition(" ")[2] if context else ""
    told = exc.format_message().rstrip(".")
    told = told.replace("is not a valid integer range", "should be a whole number")
    told = told[:1].lower() + told[1:].replace(". Did you mean", "; did you mean")
    help_ = "" if told.endswith("?") else f"; see `{f'report {verb}'.strip()} --help`"
    return f"{verb}: {told}{help_}" if verb else f"{told}{help_}"
