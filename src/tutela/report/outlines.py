"""A finding's picture, blurred until it is asked for, and over it the cells of a sheet that were met."""

from __future__ import annotations

import base64

from tutela.model import Box, Finding
from tutela.report import wording
from tutela.report.markup import Markup, attribute
from tutela.report.places import Places


def picture(finding: Finding, places: Places) -> Markup:
    """Return the finding's thumbnail behind a box of its own, or what stands for it.

    Where cells of the sheet that it shows were met, they are outlined, also over the blurred picture and where there is
    none: an outline says where to look and shows nothing.
    """
    drawn = outlines(finding, places)
    if finding.thumbnail is None:
        return Markup(f'<span class="picture sheet blank">{drawn}</span>' if drawn else _NONE)
    name = attribute(wording.name_parts(finding.name)[1])
    data = base64.b64encode(finding.thumbnail).decode("ascii")
    return Markup(
        f'<label class="picture{" sheet" if drawn else ""}"><input type="checkbox" autocomplete="off" '
        f'aria-label="Show the picture {name}"><img src="data:image/webp;base64,{data}" alt="" decoding="async">'
        f'{drawn}<span class="veil" aria-hidden="true"></span></label>'
    )


_NONE = '<span class="none">no picture</span>'


def outlines(finding: Finding, places: Places) -> Markup:
    """Draw the cells of the sheet that the thumbnail shows, those that were met strongly; empty if none was.

    The thumbnail shows the first frame.  The words beside it say the same, so the drawing has no text of its own.
    """
    sheet = places.sheets.get(finding.frames[0].number) if finding.frames else None
    if sheet is None or not any(number in places.met for number, _ in sheet.cells):
        return Markup("")
    met = "".join(_outline(box) for number, box in sheet.cells if number in places.met)
    others = "".join(_outline(box) for number, box in sheet.cells if number not in places.met)
    width, height = sheet.frame.width, sheet.frame.height
    still = 'vector-effect="non-scaling-stroke"'
    paths = [f'<rect class="page" width="{width}" height="{height}" {still}/>']
    paths += [f'<path class="cell" d="{others}" {still}/>'] if others else []
    paths += [f'<path class="halo" d="{met}" {still}/><path class="met" d="{met}" {still}/>']
    return Markup(
        f'<svg class="outlines" viewBox="0 0 {width} {height}" preserveAspectRatio="xMinYMin" aria-hidden="true">'
        f"{''.join(paths)}</svg>"
    )


def _outline(box: Box) -> str:
    if box.angle:
        return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in box.corners()) + "z"
    return f"M{box.x} {box.y}h{box.width}v{box.height}h-{box.width}z"
