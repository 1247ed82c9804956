"""The page around the rows: head, summary, groups, particulars of the run."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from importlib.resources import files

from tutela.model import ListInfo
from tutela.report import wording
from tutela.report.counts import Counts
from tutela.report.markup import VERDICTS, Markup, isolated, tag, terms, text
from tutela.report.rows import COLUMNS
from tutela.signals import kind_title

STYLE = files("tutela.report").joinpath("style.css").read_text(encoding="utf-8")
SCRIPT = files("tutela.report").joinpath("sorting.js").read_text(encoding="utf-8")

#: A group of more rows than this is folded when the page opens, so that the browser need not lay it out.
FOLDED_FROM = 100

#: The sign beside the name.
MARK = (
    '<svg class="mark" viewBox="0 0 32 32" width="32" height="32" aria-hidden="true">'
    '<path d="M16 2.5 27.5 7v8.6c0 6.6-4.6 11.6-11.5 13.9C9.1 27.2 4.5 22.2 4.5 15.6V7z"/>'
    '<circle cx="16" cy="15" r="4.5"/></svg>'
)


@dataclass(frozen=True, slots=True)
class Run:
    """Particulars of a run: tutela's version, its start (UTC), what was asked for, and settings worth knowing."""

    version: str
    started: datetime
    looked_in: Sequence[str] = ()
    settings: Mapping[str, str] = field(default_factory=dict)


def head(title: str) -> Markup:
    """Return everything up to ``<main>``, with a policy that lets nothing in but this very style and script."""
    policy = (
        f"default-src 'none'; img-src data:; style-src '{_hash(STYLE)}'; script-src '{_hash(SCRIPT)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    return Markup(
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n<meta name="robots" content="noindex, nofollow">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{text(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
    )


def masthead(title: str, run: Run, finished: datetime, counts: Counts) -> Markup:
    """Return title, one sentence that says how it went, and the numbers, which are the filter as well."""
    lasted = wording.duration(finished - run.started).replace(" ", "\u00a0")
    return Markup(
        f'<header class="masthead">\n<p class="brand">{MARK}<span>Tutela</span>'
        '<span class="kind">match report</span></p>\n'
        f"<h1>{isolated(title)}</h1>\n"
        f'<p class="when"><time datetime="{finished.isoformat()}">{text(wording.moment(finished))}</time>, '
        f"after {text(lasted)}</p>\n"
        f'<p class="lead">{_lead(counts)}</p>\n</header>\n{_numbers(counts)}'
    )


def open_group(name: str, count: int) -> Markup:
    """Return the start of a verdict's group, up to the first row of its table."""
    heading, meaning = VERDICTS[name]
    folded = "" if count > FOLDED_FROM and name == "nothing-found" else " open"
    return Markup(
        f'<details class="group {name}" id="{name}"{folded}>\n<summary><h2>{heading}</h2> '
        f'<span class="count">{text(wording.number(count))}</span></summary>\n<p class="meaning">{meaning}</p>\n'
        + _open_table(heading, COLUMNS[name], name)
    )


def close_group(left_out: int = 0) -> Markup:
    """Return the end of a group; ``left_out`` rows were counted but not listed."""
    note = ""
    if left_out:
        note = (
            f'<p class="meaning">{text(wording.counted(left_out, "more file"))} of this group, counted above, '
            "are not listed here. <code>tutela match --jsonl</code> lists every one.</p>\n"
        )
    return Markup(f"</table>\n{note}</details>\n")


def nothing_met(counts: Counts) -> Markup:
    """Return what stands where hits would: an honest sentence, not a void."""
    if not counts.looked_at:
        return Markup(
            '<section class="calm"><h2>Nothing was looked at</h2><p>The folders and files given held nothing to open. '
            'Check the paths under <a href="#run">This run</a>.</p></section>\n'
        )
    if counts.met:
        return Markup("")
    return Markup(
        '<section class="calm"><h2>No known picture was met</h2><p>That says what it says: none of these files is on, '
        'or near an entry of, <a href="#run">the lists that were asked</a>. It does not say what they '
        "show.</p></section>\n"
    )


def open_problems(counts: Counts) -> Markup:
    """Return the start of the section on problems, up to its first row."""
    kinds = "".join(
        tag(f"{kind} {wording.number(count)}") for kind, count in sorted(counts.problems.items(), key=_commonest)
    )
    total = wording.number(counts.problems.total())
    return Markup(
        f'<details class="group problems" id="problems" open>\n<summary><h2>Problems</h2> '
        f'<span class="count">{total}</span></summary>\n<p class="meaning">Damage and limits met on the way. Work '
        f'went on: what could be decoded was looked at all the same.</p>\n<p class="tags">{kinds}</p>\n'
        + _open_table(
            "Problems", (("File", "text"), ("Kind", "text"), ("Place", "text"), ("What happened", "text")), "problems"
        )
    )


def no_problems() -> Markup:
    """Return the section on problems of a run that had none."""
    return Markup(
        '<section class="group problems" id="problems"><h2>Problems</h2>'
        '<p class="meaning">None: nothing was damaged, cut short or over a limit.</p></section>\n'
    )


def particulars(run: Run, finished: datetime, lists: Sequence[ListInfo]) -> Markup:
    """Return the section on the run: where it looked, what it asked, how it was set."""
    pairs = [
        ("Looked in", _looked_in(run.looked_in)),
        ("Began", text(wording.moment(run.started))),
        ("Ended", text(wording.moment(finished))),
        ("Tutela", text(run.version)),
    ]
    pairs += [(name, isolated(value)) for name, value in run.settings.items()]
    return Markup(
        f'<section class="group run" id="run"><h2>This run</h2>\n{terms(pairs, "terms wide")}\n'
        f"<h3>Lists that were asked</h3>\n{_lists(lists)}</section>\n"
    )


def foot() -> Markup:
    """Return the end of the page."""
    return Markup(
        "<footer><p>Pictures stay blurred and grey until each is asked for, and are never printed. This file needs no "
        "network and sends nothing anywhere; it holds small copies of the pictures that were met, so keep it as "
        f"you would keep them.</p></footer>\n</main>\n<script>{SCRIPT}</script>\n</body>\n</html>\n"
    )


def _lead(counts: Counts) -> Markup:
    if not counts.looked_at:
        return Markup("No file was found to look at.")
    looked = f"Of {wording.counted(counts.looked_at, 'file')}, "
    known, near, unreadable = (counts.verdicts[name] for name in ("known", "near", "unreadable"))
    met = [
        f"<b>{wording.number(known)} {'is' if known == 1 else 'are'} known</b>" if known else "",
        f"<b>{wording.number(near)} {'comes' if near == 1 else 'come'} near</b> a known one" if near else "",
    ]
    sentence = looked + (" and ".join(filter(None, met)) or "none is known or near a known one") + "."
    if unreadable:
        verb = "needs" if unreadable == 1 else "need"
        sentence += f" {wording.counted(unreadable, 'file')} could not be read and {verb} a person."
    return Markup(sentence)


def _numbers(counts: Counts) -> Markup:
    cards = [_card("all", "Looked at", counts.looked_at, chosen=True)]
    cards += [_card(name, heading, counts.verdicts[name]) for name, (heading, _) in VERDICTS.items()]
    troubled = counts.problems.total()
    problems = (
        f'<a class="card aside{" zero" if not troubled else ""}" href="#problems"><span class="figure">'
        f'{wording.number(troubled)}</span><span class="word">{"Problem" if troubled == 1 else "Problems"}</span></a>'
    )
    return Markup(
        '<main>\n<fieldset class="numbers">\n<legend>Show</legend>\n'
        f"{''.join(cards)}{problems}\n</fieldset>\n{_bar(counts)}"
        '<p class="search" hidden><label for="search">Search names</label><input id="search" type="search" '
        'autocomplete="off" spellcheck="false"><output for="search"></output></p>\n'
    )


def _card(name: str, word: str, count: int, *, chosen: bool = False) -> Markup:
    state = " checked" if chosen else "" if count else " disabled"
    return Markup(
        f'<label class="card {name}{"" if count else " zero"}"><input type="radio" name="show" autocomplete="off" '
        f'id="show-{name}"{state}><span class="figure">{wording.number(count)}</span>'
        f'<span class="word">{word}</span></label>'
    )


def _bar(counts: Counts) -> Markup:
    """Draw the shares of the verdicts as one bar; a share that is there is never too thin to be seen."""
    if not counts.looked_at:
        return Markup("")
    shares = {name: counts.verdicts[name] / counts.looked_at for name in VERDICTS}
    widths = {name: max(6.0, 1000 * share) if share else 0.0 for name, share in shares.items()}
    scale = 1000 / sum(widths.values())
    pieces, at = [], 0.0
    for name, width in widths.items():
        if width:
            pieces.append(f'<rect class="{name}" x="{at:.1f}" width="{max(width * scale - 2, 2):.1f}" height="8"/>')
            at += width * scale
    return Markup(
        f'<svg class="bar" viewBox="0 0 1000 8" preserveAspectRatio="none" aria-hidden="true">{"".join(pieces)}</svg>\n'
    )


def _open_table(caption: str, columns: Sequence[tuple[str, str]], look: str) -> Markup:
    heads = "".join(
        f'<th scope="col"{f" data-sort={kind}" if kind else ""}>{heading}</th>' for heading, kind in columns
    )
    return Markup(f'<table class="rows {look}"><caption>{caption}</caption>\n<thead><tr>{heads}</tr></thead>\n')


def _looked_in(places: Sequence[str]) -> Markup:
    if not places:
        return Markup("not recorded")
    shown = "".join(f"<li>{isolated(place)}</li>" for place in places[:50])
    left = len(places) - 50
    return Markup(f"<ul>{shown}{f'<li>and {wording.number(left)} more</li>' if left > 0 else ''}</ul>")


def _lists(lists: Sequence[ListInfo]) -> Markup:
    if not lists:
        return Markup('<p class="meaning">None: every file was looked at, and nothing could be met.</p>')
    rows = "".join(
        f'<tbody><tr><th scope="row">{isolated(info.name)}</th><td data-c="Owner">{isolated(info.owner)}</td>'
        f'<td data-c="Purpose">{text(info.purpose.value)}</td>'
        f'<td data-c="Version" data-v="{info.version}">{info.version}</td>'
        f'<td data-c="Meets within">{_thresholds(info)}</td></tr></tbody>\n'
        for info in lists
    )
    columns = (("List", "text"), ("Owner", "text"), ("Purpose", "text"), ("Version", "number"), ("Meets within", ""))
    return Markup(_open_table("Lists", columns, "lists") + rows + "</table>\n")


def _thresholds(info: ListInfo) -> Markup:
    told = [
        f"{kind_title(kind)} distance {threshold.distance}"
        + (f", quality {threshold.quality} or more" if threshold.quality else "")
        for kind, threshold in wording.thresholds(info).items()
    ]
    return text("; ".join(told) or "equal values only")


def _commonest(pair: tuple[str, int]) -> tuple[int, str]:
    return -pair[1], pair[0]


def _hash(source: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(source.encode("utf-8")).digest()).decode("ascii")
