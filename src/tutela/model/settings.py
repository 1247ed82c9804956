"""Settings: one typed table, read once.  `docs/reference/settings.md` is generated from it."""

from __future__ import annotations

import os
import tomllib
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
    Setting(
        "database",
        "",
        "URL of the database, as in postgresql+psycopg://user@host/name; empty: SQLite in the home folder.",
    ),
    Setting("host", "127.0.0.1", "Address on which `tutela serve` listens."),
    Setting("port", 8470, "Port on which `tutela serve` listens."),
    Setting("processes", 0, "Web processes of `tutela serve`; 0 means one for each processor."),
    Setting("public_url", "", "Address of the server as its users see it, where a proxy stands before it."),
    Setting("session_idle_minutes", 30, "Minutes without a request after which a sign-in ends."),
    Setting("session_hours", 12, "Hours after which a sign-in ends in any case."),
    Setting("lookups_per_minute", 600_000, "Values that one account may have looked up in a minute."),
    Setting("max_body", 64 * MIB, "Largest body that the server takes, in bytes; imports have none."),
    Setting("fetch_urls", 0, "1: the match API may be given a URL to fetch, through the guarded client."),
    Setting("audit_days", 0, "Days for which audit rows are kept; 0: for ever."),
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
class ServerSettings:
    """What `tutela serve` goes by."""

    host: str = "127.0.0.1"
    port: int = 8470
    processes: int = 0
    public_url: str = ""
    session_idle_minutes: int = 30
    session_hours: int = 12
    lookups_per_minute: int = 600_000
    max_body: int = 64 * MIB
    fetch_urls: bool = False
    audit_days: int = 0


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings as read; see `SETTINGS` for what each one means."""

    home: Path
    limits: Limits
    workers: int
    kernel: str
    database: str = ""
    server: ServerSettings = ServerSettings()


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Read every setting from the environment, and from the TOML file that ``TUTELA_SETTINGS`` names, if it is set.

    What the environment says goes before what the file says.  Raises `SettingInvalid` for a value of the wrong type or
    sign, and for a file that cannot be read or names what is no setting.
    """
    source = os.environ if environment is None else environment
    if source.get("TUTELA_SETTINGS"):
        source = {**_of_file(Path(source["TUTELA_SETTINGS"])), **source}
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
        database=str(values["database"]),
        server=ServerSettings(
            host=str(values["host"]),
            port=int(values["port"]),
            processes=int(values["processes"]),
            public_url=str(values["public_url"]).rstrip("/"),
            session_idle_minutes=int(values["session_idle_minutes"]),
            session_hours=int(values["session_hours"]),
            lookups_per_minute=int(values["lookups_per_minute"]),
            max_body=int(values["max_body"]),
            fetch_urls=bool(values["fetch_urls"]),
            audit_days=int(values["audit_days"]),
        ),
    )


def _of_file(path: Path) -> dict[str, str]:
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        wanted = f"a TOML file that can be read ({error})"
        raise SettingInvalid(name="TUTELA_SETTINGS", value=str(path), wanted=wanted) from None
    names = {setting.name for setting in SETTINGS}
    for name, value in told.items():
        if name not in names or not isinstance(value, int | float | str):
            raise SettingInvalid(name=f"{path.name}: {name}", value=value, wanted="a setting of tutela with one value")
    return {f"TUTELA_{name.upper()}": str(int(v) if isinstance(v, bool) else v) for name, v in told.items()}


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
