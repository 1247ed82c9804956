"""The program `tutela`: its commands, and what is asked of the program itself."""

from __future__ import annotations

from typing import Annotated, Any

import typer

import tutela
from tutela.cli.lazy import LazyGroup
from tutela.cli.outcome import explained


class Commands(LazyGroup):
    """The commands of `tutela`; whatever goes wrong in one is explained here."""

    members = {  # noqa: RUF012 - a ClassVar of the base class
        "match": ("match", "Match pictures against lists and say what was met, and why."),
        "hash": ("hash", "Compute the signals of files: MD5, SHA-1, SHA-256 and PDQ."),
        "frames": ("frames", "Take frames of videos, with their times and signals."),
        "grid": ("grid", "Say which pictures are contact sheets, and where their cells lie."),
        "cluster": ("cluster", "Gather what looks alike, and say what one decision may cover."),
        "list": ("lists", "Make, fill, show, export and remove lists."),
        "serve": ("serve", "Run the server: the match API, the lists and their people, the console, and the jobs."),
        "account": (
            "account",
            "Look after the server's accounts from its own machine, where nobody can sign in any more, say.",
        ),
        "audit": ("audit", "Show and verify the audit trail: every change, and every match that hit."),
        "jobs": ("jobs", "Run the job process by itself, or see what it does; `tutela serve` runs one of its own."),
        "db": ("db", "Bring the store's database to this release, back it up, restore it."),
        "demo": (
            "demo",
            "See it work: real pictures, in every format, matched against a demo list and clustered; then the server.",
        ),
        "bench": ("bench", "Measure this machine: kernel, decoding, index."),
        "doctor": ("doctor", "Say what works here: kernel, self-test, sandbox, limits, lists."),
    }

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - Typer's context class moves between its releases
        """Run the command that was called."""
        with explained():
            return super().invoke(ctx)


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Begin with: [bold]tutela demo[/]    All exit codes: docs/reference/errors.md",
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"tutela {tutela.__version__}")
        raise typer.Exit


@app.callback()
def program(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    """Match pictures against lists of known ones, exactly and fast."""
    del version


def main() -> None:
    """Run the program; the entry point of the package."""
    app(prog_name="tutela")
