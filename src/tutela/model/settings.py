"""Settings: one typed table, read once.  `docs/reference/settings.md` is generated from it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tutela.model.errors import SettingInvalid

MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the table.  The environment variable is ``TUTELA_`` and the name in capitals."""

    name: str
    default: int | float | str
    help: str


SETTINGS: tuple[Setting, ...] = (
    Setting("home", "~/.local/share/tutela", "Folder of the store and of the list snapshots."),
    Setting(
        "max_bytes",
        512 * MIB,
        "Largest picture file that is decoded, in bytes; a larger one is only hashed. Videos have no such limit.",
    ),
    Setting("max_pixels", 250_000_000, "Largest picture that is decoded, in pixels (width x height)."),
    Setting("max_frames", 256, "How many distinct frames of one file are decoded."),
    Setting("max_seconds", 30.0, "Wall and CPU time that one file may take, in seconds."),
    Setting(
        "max_video_frames", 20_000, "How many frames of one video are hashed; those that look like the last are not."
    ),
    Setting("max_video_seconds", 600.0, "Wall and CPU time that one video may take, in seconds."),
    Setting("max_memory", 2048 * MIB, "Address space of a decoding worker, in bytes."),
    Setting("workers", 0, "Decoding workers; 0 means one for each processor."),
    Setting("kernel", "auto", "Kernel path: auto, avx512, avx2 or portable."),
    Setting("debug", 0, "1: the command line shows an error with its traceback."),
)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one content may cost."""

    max_bytes: int = 512 * MIB
    max_pixels: int = 250_000_000
    max_frames: int = 256
    max_seconds: float = 30.0
    max_memory: int = 2048 * MIB
    max_video_frames: int = 20_000
    max_video_seconds: float = 600.0


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings as read; see `SETTINGS` for what each one means."""

    home: Path
    limits: Limits
    workers: int
    kernel: str


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Read every setting from the environment.

    Raises `SettingInvalid` for a value of the wrong type or sign.
    """
    source = os.environ if environment is None else environment
    values = {setting.name: _value(setting, source) for setting in SETTINGS}
    kernel = str(values["kernel"])
    if kernel not in {"auto", "avx512", "avx2", "portable"}:
        raise SettingInvalid(name="TUTELA_KERNEL", value=kernel, wanted="auto, avx512, avx2 or portable")
    return Settings(
        home=Path(str(values["home"])).expanduser(),
        limits=Limits(
            max_bytes=int(values["max_bytes"]),
            max_pixels=int(values["max_pixels"]),
            max_frames=int(values["max_frames"]),
            max_seconds=float(values["max_seconds"]),
            max_memory=int(values["max_memory"]),
            max_video_frames=int(values["max_video_frames"]),
            max_video_seconds=float(values["max_video_seconds"]),
        ),
        workers=int(values["workers"]),
        kernel=kernel,
    )


def _value(setting: Setting, source: Mapping[str, str]) -> int | float | str:
    name = f"TUTELA_{setting.name.upper()}"
    text = source.get(name)
    if text is None:
        return setting.default
    if isinstance(setting.default, str):
        return text
    number_type = type(setting.default)
    try:
        number = number_type(text)
    except ValueError:
        raise SettingInvalid(name=name, value=text, wanted=f"a number ({number_type.__name__})") from None
    if number < 0:
        raise SettingInvalid(name=name, value=text, wanted="zero or more")
    return number
