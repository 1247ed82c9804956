"""Text to HTML.  `Markup` is text that is HTML already; everything else is escaped on its way in."""

from __future__ import annotations

import html
from typing import NewType

from tutela.report.visible import pieces

Markup = NewType("Markup", str)

#: The verdicts by JSON name, gravest first: heading, and what it means in one sentence.
VERDICTS: dict[str, tuple[str, str]] = {
    "known": ("Known", "The very bytes of these files are on a known list."),
    "near": (
        "Near",
        "These lie within a known list's threshold or follow a known video. A person should confirm.",
    ),
    "unreadable": ("Unreadable", "No picture could be had from these, so nothing can be said of what they show."),
    "listed-as-benign": ("Benign", "A benign entry is as near as any known one, or nearer: these were cleared before."),
    "nothing-found": ("Nothing found", "Each of these was looked at, and no list has it."),
}


def text(plain: str) -> Markup:
    """Return the text escaped, each unseen character written out and marked."""
    if plain.isascii() and plain.isprintable():
        return Markup(html.escape(plain))
    return Markup(
        "".join(
            f'<span class="unseen">{html.escape(piece)}</span>' if written_out else html.escape(piece)
            for piece, written_out in pieces(plain)
        )
    )


def isolated(plain: str) -> Markup:
    """Return escaped text whose direction cannot leak into what stands beside it."""
    return Markup(f"<bdi>{text(plain)}</bdi>")


def attribute(plain: str) -> Markup:
    """Return text for a quoted attribute."""
    return Markup(html.escape("".join(piece for piece, _ in pieces(plain)), quote=True))


def tag(words: str, look: str = "") -> Markup:
    """Return a small label; ``look`` is a class of the style sheet."""
    return Markup(f'<span class="tag{" " + look if look else ""}">{text(words)}</span>')


def terms(pairs: list[tuple[str, Markup]], look: str = "terms") -> Markup:
    """Return a list of terms and their descriptions."""
    rows = "".join(f"<div><dt>{text(term)}</dt><dd>{value}</dd></div>" for term, value in pairs)
    return Markup(f'<dl class="{look}">{rows}</dl>')
