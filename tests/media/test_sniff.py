import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.formats import VARIANTS, picture
from tutela.media import sniff
from tutela.model import MediaType

RGB = picture(24, 32)


@pytest.mark.parametrize("name", VARIANTS)
def test_every_variant_is_told_by_its_bytes(name):
    variant = VARIANTS[name]
    assert sniff(variant(RGB)) is variant.media_type


@pytest.mark.parametrize(
    ("start", "media_type"),
    [
        (b"\xff\xd8\xff\xe0", MediaType.JPEG),
        (b"MM\x00\x2b\x00\x08", MediaType.TIFF),
        (b"\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00mif1avif", MediaType.AVIF),
        (b"\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00mif1heic", MediaType.HEIC),
        (b"\x00\x00\x00\x10ftypmsf1\x00\x00\x00\x00", MediaType.HEIC),
        (b"\x00\x00\x00\x18ftypavis\x00\x00\x00\x00msf1heic", MediaType.AVIF),
        (b"\x00\x00\x00\x18ftypisom\x00\x00\x00\x00isommp42", MediaType.MP4),
        (b"\x00\x00\x00\x10ftypmif1\x00\x00\x00\x00avif", MediaType.HEIC),  # the brand lies outside of the box
        (b"BM" + bytes(12) + b"\x28\x00\x00\x00", MediaType.BMP),
        (b"BM, said the text, and went on", None),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", None),
        (b"%!PS-Adobe-3.0 EPSF-3.0", None),
        (b"8BPS\x00\x01", None),
        (b"\xff\xd8", None),
        (b"", None),
    ],
)
def test_starts(start, media_type):
    assert sniff(start) is media_type


@given(st.binary(max_size=64))
def test_takes_any_bytes(data):
    assert sniff(data) is None or isinstance(sniff(data), MediaType)
