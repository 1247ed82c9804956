"""`tutela bench`: a quick measure of this machine.  The comparison with other systems is `make bench`."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from functools import partial
from statistics import median
from typing import Annotated

import numpy as np
import numpy.typing as npt
import typer
from PIL import Image
from rich.text import Text

import tutela
from tutela import _kernel
from tutela.cli.lazy import command_app
from tutela.cli.output import DataConsole, print_json
from tutela.cli.talk import Talk
from tutela.index import HammingIndex
from tutela.media import frames
from tutela.model import Limits, Problem
from tutela.model.errors import UsageError
from tutela.signals import digests

app = command_app()

#: (what, number, unit)
Measured = tuple[str, float, str]

_SEED = 7
_REPEATS = 9


@app.command(epilog="[bold]Examples[/]\n\ntutela bench\n\ntutela bench --entries 4000000 --jsonl")
def bench(
    entries: Annotated[int, typer.Option(metavar="N", min=1, help="Size of the index that is searched.")] = 1_000_000,
    jsonl: Annotated[bool, typer.Option("--jsonl", help="Print a JSON object a line.")] = False,
) -> None:
    """Measure this machine: kernel, decoding, index.

    Every number is the median of several runs on one thread, on made-up data: smooth noise for pictures, random codes
    for the index.
    """
    if entries > _kernel.MAX_ROWS * 4:
        raise UsageError(reason=f"--entries can be {_kernel.MAX_ROWS * 4} at most.")
    console = DataConsole()
    if not jsonl:
        console.print(Text(f"tutela {tutela.__version__}, kernel path {_kernel.path()}", style="bold"))
    with Talk().progress("Measuring", bar=not console.is_terminal) as step:
        for number, (what, value, unit) in enumerate(_measures(entries), 1):
            step(number, what)
            if jsonl:
                print_json({"what": what, "value": value, "unit": unit, "kernel": _kernel.path()})
            else:
                console.print(
                    Text.assemble(f"  {what:<52}", (f"{_rounded(value):>12}", "bold"), f" {unit}"), soft_wrap=True
                )


def _measures(entries: int) -> Iterator[Measured]:
    yield from _pixels()
    yield from _search(entries)
    data = np.random.default_rng(_SEED).bytes(16 << 20)
    yield "MD5, SHA-1 and SHA-256 in one pass", len(data) / _seconds(lambda: digests(data)) / 1e6, "MB a second"


def _pixels() -> Iterator[Measured]:
    small = _smooth(512, 512)
    yield "PDQ of 512 x 512 grey pixels", 1 / _seconds(lambda: _kernel.pdq_grey(small), 200), "a second"
    turned = _seconds(lambda: _kernel.pdq_orientations_grey(small), 200)
    yield "PDQ of the same in all eight orientations", 1 / turned, "a second"
    for width, height in ((1280, 960), (4000, 3000)):
        out = io.BytesIO()
        Image.fromarray(_smooth(height, width)).convert("RGB").save(out, "JPEG", quality=85)
        data = out.getvalue()
        decode = _seconds(partial(_decode, data))
        yield f"JPEG {width} x {height} to grey pixels, reduced", 1000 * decode, "ms"
        whole = _seconds(partial(tutela.pdq, data))
        yield f"JPEG {width} x {height}, bytes to PDQ", 1000 * whole, "ms"


def _search(entries: int) -> Iterator[Measured]:
    random = np.random.default_rng(_SEED)
    codes = random.integers(0, 256, (entries, 32), np.uint8)
    begun = time.perf_counter()
    index = HammingIndex.build(codes, np.arange(entries, dtype=np.uint64))
    yield f"Index of {entries:,} entries, built", time.perf_counter() - begun, "s"
    queries = codes[random.integers(0, entries, 1000)]
    queries[:, :2] ^= 1
    for radius in (0, 31):
        one = _seconds(partial(index.search, queries, radius)) / len(queries)
        yield f"  one query of it, radius {radius}", 1e6 * one, "us"


def _smooth(height: int, width: int) -> npt.NDArray[np.uint8]:
    """Return smooth noise, uint8 [height, width]: it decodes like a photograph, unlike a flat or a random picture."""
    coarse = np.random.default_rng(_SEED).integers(0, 256, (height // 32 + 1, width // 32 + 1), np.uint8)
    return np.ascontiguousarray(np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)))


def _seconds(work: Callable[[], object], times: int = 1) -> float:
    """Return the median time of one call, in seconds, after one call to warm up."""
    work()
    found = []
    for _ in range(_REPEATS):
        begun = time.perf_counter()
        for _ in range(times):
            work()
        found.append((time.perf_counter() - begun) / times)
    return median(found)


def _rounded(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _decode(data: bytes) -> int:
    problems: list[Problem] = []
    return sum(frame.height for frame in frames(data, Limits(), problems.append, luma=True))
