"""`make_demo`: write the demo's files, and the truth about them."""

from __future__ import annotations

import os
import shutil
import zlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from tutela.demo.composites import COLUMNS, SHOT_SECONDS, Composite, composites
from tutela.demo.damage import damages
from tutela.demo.edits import Edit, edits
from tutela.demo.formats import Format, formats
from tutela.demo.originals import FOLDER, opened, originals
from tutela.demo.truth import DemoFile, DemoTruth, Group, Shown
from tutela.model.errors import UsageError

TRUTH = "truth.json"
BENIGN = 15
#: How many known pictures show each format, edit and orientation.
EACH_FORMAT, EACH_EDIT, EACH_ORIENTATION = 3, 6, 4
EXACT = 6
#: How many known pictures stand within each kind of composite, and how many of each are of strangers only.
EACH_COMPOSITE, EACH_COMPOSITE_OF_STRANGERS = 4, 2
#: How many strangers are there also in another format.
DRESSED_STRANGERS = 40

_MET = ("near", "known")
_ORIENTATIONS = {
    "rotate-90": Image.Transpose.ROTATE_90,
    "rotate-180": Image.Transpose.ROTATE_180,
    "rotate-270": Image.Transpose.ROTATE_270,
    "flip-x": Image.Transpose.FLIP_LEFT_RIGHT,
    "flip-y": Image.Transpose.FLIP_TOP_BOTTOM,
    "transpose": Image.Transpose.TRANSPOSE,
    "transverse": Image.Transpose.TRANSVERSE,
}


@dataclass(frozen=True, slots=True)
class _Task:
    file: DemoFile
    make: Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class _Cast:
    """Who plays what: the stems of the pictures of each list, and of none."""

    seed: int
    known: tuple[str, ...]
    benign: tuple[str, ...]
    strangers: tuple[str, ...]

    def rng(self, *about: str) -> np.random.Generator:
        """Return a generator that depends on the seed and on what it is for, not on what was made before."""
        return np.random.default_rng([self.seed, zlib.crc32("/".join(about).encode())])

    def some(self, of: Sequence[str], count: int, *about: str) -> list[str]:
        """Choose ``count`` different ones."""
        return [of[at] for at in self.rng(*about).choice(len(of), count, replace=False)]


def make_demo(folder: Path, seed: int = 1) -> DemoTruth:
    """Write the demo's files to ``folder/pictures`` and the truth to ``folder/truth.json``, and return it.

    A third of the photographs are to be the known list, `BENIGN` of them the benign one; the rest are strangers.  Equal
    seeds give equal files with equal versions of the encoders.  What an earlier demo left in the folder is replaced;
    raises `UsageError` for a folder that holds anything else.  Formats whose encoder is not installed are left out and
    named in `DemoTruth.left_out`.
    """
    _clear(folder)
    cast = _cast_for(seed)
    tasks = list(_tasks(cast))
    pictures = folder / "pictures"
    pictures.mkdir(parents=True)

    def carry_out(task: _Task) -> None:
        (pictures / task.file.name).write_bytes(task.make())

    # The encoders let go of the interpreter while they work, so threads are enough.
    with ThreadPoolExecutor(os.cpu_count()) as workers:
        list(workers.map(carry_out, tasks))
    truth = DemoTruth(
        seed=seed,
        known=cast.known,
        benign=cast.benign,
        strangers=cast.strangers,
        files=tuple(sorted((task.file for task in tasks), key=lambda file: file.name)),
        left_out=tuple(one.name for one in formats() if not one.available),
    )
    truth.write(folder / TRUTH)
    return truth


def _clear(folder: Path) -> None:
    if folder.exists() and any(folder.iterdir()) and not (folder / TRUTH).exists():
        raise UsageError(reason=f"{folder} holds other things than a demo. Name a folder that is empty or not there.")
    for name in ("pictures", "home"):
        shutil.rmtree(folder / name, ignore_errors=True)


def _cast_for(seed: int) -> _Cast:
    stems = [path.stem for path in originals()]
    order = [stems[at] for at in np.random.default_rng(seed).permutation(len(stems))]
    third = len(stems) // 3
    known, benign, strangers = order[:third], order[third : third + BENIGN], order[third + BENIGN :]
    return _Cast(seed, tuple(sorted(known)), tuple(sorted(benign)), tuple(sorted(strangers)))


def _tasks(cast: _Cast) -> Iterator[_Task]:
    yield from _copies(cast)
    yield from _known_in_formats(cast)
    yield from _known_edited(cast)
    yield from _known_turned(cast)
    yield from _known_among_others(cast)
    yield from _benign(cast)
    yield from _strangers(cast)
    yield from _damaged(cast)


def _copies(cast: _Cast) -> Iterator[_Task]:
    for stem in cast.some(cast.known, EXACT, "exact"):
        file = DemoFile(f"exact-copy-{stem}.jpg", Group.EXACT, "byte-for-byte", stem, ("known",), shown=Shown((stem,)))
        yield _Task(file, _untouched(stem))


def _known_in_formats(cast: _Cast) -> Iterator[_Task]:
    for one in formats():
        if one.available:
            for stem in cast.some(cast.known, EACH_FORMAT, "format", one.name):
                group = Group.APART if one.apart else Group.FORMAT
                expected = (*_MET, "nothing-found") if one.apart else _MET
                name = f"{group}-{one.name}-{stem}{one.suffix}"
                shown = _shown_in(cast, one, stem)
                file = DemoFile(name, group, one.kind, stem, expected, one.frame, shown=shown)
                yield _Task(file, _dressed(cast, one, stem))


def _known_edited(cast: _Cast) -> Iterator[_Task]:
    for edit in edits():
        group = Group.EDIT if edit.survivable else Group.HARD
        expected = _MET if edit.survivable else (*_MET, "nothing-found")
        for stem in cast.some(cast.known, EACH_EDIT, "edit", edit.name):
            name = f"{group}-{edit.name}-{stem}"
            one = _everyday(cast, name)
            beside = edit.name == "side-by-side"
            shown = Shown((stem, _others(cast, stem)[0]), columns=2) if beside else Shown((stem,))
            file = DemoFile(name + one.suffix, group, edit.name, stem, expected, shown=shown)
            yield _Task(file, _edited(cast, edit, stem, one, name))


def _known_turned(cast: _Cast) -> Iterator[_Task]:
    for what, turn in _ORIENTATIONS.items():
        for stem in cast.some(cast.known, EACH_ORIENTATION, "orientation", what):
            name = f"orientation-{what}-{stem}"
            one = _everyday(cast, name)
            file = DemoFile(name + one.suffix, Group.ORIENTATION, what, stem, _MET, shown=Shown((stem,)))
            yield _Task(file, _turned(stem, turn, one))


def _known_among_others(cast: _Cast) -> Iterator[_Task]:
    for one in composites():
        for stem in cast.some(cast.known, EACH_COMPOSITE, "composite", one.name):
            name = f"composite-{_plain(one.name)}-{stem}{one.suffix}"
            # A video shows the picture in many frames.
            frame = None if one.suffix == ".mp4" else 0
            stems = _composed(cast, one, name, stem)
            file = DemoFile(name, Group.COMPOSITE, one.name, stem, _MET, frame, shown=_shown_by(one, stems))
            yield _Task(file, _made(one, stems))
        for number in range(EACH_COMPOSITE_OF_STRANGERS):
            name = f"stranger-{_plain(one.name)}-{number}{one.suffix}"
            stems = _composed(cast, one, name, None)
            file = DemoFile(name, Group.STRANGER, one.name, None, ("nothing-found",), shown=_shown_by(one, stems))
            yield _Task(file, _made(one, stems))


def _benign(cast: _Cast) -> Iterator[_Task]:
    survivable = [edit for edit in edits() if edit.survivable]
    for number, stem in enumerate(cast.benign):
        listed = ("listed-as-benign",)
        shown = Shown((stem,))
        file = DemoFile(f"benign-{stem}.jpg", Group.BENIGN, "untouched", stem, listed, shown=shown)
        yield _Task(file, _untouched(stem))
        edit = survivable[number % len(survivable)]
        name = f"benign-{edit.name}-{stem}"
        one = _everyday(cast, name)
        # An edit may take a picture out of its entry's reach; then it is nobody's, but never known.
        expected = (*listed, "nothing-found")
        file = DemoFile(name + one.suffix, Group.BENIGN, edit.name, stem, expected, shown=shown)
        yield _Task(file, _edited(cast, edit, stem, one, name))


def _strangers(cast: _Cast) -> Iterator[_Task]:
    nothing = ("nothing-found",)
    for stem in cast.strangers:
        file = DemoFile(f"stranger-{stem}.jpg", Group.STRANGER, "untouched", None, nothing, shown=Shown((stem,)))
        yield _Task(file, _untouched(stem))
    # An animation of strangers would need known pictures between them to be of interest; stills will do.
    still = [one for one in formats() if one.available and one.frame == 0]
    for number, stem in enumerate(cast.some(cast.strangers, DRESSED_STRANGERS, "dressed")):
        one = still[number % len(still)]
        name = f"stranger-{one.name}-{stem}{one.suffix}"
        file = DemoFile(name, Group.STRANGER, one.kind, None, nothing, shown=Shown((stem,)))
        yield _Task(file, _dressed(cast, one, stem))


def _damaged(cast: _Cast) -> Iterator[_Task]:
    for damage, stem in zip(damages(), cast.some(cast.known, len(damages()), "damaged"), strict=True):
        name = f"damaged-{damage.name}{damage.suffix}"
        source = stem if "near" in damage.expected else None
        shown = Shown((source,)) if source else None
        file = DemoFile(name, Group.DAMAGED, damage.name, source, damage.expected, problem=True, shown=shown)
        yield _Task(file, lambda make=damage.make, stem=stem: make(opened(stem)))  # type: ignore[misc]  # its defaults have types


def _everyday(cast: _Cast, name: str) -> Format:
    """Choose a format for a picture that is about something else: two in three are JPEG."""
    wanted = ("jpeg-444", "jpeg-q85", "png-rgb")[int(cast.rng("everyday", name).integers(3))]
    (chosen,) = (one for one in formats() if one.name == wanted)
    return chosen


def _untouched(stem: str) -> Callable[[], bytes]:
    return (FOLDER / f"{stem}.jpg").read_bytes


def _dressed(cast: _Cast, one: Format, stem: str) -> Callable[[], bytes]:
    return lambda: one.save(opened(stem), [opened(other) for other in _others(cast, stem)])


def _turned(stem: str, turn: Image.Transpose, one: Format) -> Callable[[], bytes]:
    return lambda: one.save(opened(stem).transpose(turn), ())


def _edited(cast: _Cast, edit: Edit, stem: str, one: Format, name: str) -> Callable[[], bytes]:
    return lambda: one.save(edit.apply(opened(stem), cast.rng("edit", name), opened(_others(cast, stem)[0])), ())


def _composed(cast: _Cast, one: Composite, name: str, stem: str | None) -> tuple[str, ...]:
    stems = cast.some(cast.strangers, one.count, "composed", name)
    if stem is not None:
        stems[int(cast.rng("place", name).integers(one.count))] = stem
    return tuple(stems)


def _made(one: Composite, stems: Sequence[str]) -> Callable[[], bytes]:
    return lambda: one.make([opened(each) for each in stems])


def _shown_by(one: Composite, stems: tuple[str, ...]) -> Shown:
    return Shown(stems, seconds=SHOT_SECONDS) if one.suffix == ".mp4" else Shown(stems, columns=COLUMNS)


def _shown_in(cast: _Cast, one: Format, stem: str) -> Shown:
    """Animations and documents show another picture before, and one after (see `Format.frame`)."""
    before, after = _others(cast, stem)
    return Shown((before, stem, after)) if one.frame else Shown((stem,))


def _plain(name: str) -> str:
    return name.replace(",", "").replace(" ", "-")


def _others(cast: _Cast, stem: str) -> list[str]:
    return cast.some([s for s in cast.strangers if s != stem], 2, "others", stem)
