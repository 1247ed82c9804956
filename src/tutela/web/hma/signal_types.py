"""HMA's names for kinds of signals and of content, and how it writes signals and distances.

HMA as it comes knows ``pdq`` for photos and ``video_md5`` for videos, and hashes with these unless the request names
others in ``types``.  The digests that tutela computes besides can be asked for by their own names.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tutela.model import Signal
from tutela.model.errors import SignalInvalid
from tutela.signals import Measure, SignalKind
from tutela.signals import kind as signal_kind
from tutela.web.hma.errors import refusal

#: What HMA tells as the distance of two equal digests.
NO_DISTANCE = "-"


@dataclass(frozen=True, slots=True)
class SignalType:
    """A type of signal: its name in HMA, our kind, the content it is computed of, and of which without being asked."""

    name: str
    kind: SignalKind
    contents: frozenset[str]
    unasked: frozenset[str] = frozenset()


_PHOTO, _VIDEO = frozenset({"photo"}), frozenset({"video"})
_BOTH = _PHOTO | _VIDEO

#: By name, those of a fresh HMA first.
SIGNAL_TYPES: dict[str, SignalType] = {
    one.name: one
    for one in (
        SignalType("pdq", signal_kind("pdq"), _BOTH, _PHOTO),
        SignalType("video_md5", signal_kind("md5"), _VIDEO, _VIDEO),
        SignalType("video_sha256", signal_kind("sha256"), _VIDEO),
        SignalType("md5", signal_kind("md5"), _BOTH),
        SignalType("sha1", signal_kind("sha1"), _BOTH),
        SignalType("sha256", signal_kind("sha256"), _BOTH),
        SignalType("photodna", signal_kind("photodna"), frozenset()),
    )
}
CONTENT_TYPES = ("photo", "video")


def content_type(name: str) -> str:
    """Return a content type of the request; refuse one that is unknown as HMA does."""
    if name not in CONTENT_TYPES:
        raise refusal(400, f"no such content_type: '{name[:64]}'")
    return name


def content_type_of(media_type: str) -> str:
    """Return the content type that a ``Content-Type`` header tells; refuse what is neither picture nor video."""
    for prefix, name in (("image", "photo"), ("video", "video")):
        if media_type.lower().startswith(prefix):
            return name
    raise refusal(
        400,
        f"unsupported url ContentType: '{media_type[:64]}', if you know the expected type, provide it with the"
        " content_type query param",
    )


def wanted(content: str, types: str | None) -> tuple[SignalType, ...]:
    """Return the signal types to compute of a content type: those that ``types`` names, separated by commas."""
    if types is None:
        return tuple(one for one in SIGNAL_TYPES.values() if content in one.unasked)
    names = [name.strip() for name in types.split(",") if name.strip()]
    for name in names:
        if name not in SIGNAL_TYPES or content not in SIGNAL_TYPES[name].contents:
            raise refusal(400, f"signal type '{name[:64]}' doesn't exist or is disabled")
    if not names:
        raise refusal(400, "empty signal type selection")
    return tuple(SIGNAL_TYPES[name] for name in dict.fromkeys(names))


def signal_type(name: str) -> SignalType:
    """Return the type of this name; refuse an unknown one as HMA does where it matches."""
    found = SIGNAL_TYPES.get(name)
    if found is None:
        raise refusal(400, f"No such SignalType '{name[:64]}'")
    return found


def parse(name: str, text: str, *, told: str = "invalid signal: {reason}") -> Signal:
    """Return the signal of a type that a text writes in hexadecimal; ``told`` is the form of the refusal."""
    kind = signal_type(name).kind
    try:
        return Signal(kind.name, kind.parse(text))
    except SignalInvalid as error:
        raise refusal(400, told.format(name=name, reason=error.fields["reason"])) from None


def told(types: Iterable[SignalType], signals: Iterable[Signal]) -> dict[str, str]:
    """Return what HMA tells of hashed content: for each type its value, ``""`` where there is none fit to be matched.

    A type has one value there, so of several frames the first speaks.
    """
    values: dict[str, str] = {}
    for signal in signals:
        if is_fit(signal):
            values.setdefault(signal.kind, signal_kind(signal.kind).format(signal.value))
    return {one.name: values.get(one.kind.name, "") for one in types}


def is_fit(signal: Signal) -> bool:
    """Return whether a value may be matched: of enough quality, and no value that unlike contents share."""
    kind = signal_kind(signal.kind)
    poor = signal.quality is not None and signal.quality < kind.default.quality
    return not poor and kind.unfit(signal.value) is None


def distance(kind: str, value: int) -> str:
    """Return a distance as HMA writes it: a text, and ``-`` where two are equal or not."""
    return NO_DISTANCE if signal_kind(kind).measure is Measure.EXACT else str(value)
