"""The command `report`: one file per family of verbs, each imported when it is called."""

from __future__ import annotations

import importlib
import os
import sys

import click

VERBS = {
    "init": "start",
    "list": "look",
    "status": "look",
    "why": "look",
    "run": "make",
    "build": "make",
    "serve": "serve",
    "check": "make",
    "diff": "compare",
    "clean": "start",
    "export": "start",
    "data": "data",
}


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
    """Run the command; a user's mistake is one line on stderr and exit code 2."""
    from reporter.errors import ReportError, TextError

    os.environ["PYTHONSAFEPATH"] = "1"  # workers import nothing that lies in the current folder
    try:
        group(standalone_mode=False)
    except ReportError as exc:
        click.echo(f"report: {exc}", err=True)
        sys.exit(1 if isinstance(exc, TextError) else 2)
    except click.ClickException as exc:
        exc.show()
        sys.exit(exc.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("report: interrupted; finished runs are kept, build again to go on", err=True)
        sys.exit(130)
