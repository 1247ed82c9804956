"""Groups of packets from one key frame to the next, and whether anything can change within one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

import av
from av.video.stream import VideoStream

Packet: TypeAlias = "av.Packet[VideoStream]"

#: A group is handed on in parts beyond so many packets or bytes: memory stays flat in a stream without key frames.
MOST_PACKETS = 600
MOST_BYTES = 32 << 20

#: What a frame takes that says "as before", in bytes; screens, slides and title cards have 20 to 150.
_NOTHING = 256
#: Bits a pixel that all frames of a group together may add to that.  No codec shows another picture in so few:
#: 5 KiB at 1920x1080.
_BITS_A_PIXEL = 0.02


def groups(packets: Iterable[Packet]) -> Iterator[list[Packet]]:
    """Yield the packets in groups; each begins with a key frame, but for parts of a group that was too long."""
    group: list[Packet] = []
    held = 0
    for packet in packets:
        if group and (packet.is_keyframe or len(group) >= MOST_PACKETS or held >= MOST_BYTES):
            yield group
            group, held = [], 0
        group.append(packet)
        held += packet.size
    if group:
        yield group


def is_still(group: Sequence[Packet], pixels: int) -> bool:
    """Whether the frames after a group's key frame hold too little to change a picture of so many pixels.

    Judged by the sizes of all packets together, so that a change cannot hide behind a large key frame or be spread
    over many frames.
    """
    if not group[0].is_keyframe or len(group) < 2:
        return False
    told = sum(max(0, packet.size - _NOTHING) for packet in group[1:])
    return 8 * told <= _BITS_A_PIXEL * pixels
