"""`tutela serve`."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from tutela.cli.extras import needs_extra
from tutela.cli.lazy import command_app
from tutela.cli.outcome import tell
from tutela.model import read_settings

app = command_app()


@app.command(epilog="[bold]Examples[/]\n\ntutela serve\n\ntutela serve --host 0.0.0.0 --port 443 --processes 8")
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on; the setting host if left out.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; the setting port if left out.")] = None,
    processes: Annotated[int | None, typer.Option(help="Web processes; one for each processor if left out.")] = None,
) -> None:
    """Run the server: the match API, the lists and their people, the console, and the jobs.

    The first start prints a link by which the first administrator is made.  Ends on Ctrl-C or SIGTERM, once what was
    begun is done.
    """
    with needs_extra("The server", "server"):
        from tutela.web.serving import serve as run  # noqa: PLC0415 - an optional part
    settings = read_settings()
    given = {"host": host, "port": port, "processes": processes}
    server = replace(settings.server, **{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]  # by name, each of its type
    run(replace(settings, server=server), told=tell)
