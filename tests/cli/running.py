"""Running the program for real, and in this process."""

import io
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image
from typer.testing import CliRunner

from tutela.cli.app import app

PROGRAM = [sys.executable, "-c", "from tutela.cli.app import main; main()"]


def environment(home):
    return {**os.environ, "TUTELA_HOME": str(home), "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


def run(home, *arguments, data=b"", program=PROGRAM[-1], **options):
    """Run the program in a process of its own; stdout and stderr are bytes."""
    return subprocess.run(
        [*PROGRAM[:-1], program, *map(str, arguments)],
        input=data,
        capture_output=True,
        env=environment(home),
        timeout=120,
        check=False,
        **options,
    )


def invoke(*arguments):
    """Run the program in this process: quicker, and as good where pipes and signals do not matter."""
    return CliRunner().invoke(app, [str(argument) for argument in arguments], prog_name="tutela")


def picture(seed, size=(160, 128)):
    """Return smooth noise as an RGB picture; different seeds are far apart for PDQ."""
    coarse = np.random.default_rng(seed).integers(0, 256, (20, 16, 3), np.uint8)
    return Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)


def png(seed, size=(160, 128)):
    out = io.BytesIO()
    picture(seed, size).save(out, "PNG")
    return out.getvalue()


def write(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path
