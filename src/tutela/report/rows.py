"""A finding as one row of its group's table."""

from __future__ import annotations

import base64

from tutela.model import Finding, Hit, Known, ListedBenign, ListInfo, Near, Problem
from tutela.model.verdict import VERDICT_NAMES
from tutela.report import wording
from tutela.report.markup import Markup, attribute, isolated, tag, terms, text

Lists = dict[str, ListInfo]

#: Columns of each group's table: heading, and how it sorts ("" is not sortable).
MET_COLUMNS = (
    ("Picture", ""),
    ("File", "text"),
    ("Listed on", "text"),
    ("Distance", "number"),
    ("Where", "text"),
    ("Why", ""),
)
COLUMNS = {
    "known": MET_COLUMNS,
    "near": MET_COLUMNS,
    "unreadable": (("File", "text"), ("Size", "number"), ("Why", "text")),
    "listed-as-benign": MET_COLUMNS,
    "nothing-found": (("File", "text"), ("Picture", "text"), ("Size", "number")),
}

_OTHER_HITS_SHOWN = 20
_DIGEST_NAMES = {"md5": "MD5", "sha1": "SHA-1", "sha256": "SHA-256"}


def row(finding: Finding, lists: Lists) -> Markup:
    """Return the finding as one line of HTML: a table body of its own, for the group of its verdict."""
    verdict = finding.verdict
    if isinstance(verdict, Known | Near | ListedBenign):
        hit = verdict.hit
        return _body(_met_cells(finding, hit, lists), _particulars(finding, hit, len(MET_COLUMNS) - 1))
    if VERDICT_NAMES[type(verdict)] == "unreadable":
        cells = [_file_cell(finding), _size_cell(finding), _why_cell(finding)]
        return _body(cells, _particulars(finding, None, len(cells)))
    picture = " · ".join(filter(None, [wording.media(finding), wording.dimensions(finding)]))
    return _body([_file_cell(finding, brief=True), _cell("Picture", text(picture)), _size_cell(finding)])


def problem_row(finding: Finding, problem: Problem) -> Markup:
    """Return one problem as a row of the table of problems."""
    cells = [
        _name_cell(finding.name),
        _cell("Kind", tag(problem.kind.value), sort=problem.kind.value),
        _cell("Place", isolated(problem.place)),
        _cell("What happened", isolated(problem.message)),
    ]
    return _body(cells)


def _body(cells: list[Markup], folded: str = "") -> Markup:
    more = f'<tr class="more">{folded}</tr>' if folded else ""
    return Markup(f"<tbody><tr>{''.join(cells)}</tr>{more}</tbody>\n")


def _met_cells(finding: Finding, hit: Hit, lists: Lists) -> list[Markup]:
    return [
        Markup(f'<td class="look" rowspan="2">{_picture(finding)}</td>'),
        _file_cell(finding),
        _cell("Listed on", _listing(hit), sort=hit.list_name),
        _cell("Distance", _distance(hit, lists), sort=str(hit.distance), look="distance"),
        _cell("Where", _where(hit, finding), sort=f"{hit.frame or 0:09d}"),
        _why_cell(finding),
    ]


def _cell(column: str, content: Markup, *, sort: str | None = None, look: str = "") -> Markup:
    value = "" if sort is None else f' data-v="{attribute(sort)}"'
    kind = f' class="{look}"' if look else ""
    return Markup(f'<td data-c="{column}"{value}{kind}>{content}</td>')


def _picture(finding: Finding) -> Markup:
    if finding.thumbnail is None:
        return Markup('<span class="none">no picture</span>')
    name = attribute(wording.name_parts(finding.name)[1])
    data = base64.b64encode(finding.thumbnail).decode("ascii")
    return Markup(
        f'<label class="picture"><input type="checkbox" autocomplete="off" aria-label="Show the picture {name}">'
        f'<img src="data:image/webp;base64,{data}" alt="" decoding="async">'
        '<span class="veil" aria-hidden="true"></span></label>'
    )


def _name(name: str) -> Markup:
    folder, last = wording.name_parts(name)
    shown = f'<span class="name">{isolated(last)}</span>'
    return Markup(shown + (f'<span class="folder">{isolated(folder)}</span>' if folder else ""))


def _name_cell(name: str, below: str = "") -> Markup:
    return Markup(f'<th scope="row" class="file" data-v="{attribute(name)}">{_name(name)}{below}</th>')


def _file_cell(finding: Finding, *, brief: bool = False) -> Markup:
    facts = [wording.media(finding), wording.dimensions(finding), wording.size(finding.size)]
    below = "" if brief else f'<span class="facts">{text(" · ".join(filter(None, facts)))}</span>'
    return _name_cell(finding.name, below + _troubles(finding))


def _size_cell(finding: Finding) -> Markup:
    return _cell("Size", text(wording.size(finding.size)), sort=str(finding.size or 0), look="amount")


def _troubles(finding: Finding) -> Markup:
    if not finding.problems:
        return Markup("")
    return Markup(f'<a class="troubles" href="#problems">{text(wording.counted(len(finding.problems), "problem"))}</a>')


def _listing(hit: Hit) -> Markup:
    grades = "".join(tag(f"{grade.scheme} {grade.code}", "grade") for grade in hit.grades)
    labels = "".join(tag(label) for label in hit.labels)
    tags = f'<span class="tags">{grades}{labels}</span>' if grades or labels else ""
    facts = f"entry {wording.entry_key(hit.entry_key)}"
    source = f", from {hit.source}" if hit.source else ""
    return Markup(
        f'<span class="list">{isolated(hit.list_name)}</span>{tags}'
        f'<span class="facts">{isolated(facts + source)}</span>'
    )


def _distance(hit: Hit, lists: Lists) -> Markup:
    words = f'<span class="measure">{text(wording.distance(hit))}</span>'
    how = "by " + _DIGEST_NAMES.get(hit.kind, hit.kind.upper())
    limit = wording.limit(hit, lists)
    if wording.is_exact(hit) or limit is None:
        return Markup(f'{words}<span class="facts">{text(how)}</span>')
    filled = round(64 * min(hit.distance, limit) / limit, 1)
    meter = (
        '<svg class="meter" viewBox="0 0 64 4" width="64" height="4" aria-hidden="true"><rect class="whole" width="64" '
        f'height="4" rx="2"/><rect class="part" width="{max(filled, 4)}" height="4" rx="2"/></svg>'
    )
    return Markup(f'{words}{meter}<span class="facts">{text(f"of {wording.number(limit)} allowed, {how}")}</span>')


def _where(hit: Hit, finding: Finding) -> Markup:
    turned = "" if hit.frame is None else wording.ORIENTATION_NAMES[hit.orientation]
    below = f'<span class="facts">{text(turned)}</span>' if turned else ""
    return Markup(f"{text(wording.place(hit, finding))}{below}")


def _why_cell(finding: Finding) -> Markup:
    reasons = "".join(f"<p>{isolated(reason)}</p>" for reason in finding.verdict.reasons)
    return Markup(f'<td data-c="Why" class="why">{reasons}</td>')


def _particulars(finding: Finding, hit: Hit | None, columns: int) -> Markup:
    """Return a folded cell across ``columns``: what is seldom needed, and the file's own digests."""
    pairs = [("Rule", text(finding.verdict.rule))]
    if hit and hit.added:
        pairs.append(("On the list since", text(wording.moment(hit.added))))
    if hit:
        pairs.append(("List version", text(str(hit.list_version))))
    qualities = [signal.quality for signal in finding.signals if signal.quality is not None]
    if qualities:
        span = str(qualities[0]) if len(set(qualities)) == 1 else f"{min(qualities)} to {max(qualities)}"
        pairs.append(("Quality", text(f"{span} of 100")))
    pairs += [("No " + missing.kind.upper(), isolated(missing.reason)) for missing in dict.fromkeys(finding.unhashable)]
    others = [other for other in finding.hits if other != hit]
    if others:
        shown = "".join(f"<li>{_other(other, finding)}</li>" for other in others[:_OTHER_HITS_SHOWN])
        left = len(others) - _OTHER_HITS_SHOWN
        more = f"<li>and {text(wording.number(left))} more</li>" if left > 0 else ""
        pairs.append(("Also met", Markup(f"<ul>{shown}{more}</ul>")))
    pairs += [
        (f"Own {_DIGEST_NAMES[signal.kind]}", Markup(f"<code>{signal.value.hex()}</code>"))
        for signal in finding.signals
        if signal.kind in _DIGEST_NAMES
    ]
    return Markup(f'<td colspan="{columns}"><details><summary>Particulars</summary>{terms(pairs)}</details></td>')


def _other(hit: Hit, finding: Finding) -> Markup:
    grades = "".join(" " + tag(f"{grade.scheme} {grade.code}", "grade") for grade in hit.grades)
    facts = f"{wording.distance(hit)} by {_DIGEST_NAMES.get(hit.kind, hit.kind.upper())}, {wording.place(hit, finding)}"
    turned = "" if hit.frame is None else f", {wording.ORIENTATION_NAMES[hit.orientation]}"
    return Markup(f"{isolated(hit.list_name)}{grades}: {text(facts + turned)}")
