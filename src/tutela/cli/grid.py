"""`tutela grid`: which pictures are contact sheets, and where their cells lie."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from PIL import Image, ImageDraw
from rich.text import Text

from tutela.cli import options
from tutela.cli.inputs import contents
from tutela.cli.lazy import command_app
from tutela.cli.outcome import INCOMPLETE
from tutela.cli.output import DataConsole, form, print_json
from tutela.cli.talk import Talk
from tutela.engine import Engine, Policy
from tutela.engine.source import open_source
from tutela.media import frames
from tutela.model import Content, Finding, FrameInfo, Problem, Settings, read_settings
from tutela.model.errors import UsageError
from tutela.model.finding_json import SCHEMA_VERSION, finding_to_json
from tutela.report import visible, wording

app = command_app()

Overlay = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER",
        help="Write each sheet there, its cells outlined, as PNG. Needs --in-process: workers give no pictures away.",
        rich_help_panel=options.OUTPUT,
    ),
]


@app.command(
    epilog="[bold]Examples[/]\n\n"
    "tutela grid sheet.jpg\n\n"
    "tutela grid --jsonl folder/ > sheets.jsonl\n\n"
    "tutela grid --in-process --overlay outlined sheet.jpg"
)
def grid(  # noqa: PLR0917 - Typer takes them all by name
    paths: options.Paths = None,
    files_from: options.FilesFrom = None,
    null: options.Null = False,
    in_process: options.InProcess = False,
    workers: options.Workers = None,
    jsonl: options.JsonLines = False,
    table: options.Table = False,
    overlay: Overlay = None,
    quiet: options.Quiet = False,
    strict: options.Strict = False,
) -> None:
    """Say which pictures are contact sheets, and where their cells lie.

    Collages and pages with a picture count too. Prints a JSON object a picture: path, is_grid, layout, confidence and
    cells (x, y, width, height in pixels of the upright picture, and confidence), and problems.
    """
    settings, talk = read_settings(), Talk(quiet=quiet)
    if overlay is not None and not in_process:
        raise UsageError(reason="--overlay decodes in this process: say --in-process, for bytes that you trust.")
    show = print_json if form(jsonl=jsonl, table=table) == "jsonl" else _Table()
    number = None if in_process else settings.workers if workers is None else workers
    found = contents(paths or (), files_from, null=null, most=settings.limits.max_bytes, warn=talk.warn)
    files = sheets = unread = 0
    with Engine((), Policy(pixels="always", kinds=frozenset({"pdq"})), settings.limits, number) as engine:
        for at, finding in enumerate(engine.hash_many(found)):
            files, unread = files + 1, unread + (not finding.frames)
            for record in _records(finding):
                sheets += record["is_grid"]
                show(record)
            if overlay is not None:
                _outline(finding, overlay, at, settings)
    talk.say(
        f"Looked at {wording.counted(files, 'file')}: {wording.counted(sheets, 'sheet')}; {unread} could not be read."
    )
    if strict and unread:
        raise typer.Exit(INCOMPLETE)


def _records(finding: Finding) -> Iterator[dict[str, Any]]:
    """Yield a record for each picture of the file; one without cells for a file without pictures."""
    whole = finding_to_json(finding)
    head = {"schema": SCHEMA_VERSION, "path": whole["name"]}
    pictures = [frame for frame in finding.frames if frame.parent is None]
    for frame in pictures:
        yield head | {
            "frame": frame.number,
            "width": frame.width,
            "height": frame.height,
            "is_grid": frame.layout is not None,
            "layout": frame.layout or "single",
            "confidence": frame.confidence or 0.0,
            "cells": [_cell(cell) for cell in finding.frames if cell.parent == frame.number],
            "problems": whole["problems"],
        }
    if not pictures:
        yield head | {
            "is_grid": False,
            "layout": "single",
            "confidence": 0.0,
            "cells": [],
            "problems": whole["problems"],
        }


def _cell(frame: FrameInfo) -> dict[str, Any]:
    box = frame.cell
    if box is None:
        raise AssertionError("a frame with a parent has a box")
    place: dict[str, Any] = {"x": box.x, "y": box.y, "width": box.width, "height": box.height}
    return place | {"confidence": frame.confidence} | ({"angle": box.angle} if box.angle else {})


class _Table:
    """Records as lines of columns; a heading comes before the first."""

    def __init__(self) -> None:
        self._console = DataConsole()
        self._console.print(Text(f"{'layout':10} {'sure':>5} {'cells':>5}  path", style="bold"))

    def __call__(self, record: dict[str, Any]) -> None:
        line = f"{record['layout']:10} {record['confidence']:5.2f} {len(record['cells']):5}  {visible(record['path'])}"
        self._console.print(Text(line), soft_wrap=True)


def _outline(finding: Finding, folder: Path, at: int, settings: Settings) -> None:
    """Write the sheets of a file with their cells outlined; an older picture of that name is never overwritten."""
    source = open_source(Content.of_file(Path(finding.name)), settings.limits.max_bytes)
    sheets = {frame.number for frame in finding.frames if frame.layout is not None}
    if not sheets or isinstance(source, Problem):
        return
    folder.mkdir(parents=True, exist_ok=True)
    with source:
        for frame in frames(source.whole(), settings.limits, lambda _: None):
            if frame.number not in sheets:
                continue
            picture = Image.fromarray(frame.upright()).convert("RGB")
            draw = ImageDraw.Draw(picture)
            for cell in finding.frames:
                if cell.parent == frame.number and cell.cell is not None:
                    draw.polygon(cell.cell.corners(), outline="red", width=3)
            target = folder / f"{at:04}-{Path(finding.name).stem}-{frame.number}.png"
            if target.exists():
                raise UsageError(reason=f"{target} is there already: name another folder for --overlay.")
            picture.save(target)
