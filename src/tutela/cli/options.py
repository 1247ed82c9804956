"""Arguments that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, cast, get_args

import typer

from tutela.media.sampling import Mode, Sampling
from tutela.model.errors import UsageError

#: What --video may be, and --rate, in frames a second.
MODES: tuple[str, ...] = get_args(Mode)
LEAST_RATE, MOST_RATE = 0.001, 1000.0

WHAT = "What to look at"
OUTPUT = "Output"
ENDING = "Exit code"

Paths = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="PATH",
        help="Files and folders (looked through to the bottom; links in them are not followed). "
        "[bold]-[/] reads the bytes of one picture from standard input.",
        show_default=False,
    ),
]
FilesFrom = Annotated[
    str | None,
    typer.Option(
        metavar="FILE",
        help="Read paths from FILE (- is standard input), one a line, or ended by NUL as find -print0 writes them.",
        rich_help_panel=WHAT,
    ),
]
Null = Annotated[
    bool, typer.Option("--null", "-0", help="The paths of --files-from end with NUL.", rich_help_panel=WHAT)
]
Orientations = Annotated[
    bool,
    typer.Option("--orientations/--no-orientations", help="Look for each picture turned and mirrored, in all 8 ways."),
]
InProcess = Annotated[bool, typer.Option("--in-process", help="Decode in this process: only for bytes that you trust.")]
Workers = Annotated[
    int | None,
    typer.Option(metavar="N", min=0, help="Sandboxed decoding workers; 0 is one a processor. \\[default: the setting]"),
]
Video = Annotated[
    str,
    typer.Option(
        metavar="MODE",
        help="Frames of videos to look at: [bold]scenes[/] (--rate a second and every new scene, without repeats), "
        "[bold]rate[/] (--rate a second), [bold]keys[/] (key frames only: fast) or [bold]all[/].",
    ),
]
Rate = Annotated[float, typer.Option(metavar="N", help="Frames of a video to look at, a second.")]
Letterbox = Annotated[
    bool,
    typer.Option("--letterbox/--no-letterbox", help="Hash frames with black bars without them too."),
]
Cells = Annotated[
    bool, typer.Option("--cells/--no-cells", help="Look at the cells of contact sheets, each as a picture of its own.")
]
JsonLines = Annotated[bool, typer.Option("--jsonl", help="Print a JSON object a line.", rich_help_panel=OUTPUT)]
Table = Annotated[
    bool, typer.Option("--table", help="Print columns for people (the default on a terminal).", rich_help_panel=OUTPUT)
]
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="No progress and no summary on stderr.", rich_help_panel=OUTPUT)
]
Strict = Annotated[
    bool,
    typer.Option("--strict", help="End with 11 if anything could not be read.", rich_help_panel=ENDING),
]


def sampling(mode: str, rate: float, *, letterbox: bool) -> Sampling:
    """Return the sampling that the options name; raises `UsageError` for one that is none."""
    if mode not in MODES:
        raise UsageError(reason=f"--video is one of {', '.join(MODES)}, not {mode!r}.")
    if not LEAST_RATE <= rate <= MOST_RATE:
        raise UsageError(reason=f"--rate is a number of frames a second, {LEAST_RATE:g} to {MOST_RATE:g}.")
    return Sampling(cast("Mode", mode), rate, letterbox)


ListName = Annotated[str, typer.Argument(metavar="NAME", help="Name of the list.", show_default=False)]
Target = Annotated[Path, typer.Argument(metavar="FILE", help="The file.", show_default=False)]
