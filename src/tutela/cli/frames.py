"""`tutela frames`: the frames of videos, with their times and signals."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from PIL import Image

from tutela.cli import options
from tutela.cli.inputs import contents
from tutela.cli.lazy import command_app
from tutela.cli.outcome import INCOMPLETE
from tutela.cli.output import print_json
from tutela.cli.talk import Talk
from tutela.engine import Engine, Policy
from tutela.engine.source import open_source
from tutela.media import Sampling, is_video, stream_frames
from tutela.model import Content, Finding, Problem, Settings, read_settings
from tutela.model.errors import UsageError
from tutela.model.finding_json import SCHEMA_VERSION, finding_to_json
from tutela.report import wording

app = command_app()

Keys = Annotated[bool, typer.Option("--keys", help="Key frames only: the fast way.")]
All = Annotated[bool, typer.Option("--all", help="Every frame.")]
Scenes = Annotated[
    bool,
    typer.Option("--scenes", help="One frame a second and every new scene, without repeats. \\[default]"),
]
Rate = Annotated[float | None, typer.Option(metavar="N", help="N frames a second; with --scenes, no more than that.")]
Save = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER",
        help="Write the frames there too, as JPEG or PNG. Needs --in-process: workers give no pictures away.",
        rich_help_panel=options.OUTPUT,
    ),
]
As = Annotated[
    str, typer.Option("--as", metavar="jpeg|png", help="Form of the saved frames.", rich_help_panel=options.OUTPUT)
]


@app.command(
    epilog="[bold]Examples[/]\n\n"
    "tutela frames film.mp4\n\n"
    "tutela frames --keys --quiet films/ > frames.jsonl\n\n"
    "tutela frames --rate 2 --save pictures --in-process film.mp4"
)
def frames(
    paths: options.Paths = None,
    files_from: options.FilesFrom = None,
    null: options.Null = False,
    scenes: Scenes = False,
    rate: Rate = None,
    keys: Keys = False,
    every: All = False,
    letterbox: options.Letterbox = False,
    orientations: options.Orientations = False,
    in_process: options.InProcess = False,
    workers: options.Workers = None,
    save: Save = None,
    save_as: As = "jpeg",
    quiet: options.Quiet = False,
    strict: options.Strict = False,
) -> None:
    """Take frames of videos, with their times and signals.

    Prints a JSON object a frame: path, number, time in seconds, width, height and signals. What went wrong with a file
    is an object with the path and the problem.
    """
    settings, talk = read_settings(), Talk(quiet=quiet)
    sampling = _sampling(scenes=scenes, rate=rate, keys=keys, every=every, letterbox=letterbox)
    if save is not None and not in_process:
        raise UsageError(reason="--save decodes in this process: say --in-process, for bytes that you trust.")
    if save_as not in {"jpeg", "png"}:
        raise UsageError(reason="--as is jpeg or png.")
    policy = Policy(pixels="always", orientations=orientations, sampling=sampling)
    number = None if in_process else settings.workers if workers is None else workers
    found = contents(paths or (), files_from, null=null, most=settings.limits.max_bytes, warn=talk.warn)
    files = taken = unread = 0
    with Engine((), policy, settings.limits, number) as engine:
        for finding in engine.hash_many(_saved(found, save, save_as, sampling, settings)):
            files, taken, unread = files + 1, taken + len(finding.frames), unread + (not finding.frames)
            for line in _lines(finding):
                print_json(line)
    talk.say(f"Took {wording.counted(taken, 'frame')} of {wording.counted(files, 'file')}; {unread} gave none.")
    if strict and unread:
        raise typer.Exit(INCOMPLETE)


def _sampling(*, scenes: bool, rate: float | None, keys: bool, every: bool, letterbox: bool) -> Sampling:
    if scenes + keys + every > 1:
        raise UsageError(reason="--scenes, --keys and --all exclude each other.")
    if rate is not None and (keys or every):
        raise UsageError(reason="--rate goes with --scenes or alone.")
    mode = "keys" if keys else "all" if every else "rate" if rate is not None and not scenes else "scenes"
    return options.sampling(mode, 1.0 if rate is None else rate, letterbox=letterbox)


def _lines(finding: Finding) -> Iterator[dict[str, Any]]:
    """Yield a line for each frame, with its own signals, and one for each problem."""
    whole = finding_to_json(finding)
    signals: dict[int, list[dict[str, Any]]] = {}
    for signal in whole["signals"]:
        if "frame" in signal:
            signals.setdefault(signal.pop("frame"), []).append(signal)
    head = {"schema": SCHEMA_VERSION, "path": whole["name"]}
    for frame in whole["frames"]:
        yield head | frame | {"signals": signals.get(frame["number"], [])}
    for problem in whole["problems"]:
        yield head | {"problem": problem}


def _saved(
    found: Iterator[Content | None], folder: Path | None, form: str, sampling: Sampling, settings: Settings
) -> Iterator[Content | None]:
    """Yield the contents on, the frames of each saved first where a folder was named."""
    for number, content in enumerate(found):
        if folder is not None and content is not None:
            folder.mkdir(parents=True, exist_ok=True)
            _save(content, folder / f"{number:04}-{Path(content.name).stem}", form, sampling, settings)
        yield content


def _save(content: Content, place: Path, form: str, sampling: Sampling, settings: Settings) -> None:
    source = open_source(content, settings.limits.max_bytes)
    if isinstance(source, Problem):
        return
    with source:
        head = source.head()
        if not is_video(head):
            return
        told: list[Problem] = []
        for frame in stream_frames(source.stream(), head, settings.limits, told.append, sampling=sampling):
            part = "-inner" if frame.parent is not None else ""
            name = f"{place.name}-{frame.number:06}{part}.{'jpg' if form == 'jpeg' else 'png'}"
            Image.fromarray(frame.upright()).save(place.with_name(name), form.upper(), quality=90)
