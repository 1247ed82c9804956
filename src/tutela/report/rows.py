"""A finding as one row of its group's table."""

from __future__ import annotations

from collections.abc import Sequence

from tutela.engine.moments import clock
from tutela.model import Finding, Hit, Known, ListedBenign, ListInfo, Near, Problem
from tutela.model.verdict import VERDICT_NAMES
from tutela.report import wording
from tutela.report.markup import Markup, attribute, isolated, tag, terms, text
from tutela.report.outlines import picture
from tutela.report.places import Places
from tutela.report.timeline import along
from tutela.signals import kind_title

Lists = dict[str, ListInfo]
_DIGESTS = ("md5", "sha1", "sha256")

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

_OTHER_ENTRIES_SHOWN = 20
_SHEETS_SHOWN = 5


def row(finding: Finding, lists: Lists) -> Markup:
    """Return the finding as one line of HTML: a table body of its own, for the group of its verdict."""
    verdict, places = finding.verdict, Places(finding)
    if isinstance(verdict, Known | Near | ListedBenign):
        hit, columns = verdict.hit, len(MET_COLUMNS) - 1
        drawn = along(finding, places)
        below = f'<tr class="along"><td colspan="{columns}">{drawn}</td></tr>' if drawn else ""
        cells = _met_cells(finding, places, hit, lists, rows=3 if drawn else 2)
        return _body(cells, _particulars(finding, places, hit, columns), below)
    if VERDICT_NAMES[type(verdict)] == "unreadable":
        cells = [_file_cell(finding, places), _size_cell(finding), _why_cell(finding, places)]
        return _body(cells, _particulars(finding, places, None, len(cells)))
    facts = [wording.media(finding), wording.dimensions(finding), places.sheets_told()]
    shown = _cell("Picture", text(" · ".join(filter(None, facts))))
    return _body([_file_cell(finding, places, brief=True), shown, _size_cell(finding)])


def problem_row(finding: Finding, problem: Problem) -> Markup:
    """Return one problem as a row of the table of problems."""
    cells = [
        _name_cell(finding.name),
        _cell("Kind", tag(problem.kind.value), sort=problem.kind.value),
        _cell("Place", isolated(problem.place)),
        _cell("What happened", isolated(problem.message)),
    ]
    return _body(cells)


def _body(cells: list[Markup], folded: str = "", between: str = "") -> Markup:
    more = f'<tr class="more">{folded}</tr>' if folded else ""
    return Markup(f"<tbody><tr>{''.join(cells)}</tr>{between}{more}</tbody>\n")


def _met_cells(finding: Finding, places: Places, hit: Hit, lists: Lists, *, rows: int) -> list[Markup]:
    return [
        Markup(f'<td class="look" rowspan="{rows}">{picture(finding, places)}</td>'),
        _file_cell(finding, places),
        _cell("Listed on", _listing(hit), sort=hit.list_name),
        _cell("Distance", _distance(hit, lists), sort=str(hit.distance), look="distance"),
        _cell("Where", _where(hit, places), sort=f"{hit.frame or 0:09d}"),
        _why_cell(finding, places),
    ]


def _cell(column: str, content: Markup, *, sort: str | None = None, look: str = "") -> Markup:
    value = "" if sort is None else f' data-v="{attribute(sort)}"'
    kind = f' class="{look}"' if look else ""
    return Markup(f'<td data-c="{column}"{value}{kind}>{content}</td>')


def _name(name: str) -> Markup:
    folder, last = wording.name_parts(name)
    shown = f'<span class="name">{isolated(last)}</span>'
    return Markup(shown + (f'<span class="folder">{isolated(folder)}</span>' if folder else ""))


def _name_cell(name: str, below: str = "") -> Markup:
    return Markup(f'<th scope="row" class="file" data-v="{attribute(name)}">{_name(name)}{below}</th>')


def _file_cell(finding: Finding, places: Places, *, brief: bool = False) -> Markup:
    facts = [wording.media(finding), wording.dimensions(finding), wording.size(finding.size)]
    lines = [] if brief else [" · ".join(filter(None, facts)), places.sheets_told()]
    below = "".join(f'<span class="facts">{text(line)}</span>' for line in lines if line)
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
    how = "by " + kind_title(hit.kind)
    limit = wording.limit(hit, lists)
    beyond = wording.beyond(hit, limit)
    if wording.is_exact(hit) or limit is None:
        told = ", ".join(filter(None, [beyond, how]))
        return Markup(f'{words}<span class="facts">{text(told)}</span>')
    told = f"{beyond}, {how}" if beyond else f"of {wording.number(limit)} allowed, {how}"
    return Markup(f'{words}{_meter(hit, limit)}<span class="facts">{text(told)}</span>')


def _meter(hit: Hit, limit: int) -> Markup:
    """Draw the distance as a share of what is allowed; one beyond that runs past a mark, in no colour of a match."""
    part = f'<rect class="part" width="{max(round(64 * min(hit.distance, limit) / limit, 1), 4)}" height="4" rx="2"/>'
    look, mark = "meter", ""
    if hit.joint:
        top = 1.25 * max(hit.distance, limit)
        look = "meter past"
        part = f'<rect class="part" width="{64 * hit.distance / top:.1f}" height="4" rx="2"/>'
        mark = f'<rect class="mark-at" x="{64 * limit / top - 1:.1f}" y="-3" width="2" height="10"/>'
    return Markup(
        f'<svg class="{look}" viewBox="0 0 64 4" width="64" height="4" aria-hidden="true">'
        f'<rect class="whole" width="64" height="4" rx="2"/>{part}{mark}</svg>'
    )


def _where(hit: Hit, places: Places) -> Markup:
    first, *rest = places.parts(hit)
    rest += [wording.ORIENTATION_NAMES[hit.orientation]] if hit.frame is not None else []
    below = "".join(f'<span class="facts">{text(line)}</span>' for line in rest)
    return Markup(f"{text(first)}{below}")


def _why_cell(finding: Finding, places: Places) -> Markup:
    reasons = "".join(f"<p>{isolated(places.reworded(reason))}</p>" for reason in finding.verdict.reasons)
    return Markup(f'<td data-c="Why" class="why">{reasons}</td>')


def _particulars(finding: Finding, places: Places, hit: Hit | None, columns: int) -> Markup:
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
    pairs += [
        ("No " + kind_title(missing.kind), isolated(missing.reason)) for missing in dict.fromkeys(finding.unhashable)
    ]
    pairs += _sheet_pairs(places)
    if others := _by_entry(finding, hit):
        shown = "".join(f"<li>{_other(same, places)}</li>" for same in others[:_OTHER_ENTRIES_SHOWN])
        left = len(others) - _OTHER_ENTRIES_SHOWN
        more = f"<li>and {text(wording.number(left))} more</li>" if left > 0 else ""
        pairs.append(("Also met", Markup(f"<ul>{shown}{more}</ul>")))
    pairs += [
        (f"Own {kind_title(signal.kind)}", Markup(f"<code>{signal.value.hex()}</code>"))
        for signal in finding.signals
        if signal.kind in _DIGESTS
    ]
    return Markup(f'<td colspan="{columns}"><details><summary>Particulars</summary>{terms(pairs)}</details></td>')


def _sheet_pairs(places: Places) -> list[tuple[str, Markup]]:
    """Tell of each sheet how sure it is one; of many, of the first."""
    told = []
    for sheet in list(places.sheets.values())[:_SHEETS_SHOWN]:
        met = sum(number in places.met for number, _ in sheet.cells)
        sure = "" if sheet.frame.confidence is None else f"; sure to {round(100 * sheet.frame.confidence, 1):g}\u00a0%"
        told.append(("Sheet", text(sheet.told(met) + sure)))
    return told


def _by_entry(finding: Finding, hit: Hit | None) -> list[list[Hit]]:
    """Return the other hits by entry and kind, each in the order of the finding: nearest first."""
    same: dict[tuple[str, str, str], list[Hit]] = {}
    for other in finding.hits:
        if other != hit:
            same.setdefault((other.list_name, other.entry_key, other.kind), []).append(other)
    return list(same.values())


def _other(same: Sequence[Hit], places: Places) -> Markup:
    """Tell the nearest of the hits of one entry, and how many more there are."""
    hit = same[0]
    grades = "".join(" " + tag(f"{grade.scheme} {grade.code}", "grade") for grade in hit.grades)
    facts = [
        f"entry {wording.entry_key(hit.entry_key)}",
        f"{wording.distance(hit)} by {kind_title(hit.kind)}",
        wording.beyond(hit, None),
        places.of(hit),
        "" if hit.frame is None else wording.ORIENTATION_NAMES[hit.orientation],
    ]
    more = f"; and {wording.number(len(same) - 1)} more{_stretch(same, places)}" if len(same) > 1 else ""
    return Markup(f"{isolated(hit.list_name)}{grades}: {isolated(', '.join(filter(None, facts)) + more)}")


def _stretch(same: Sequence[Hit], places: Places) -> str:
    times = [at for hit in same[1:] if (at := places.time(hit)) is not None]
    if not times:
        return ""
    first, last = clock(min(times)), clock(max(times))
    return f" at {first}" if first == last else f" from {first} to {last}"
