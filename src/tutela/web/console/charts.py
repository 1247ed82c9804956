"""Charts as SVG made on the server: no script, no inline style."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup, escape

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 560, 160, 44, 20, 10


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart with its title."""

    title: str
    svg: Markup


def bars(title: str, points: list[tuple[str, int]], *, hot: bool = False) -> Chart:
    """Return a chart of bars, one a point (label, count); ``hot`` draws them in the accent."""
    most = max((count for _, count in points), default=0)
    top = _round_up(most)
    room, width = HEIGHT - TOP - BOTTOM, WIDTH - LEFT
    step = width / max(1, len(points))
    pieces = []
    for share in (0, 0.5, 1):
        y = TOP + room * (1 - share)
        pieces.append(f'<line class="axis" x1="{LEFT}" x2="{WIDTH}" y1="{y:.1f}" y2="{y:.1f}"/>')
        if share == 0 or top:
            pieces.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{_short(top * share)}</text>')
    for at, (label, count) in enumerate(points):
        if count:
            height = max(1.5, room * count / top)
            x, y = LEFT + at * step + step * 0.12, TOP + room - height
            name = "bar hot" if hot else "bar"
            pieces.append(
                f'<rect class="{name}" x="{x:.1f}" y="{y:.1f}" width="{step * 0.76:.1f}" height="{height:.1f}">'
                f"<title>{escape(label)}: {count:,}</title></rect>"
            )
    if points:
        pieces.append(f'<text x="{LEFT}" y="{HEIGHT - 4}">{escape(points[0][0])}</text>')
        pieces.append(f'<text x="{WIDTH}" y="{HEIGHT - 4}" text-anchor="end">{escape(points[-1][0])}</text>')
    total = sum(count for _, count in points)
    described = f"{title}: {total:,} in all, {most:,} at most"
    return Chart(
        title,
        Markup(  # noqa: S704 - made of numbers, and of labels that are escaped
            f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img"'
            f' aria-label="{escape(described)}">{"".join(pieces)}</svg>'
        ),
    )


def _round_up(most: int) -> int:
    """Return the smallest of 2, 4, 10, 20, 40, 100, ... that is not below."""
    if most == 0:
        return 0
    ten = 1
    while True:
        for factor in (2, 4, 10):
            if factor * ten >= most:
                return factor * ten
        ten *= 10


def _short(value: float) -> str:
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if value >= size:
            return f"{value / size:g}{unit}"
    return f"{value:g}"
