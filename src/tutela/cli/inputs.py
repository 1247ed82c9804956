"""What the commands look at: files, folders, standard input, lists of paths; streamed, never gathered."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import BinaryIO

from tutela.model import Content
from tutela.model.errors import UsageError

_CHUNK = 1 << 16

#: Seconds to wait for more paths before findings that are ready come first.
_PATIENCE = 0.05


def contents(
    paths: Iterable[str], files_from: str | None, *, null: bool, most: int, warn: Callable[[str], None]
) -> Iterator[Content | None]:
    """Yield every content that the arguments name, folders in the order of their names.

    ``None`` among them says that more paths may come and have not come yet, see `tutela.engine.Engine.match_many`.
    ``most`` is how many bytes standard input may have; ``warn`` is told of arguments that are not there and of folders
    that cannot be read; both are contents too, so that they are counted as unreadable.  Raises `UsageError` if nothing
    is named, or standard input is to be two things.
    """
    named = list(paths)
    if not named and files_from is None:
        raise UsageError(reason="Nothing to look at: name files or folders, or - for standard input.")
    if "-" in named and files_from == "-":
        raise UsageError(reason="Standard input cannot be both a picture (-) and a list of paths (--files-from -).")
    return _contents(named, files_from, null=null, most=most, warn=warn)


def _contents(
    named: list[str], files_from: str | None, *, null: bool, most: int, warn: Callable[[str], None]
) -> Iterator[Content | None]:
    for name in named:
        if name == "-":
            yield Content(name="-", data=_standard_input(most))
        else:
            if not os.path.lexists(name):
                warn(f"There is no file or folder {name}.")
            yield from below(Path(name), warn)
    if files_from is not None:
        with nullcontext(sys.stdin.buffer) if files_from == "-" else Path(files_from).open("rb") as stream:
            for path in listed_paths(stream, null=null):
                if path is None:
                    yield None
                else:
                    yield from below(path, warn)


def below(path: Path, warn: Callable[[str], None]) -> Iterator[Content]:
    """Yield a file, or every file in a folder and those beneath it; links within folders are passed over."""
    if not path.is_dir():
        yield Content.of_file(path)
        return
    # Folders on the way down, each with the entries that are still to come: nesting has no bound but the disk's.
    way = [_entries(path, warn)]
    while way:
        entry = next(way[-1], None)
        if entry is None:
            way.pop()
        elif isinstance(entry, Content):
            yield entry
        elif entry.is_dir(follow_symlinks=False):
            way.append(_entries(Path(entry.path), warn))
        elif not entry.is_symlink():
            yield Content.of_file(Path(entry.path))


def _entries(path: Path, warn: Callable[[str], None]) -> Iterator[os.DirEntry[str] | Content]:
    """Return what is in a folder, by name; the folder as a content if it cannot be read."""
    try:
        with os.scandir(path) as found:
            return iter(sorted(found, key=lambda entry: entry.name))
    except OSError as error:
        warn(f"The folder {path} could not be read: {error.strerror}.")
        return iter([Content.of_file(path)])


def listed_paths(stream: BinaryIO, *, null: bool) -> Iterator[Path | None]:
    """Yield the paths of a stream as they come; ``None`` now and then while none come.

    Unless ``null`` says that NUL ends them, the first end that is met (NUL or newline) does.
    """
    end = b"\0" if null else b""
    rest = b""
    while (chunk := _some(stream)) != b"":
        if chunk is None:
            yield None
            continue
        rest += chunk
        if not end and (met := [mark for mark in (b"\0", b"\n") if mark in rest]):
            end = min(met, key=rest.index)
        if end:
            *whole, rest = rest.split(end)
            yield from _paths(whole, end)
    yield from _paths([rest], end)


def lines(stream: BinaryIO) -> Iterator[bytes | None]:
    """Yield the lines of a stream as they come, without their ends; ``None`` now and then while none come."""
    begun: list[bytes] = []  # a line may be megabytes long: it is put together once
    while (chunk := _some(stream)) != b"":
        if chunk is None:
            yield None
            continue
        first, *others = chunk.split(b"\n")
        begun.append(first)
        for piece in others:
            yield b"".join(begun)
            begun = [piece]
    if last := b"".join(begun):
        yield last


def _paths(pieces: list[bytes], end: bytes) -> Iterator[Path]:
    for piece in pieces:
        name = piece if end == b"\0" else piece.removesuffix(b"\r")
        if name:
            yield Path(os.fsdecode(name))


def _some(stream: BinaryIO) -> bytes | None:
    """Return what is there now, so that paths are taken while they are still being written; ``None`` if nothing is."""
    if not _readable(stream):
        return None
    reader = getattr(stream, "read1", stream.read)
    piece: bytes = reader(_CHUNK)
    return piece


def _readable(stream: BinaryIO) -> bool:
    """Whether reading would not wait, or nobody can tell."""
    try:
        return bool(select.select([stream], [], [], _PATIENCE)[0])
    except (OSError, ValueError):  # a stream without a handle, or one that the system cannot ask
        return True


def _standard_input(most: int) -> bytes:
    data = sys.stdin.buffer.read(most + 1)
    if len(data) > most:
        raise UsageError(reason=f"Standard input has more than {most} bytes: give the picture as a file.")
    return data
