"""The markup of a sheet of clusters."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files

from tutela.clusters import Cell, Group, GroupKind
from tutela.engine.moments import clock
from tutela.report import page, wording
from tutela.report.markup import Markup, attribute, isolated, tag, terms, text
from tutela.report.page import Run

STYLE = page.STYLE + files("tutela.report").joinpath("cluster_style.css").read_text(encoding="utf-8")

HEADINGS = {
    GroupKind.ONE_DECISION: "One decision",
    GroupKind.CONFIRM: "To confirm",
    GroupKind.CHAIN: "Chains",
}
MEANINGS = {
    GroupKind.ONE_DECISION: "All lie so near each other that what is decided of one holds for all.",
    GroupKind.CONFIRM: "Alike, but not beyond doubt: look at the outermost before one decision covers all.",
    GroupKind.CHAIN: "Each is like the next, but the ends are not alike, as in a fade. Never one decision for all.",
}

#: Members of a part that are shown with a picture; the others by name, and beyond the second number only counted.
PICTURES_SHOWN, NAMES_SHOWN = 8, 100
#: Parts of a cluster that are laid out.
PARTS_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Member:
    """What is shown of a row: the file's name, the frame's number and time in it, whether a decision may rest on it
    (``unfit`` says why not), a small WebP picture if there is one, and which cell of a sheet it is.
    """

    name: str
    frame: int | None = None
    time: float | None = None
    unfit: str | None = None
    thumbnail: bytes | None = None
    cell: Cell | None = None

    @property
    def where(self) -> str:
        """Where in the file it lies: ``cell 5 of 12``, ``frame 13``, ``at 0:01.5``; empty for the file itself."""
        moment = "" if self.time is None else f"at\u00a0{clock(self.time)}"
        if self.cell is not None:
            sheet = f"frame\u00a0{wording.number(self.cell.sheet + 1)}" if self.cell.sheet else ""
            named = wording.cell(self.cell.order, self.cell.count, self.cell.layout)
            return ", ".join(part for part in (named, moment or sheet) if part)
        return moment or (f"frame {wording.number(self.frame + 1)}" if self.frame else "")


def head(title: str) -> Markup:
    """Return everything up to the body's content, with a policy that lets in this very style and no script."""
    digest = base64.b64encode(hashlib.sha256(STYLE.encode("utf-8")).digest()).decode("ascii")
    policy = f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return Markup(
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n<meta name="robots" content="noindex, nofollow">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{text(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
    )


def masthead(title: str, run: Run, finished: datetime, told: tuple[int, int, int, int]) -> Markup:
    """Return title and one sentence; ``told`` is how many pictures lie in how many clusters, and how many decisions
    cover how many of them.
    """
    lasted = wording.duration(finished - run.started).replace(" ", "\u00a0")
    return Markup(
        f'<header class="masthead">\n<p class="brand">{page.MARK}<span>Tutela</span>'
        '<span class="kind">cluster sheet</span></p>\n'
        f"<h1>{isolated(title)}</h1>\n"
        f'<p class="when"><time datetime="{finished.isoformat()}">{text(wording.moment(finished))}</time>, '
        f"after {text(lasted)}</p>\n"
        f'<p class="lead">{_lead(*told)}</p>\n</header>\n<main>\n'
    )


def _lead(gathered: int, clusters: int, decisions: int, covered: int) -> Markup:
    if not clusters:
        return Markup("No two pictures are alike.")
    sentence = (
        f"{wording.counted(gathered, 'picture')} {'lies' if gathered == 1 else 'lie'} in "
        f"<b>{wording.counted(clusters, 'cluster')}</b>."
    )
    if decisions:
        verb = "covers" if decisions == 1 else "cover"
        sentence += f" {wording.counted(decisions, 'decision')} {verb} {wording.number(covered)} of them."
    return Markup(sentence)


def numbers(cards: Sequence[tuple[str, str, int]]) -> Markup:
    """Return the numbers; those with a name are the filter as well."""
    made = [
        f'<label class="card {name}{"" if count else " zero"}"><input type="radio" name="show" autocomplete="off" '
        f'id="show-{name}"{" checked" if name == "all" else "" if count else " disabled"}>'
        f'<span class="figure">{wording.number(count)}</span><span class="word">{text(word)}</span></label>'
        if name
        else f'<span class="card zero"><span class="figure">{wording.number(count)}</span>'
        f'<span class="word">{text(word)}</span></span>'
        for name, word, count in cards
    ]
    return Markup(f'<fieldset class="numbers">\n<legend>Show</legend>\n{"".join(made)}\n</fieldset>\n')


def no_clusters() -> Markup:
    """Return what stands where clusters would."""
    return Markup(
        '<section class="calm"><h2>No clusters</h2><p>Every picture stands alone: none lies within the distance of '
        'another. The distance is told under <a href="#run">This run</a>.</p></section>\n'
    )


def left_out(count: int) -> Markup:
    """Return a note on clusters that are not laid out."""
    return Markup(
        f'<p class="meaning">{text(wording.counted(count, "smaller cluster"))}, counted above, are not shown here. '
        "<code>tutela cluster --jsonl</code> lists every one.</p>\n"
    )


def cluster(group: Group, parts: Sequence[Group], member: Callable[[int], Member]) -> Markup:
    """Return a cluster with its smallest parts, in their order."""
    shown = "".join(_part(part, group, member) for part in parts[:PARTS_SHOWN])
    more = len(parts) - PARTS_SHOWN
    note = f'<p class="meaning">and {text(wording.counted(more, "more part"))}</p>' if more > 0 else ""
    names = len({member(int(row)).name for row in group.members[:10_000]})
    size = f"{wording.counted(len(group.members), 'picture')}, {wording.counted(names, 'file')}"
    return Markup(
        f'<section class="group cluster {group.kind.value}" id="cluster-{group.cluster}">\n'
        f'<h2>Cluster {wording.number(group.cluster)} <span class="count">{text(size)}</span></h2>\n'
        f'<p class="tags">{tag(HEADINGS[group.kind].removesuffix("s"), "grade")}{_measures(group)}</p>\n'
        f'<p class="meaning">{text(MEANINGS[group.kind])}</p>\n{shown}{note}</section>\n'
    )


def particulars(run: Run) -> Markup:
    """Return the section on the run: where it looked and how it was set."""
    where = "".join(f"<li>{isolated(place)}</li>" for place in run.looked_in[:50]) or "<li>not recorded</li>"
    pairs = [("Looked in", Markup(f"<ul>{where}</ul>")), ("Began", text(wording.moment(run.started)))]
    pairs += [("Tutela", text(run.version)), *((name, isolated(value)) for name, value in run.settings.items())]
    return Markup(f'<section class="group run" id="run"><h2>This run</h2>\n{terms(pairs, "terms wide")}\n</section>\n')


def foot() -> Markup:
    """Return the end of the page."""
    return Markup(
        "<footer><p>Pictures stay blurred and grey until each is asked for, and are never printed. This file needs no "
        "network and sends nothing anywhere; it holds small copies of pictures, so keep it as you would keep "
        "them.</p></footer>\n</main>\n</body>\n</html>\n"
    )


def _measures(group: Group) -> Markup:
    about = "" if group.exact else "at most "
    told = (
        f"diameter {about}{group.diameter} bits",
        f"radius {group.radius} bits",
        f"spread {group.spread:.1f} bits",
    )
    return Markup("".join(tag(words) for words in told))


def _part(part: Group, whole: Group, member: Callable[[int], Member]) -> Markup:
    rows = [int(row) for row in part.members]
    # The medoid first in sight, then the others in their order: a decision begins with it.
    first = [part.medoid, *(row for row in rows if row != part.medoid)]
    pictured = set(first[:PICTURES_SHOWN])
    order = rows if whole.kind is GroupKind.CHAIN else first
    figures = "".join(_figure(member(row), medoid=row == part.medoid) for row in order if row in pictured)
    names = "".join(
        f"<li>{_name(member(row))}</li>" for row in order if row not in pictured and len(rows) <= NAMES_SHOWN
    )
    rest = len(rows) - len(pictured)
    more = ""
    if names:
        more = f"<details><summary>{text(wording.number(rest))} more</summary><ul>{names}</ul></details>"
    elif rest:
        more = f'<p class="meaning">and {text(wording.number(rest))} more</p>'
    heading = ""
    if part is not whole:
        size = wording.counted(len(rows), "picture")
        heading = f'<p class="tags">{tag(_part_name(part), "grade")}{tag(size)}{_measures(part)}</p>'
    return Markup(f'<div class="part {part.kind.value}">{heading}<div class="strip">{figures}</div>{more}</div>\n')


def _part_name(part: Group) -> str:
    if len(part.members) == 1:
        return "By itself"
    return HEADINGS[part.kind].removesuffix("s")


def _figure(member: Member, *, medoid: bool) -> Markup:
    tags = (tag("middle") if medoid else "") + (tag(member.unfit) if member.unfit else "")
    below = f'<span class="tags">{tags}</span>' if tags else ""
    return Markup(f"<figure>{_picture(member)}<figcaption>{_name(member)}{below}</figcaption></figure>")


def _picture(member: Member) -> Markup:
    if member.thumbnail is None:
        # A thumbnail is of the file's first frame: a cell is to be seen in its sheet.
        why = "in the sheet" if member.cell else "no picture"
        return Markup(f'<span class="none">{why}</span>')
    label = attribute(wording.name_parts(member.name)[1])
    data = base64.b64encode(member.thumbnail).decode("ascii")
    return Markup(
        f'<label class="picture"><input type="checkbox" autocomplete="off" aria-label="Show the picture {label}">'
        f'<img src="data:image/webp;base64,{data}" alt="" decoding="async" loading="lazy">'
        '<span class="veil" aria-hidden="true"></span></label>'
    )


def _name(member: Member) -> Markup:
    folder, last = wording.name_parts(member.name)
    shown = f'<span class="name">{isolated(last)}</span>'
    shown += f'<span class="facts">{text(member.where)}</span>' if member.where else ""
    return Markup(shown + (f'<span class="folder">{isolated(folder)}</span>' if folder else ""))
