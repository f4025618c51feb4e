"""report serve: the page in the browser while it is being written."""

from __future__ import annotations

import signal
import threading
from contextlib import suppress
from dataclasses import replace

import click

from reporter.cli.places import TRUST, asked


@click.command("serve")
@click.argument("report", required=False)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535))
@click.option("--quick", is_flag=True, help="Show the results of the quick build.")
@click.option("--run", "computes", is_flag=True, help="Compute what is missing, too.")
@click.option(
    "--set", "overrides", multiple=True, metavar="KEY=VALUE", help="runs.last-fc.epochs=5"
)
@TRUST
def serve_command(
    report: str | None,
    *,
    port: int,
    quick: bool,
    computes: bool,
    overrides: tuple[str, ...],
    is_trusted: bool,
) -> None:
    """Show REPORT at an address of this machine, set anew on every save, until Ctrl-C.

    Port 0 takes a free one. Mistakes lie over the page, which stays the last that could be set.
    Only caches are written; without --run nothing is computed.
    """
    from reporter.cli.watch import watching
    from reporter.serve import serving

    request = asked(report, is_trusted=is_trusted)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with watching() as watch, suppress(KeyboardInterrupt):
        request = replace(
            request, is_quick=quick, overrides=overrides, begin=watch.begin, watch=watch
        )
        with serving(request, port, computes=computes) as address:
            click.echo(address)
            threading.Event().wait()
