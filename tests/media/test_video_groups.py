from dataclasses import dataclass

from tutela.media.video_groups import MOST_BYTES, MOST_PACKETS, groups, is_still


@dataclass
class Packet:
    is_keyframe: bool
    size: int


KEY = Packet(True, 50_000)


def after(*sizes):
    return [Packet(False, size) for size in sizes]


def test_a_group_begins_with_a_key_frame():
    packets = [*after(5), KEY, *after(1, 2), KEY, KEY, *after(3)]
    assert [[packet.size for packet in group] for group in groups(packets)] == [
        [5],
        [50_000, 1, 2],
        [50_000],
        [50_000, 3],
    ]


def test_groups_have_an_end():
    assert {len(group) for group in groups([KEY, *after(*[9] * (3 * MOST_PACKETS - 1))])} == {MOST_PACKETS}
    assert len(list(groups([KEY, *after(MOST_BYTES, MOST_BYTES)]))) == 2


def test_what_says_as_before_is_still():
    pixels = 1920 * 1080
    assert is_still([KEY, *after(*[150] * 249)], pixels)
    assert not is_still([KEY, *after(*[150] * 100, 30_000, *[150] * 148)], pixels)


def test_a_change_cannot_hide():
    pixels = 1920 * 1080
    huge = Packet(True, 50_000_000)
    assert not is_still([huge, *after(20_000)], pixels)  # behind a large key frame
    assert not is_still([KEY, *after(*[1_000] * 20)], pixels)  # spread over many frames
    assert not is_still(after(10, 10), pixels)  # where the beginning is not known
    assert not is_still([KEY], pixels)
