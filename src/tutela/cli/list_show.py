"""`tutela list show`: all lists, or one."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from tutela.cli import options
from tutela.cli.lazy import command_app
from tutela.cli.output import DataConsole, print_json
from tutela.cli.talk import Talk
from tutela.model import ListInfo, read_settings
from tutela.report import visible, wording
from tutela.store import ListDetails, Store

app = command_app()


@app.command(epilog="[bold]Examples[/]\n\ntutela list show\n\ntutela list show partners\n\ntutela list show --jsonl")
def show(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="Name of one list. \\[default: all]", show_default=False)
    ] = None,
    jsonl: options.JsonLines = False,
) -> None:
    """Show all lists, or the particulars of one."""
    with Store.of(read_settings()) as store:
        names = [name] if name else [info.name for info in store.lists()]
        details = [store.show(one) for one in names]
    if jsonl:
        for one in details:
            print_json(_record(one))
    elif name:
        _one(details[0])
    elif details:
        _all(details)
    else:
        Talk().say("There is no list yet. Make one with: tutela list create NAME")


def _record(details: ListDetails) -> dict[str, Any]:
    info = details.info
    return {
        "name": info.name,
        "owner": info.owner,
        "purpose": info.purpose.value,
        "version": info.version,
        "published": details.published,
        "entries": details.entries,
        "removed": details.removed,
        "signals": details.signals,
        "thresholds": {
            kind: {"distance": limit.distance, "quality": limit.quality} for kind, limit in info.thresholds.items()
        },
        "created": details.created.isoformat(),
        "changed": details.changed.isoformat(),
    }


def _all(every: list[ListDetails]) -> None:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for heading, side in (("LIST", "left"), ("PURPOSE", "left"), ("ENTRIES", "right"), ("VERSION", "right")):
        table.add_column(heading, justify="right" if side == "right" else "left")
    table.add_column("CHANGED")
    table.add_column("OWNER")
    for one in every:
        info = one.info
        changed = wording.moment(one.changed)
        texts = (info.name, info.purpose.value, wording.number(one.entries), str(info.version), changed, info.owner)
        table.add_row(*(Text(visible(text)) for text in texts))
    DataConsole().print(table)


def _one(details: ListDetails) -> None:
    info = details.info
    rows = [
        ("Name", info.name),
        ("Owner", info.owner or "not said"),
        ("Purpose", info.purpose.value),
        ("Version", f"{info.version}" + ("" if details.published == info.version else _behind(details))),
        ("Entries", wording.number(details.entries)),
        ("Withdrawn", wording.number(details.removed)),
        ("Signals", ", ".join(f"{wording.number(n)} {kind}" for kind, n in details.signals.items()) or "none"),
        ("Meets within", _thresholds(info)),
        ("Created", wording.moment(details.created)),
        ("Changed", wording.moment(details.changed)),
    ]
    console = DataConsole()
    for term, value in rows:
        console.print(Text.assemble((f"{term:<14}", "bold"), visible(value)), soft_wrap=True)


def _behind(details: ListDetails) -> str:
    told = "none" if details.published is None else f"version {details.published}"
    return f" (published: {told}; the next match brings it up to date)"


def _thresholds(info: ListInfo) -> str:
    return "; ".join(
        f"{name} {limit.distance}" + (f" at quality {limit.quality} or more" if limit.quality else "")
        for name, limit in wording.thresholds(info).items()
    )
