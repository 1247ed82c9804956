"""Names as a person may safely read them: file names are written by strangers, and some are written to deceive."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

#: Joiners that Indic scripts, Persian and emoji need; they change no order and hide nothing.
_HARMLESS = {"\u200c", "\u200d"}
_NAMED = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}
#: Unicode's general categories of what is not seen: controls, formats, surrogates, private use, line separators.
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


def visible(text: str) -> str:
    r"""Return ``text`` with everything unseen written out, on one line, safe for a terminal.

    A control character becomes ``\x1b``, a direction override ``\u202e``, a line break ``\n``, an undecodable byte of a
    file name (PEP 383) ``\xff``.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(piece for piece, _ in pieces(text))


def pieces(text: str) -> Iterator[tuple[str, bool]]:
    """Yield ``(piece, written_out)``: runs of plain text, and each unseen character as its escape."""
    run: list[str] = []
    for character in text:
        if character in _HARMLESS or unicodedata.category(character) not in _UNSEEN:
            run.append(character)
            continue
        if run:
            yield "".join(run), False
            run.clear()
        yield _escape(character), True
    if run:
        yield "".join(run), False


def _escape(character: str) -> str:
    code = ord(character)
    if character in _NAMED:
        return _NAMED[character]
    if 0xDC80 <= code <= 0xDCFF:  # PEP 383: the byte is the low half
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
