"""Where the cells of a made sheet lie: lattices, spanning cells, mosaics, two sizes, walls, tilted prints.

Every layout returns a `Plan`: the size of the area and its cells, in whole pixels.
"""

import math
import random
from dataclasses import dataclass, field

ASPECTS = (16 / 9, 16 / 9, 4 / 3, 4 / 3, 3 / 2, 1.0, 2 / 3, 9 / 16, 3 / 4, 1.85, 2.35)
SMALLEST, WIDEST = 400, 2400  # pixels a side of a sheet
LEAST = 40  # pixels of a cell's shorter side

Rect = tuple[int, int, int, int]


@dataclass
class Plan:
    """width, height: the area; cells: (x, y, width, height) each; angles: degrees a cell is turned by, or empty."""

    width: int
    height: int
    cells: list[Rect]
    kind: str = "grid"
    angles: list[float] = field(default_factory=list)
    columns: int = 0
    rows: int = 0


def _count(rng: random.Random) -> int:
    return max(1, min(20, round(math.exp(rng.uniform(math.log(1.0), math.log(21.0))) - 0.1)))


def _shape(rng: random.Random, *, tiny: bool) -> tuple[int, int, int, int]:
    """Columns, rows, cell width and height that give a sheet of allowed size."""
    while True:
        columns, rows, aspect = _count(rng), _count(rng), rng.choice(ASPECTS)
        if columns * rows < 2 or (max(columns, rows) > 10 and min(columns, rows) == 1):
            continue
        least = LEAST * max(1.0, aspect)
        low = max(least, min(SMALLEST / columns, SMALLEST * aspect / rows))
        high = min(WIDEST / columns, WIDEST * aspect / rows, 700 * min(1.0, aspect) + 100)
        if tiny:
            high = min(high, least * 1.6)
        if low * 1.02 < high:
            width = math.exp(rng.uniform(math.log(low), math.log(high)))
            if width * columns < SMALLEST * 0.6 and width * columns / aspect < SMALLEST * 0.6:
                continue
            return columns, rows, max(LEAST, round(width)), max(LEAST, round(width / aspect))


def lattice(rng: random.Random, gutter: int, *, tiny: bool = False, label: int = 0) -> Plan:
    """Return a regular grid; `label`: pixels left free under each cell; sometimes the last row is not full."""
    columns, rows, width, height = _shape(rng, tiny=tiny)
    step_x = width + gutter
    step_y = height + gutter + label
    if gutter and rng.random() < 0.12:
        step_y += rng.randint(1, max(2, gutter))  # gutters that differ between the axes
    cells = [(c * step_x, r * step_y, width, height) for r in range(rows) for c in range(columns)]
    if rows > 1 and columns > 1 and rng.random() < 0.2:
        missing = rng.randint(1, columns - 1)
        shift = missing * step_x // 2 if rng.random() < 0.25 else 0
        cells = cells[: columns * rows - missing]
        cells = [(x + (shift if y == (rows - 1) * step_y else 0), y, w, h) for x, y, w, h in cells]
    return Plan(columns * step_x - gutter, rows * step_y - (step_y - height - label), cells, "grid", [], columns, rows)


def spanning(rng: random.Random, gutter: int) -> Plan:
    """Return a lattice some of whose cells are merged to 2x2, 2x1, 1x2 or 3x3."""
    plan = lattice(rng, gutter)
    while min(plan.columns, plan.rows) < 2 or plan.columns * plan.rows < 6:
        plan = lattice(rng, gutter)
    _, _, width, height = plan.cells[0]
    columns, rows = plan.columns, plan.rows
    step_x, step_y = width + gutter, (plan.height + gutter) // rows
    taken: set[tuple[int, int]] = set()
    cells: list[Rect] = []
    for _ in range(rng.randint(1, 5)):
        across, down = rng.choice(((2, 2), (2, 2), (2, 1), (1, 2), (3, 3)))
        if across > columns or down > rows:
            continue
        c0, r0 = rng.randint(0, columns - across), rng.randint(0, rows - down)
        block = {(c, r) for c in range(c0, c0 + across) for r in range(r0, r0 + down)}
        if not block & taken:
            taken |= block
            cells.append((c0 * step_x, r0 * step_y, across * step_x - gutter, (down - 1) * step_y + height))
    cells += [
        (c * step_x, r * step_y, width, height) for r in range(rows) for c in range(columns) if (c, r) not in taken
    ]
    return Plan(plan.width, plan.height, cells, "mosaic", [], columns, rows)


def _split(rng: random.Random, rect: Rect, depth: int, gutter: int, least: int) -> list[Rect]:
    x, y, width, height = rect
    fits = [axis for axis, side in ((0, width), (1, height)) if side >= 2 * least + gutter]
    if depth == 0 or not fits:
        return [rect]
    axis = rng.choice(fits) if rng.random() < 0.3 else (0 if (width > height and 0 in fits) or 1 not in fits else 1)
    side = (width, height)[axis]
    cut = min(max(round(side * rng.choice((0.5, 1 / 3, 2 / 3, rng.uniform(0.3, 0.7)))), least), side - gutter - least)
    if axis == 0:
        parts = ((x, y, cut, height), (x + cut + gutter, y, width - cut - gutter, height))
    else:
        parts = ((x, y, width, cut), (x, y + cut + gutter, width, height - cut - gutter))
    return [r for part in parts for r in _split(rng, part, depth - 1 - (rng.random() < 0.25), gutter, least)]


def mosaic(rng: random.Random, gutter: int) -> Plan:
    """Unequal cells by repeated cutting in two."""
    width, height = rng.randint(500, 1800), rng.randint(450, 1500)
    cells: list[Rect] = []
    while len(cells) < 3:
        cells = _split(rng, (0, 0, width, height), rng.randint(2, 6), gutter, rng.randint(70, 160))
    return Plan(width, height, cells, "mosaic")


def wall(rng: random.Random, gutter: int) -> Plan:
    """Justified rows (equal heights) or masonry columns (equal widths) of pictures of any aspect."""
    if rng.random() < 0.5:
        width, y, cells = rng.randint(600, 2000), 0, list[Rect]()
        for _ in range(rng.randint(2, 6)):
            aspects = [rng.choice(ASPECTS) for _ in range(rng.randint(2, 7))]
            height = round((width - gutter * (len(aspects) - 1)) / sum(aspects))
            x = 0
            for k, aspect in enumerate(aspects):
                w = width - x if k == len(aspects) - 1 else round(height * aspect)
                cells.append((x, y, w, height))
                x += w + gutter
            y += height + gutter
        return _sound(rng, gutter, Plan(width, y - gutter, cells, "mosaic"))
    columns, side = rng.randint(2, 6), rng.randint(110, 340)
    cells, height = [], rng.randint(500, 1500)
    for c in range(columns):
        y = 0
        while y < height:
            h = round(side / rng.choice(ASPECTS))
            cells.append((c * (side + gutter), y, side, h))
            y += h + gutter
    return _sound(
        rng, gutter, Plan(columns * (side + gutter) - gutter, max(y + h for _, y, _, h in cells), cells, "mosaic")
    )


def _sound(rng: random.Random, gutter: int, plan: Plan) -> Plan:
    small = min(min(w, h) for _, _, w, h in plan.cells)
    return plan if small >= LEAST and max(plan.width, plan.height) <= WIDEST + 400 else wall(rng, gutter)


def two_sizes(rng: random.Random, gutter: int) -> Plan:
    """Return a block of large cells above or below a block of small ones of the same width (highlights and a sheet)."""
    aspect = rng.choice(ASPECTS[:5])
    large = rng.randint(1, 4)
    small = large * rng.randint(2, 4)
    side = max(LEAST + 10, rng.randint(600, 1700) // small)
    width = small * side + (small - 1) * gutter
    big = (width - (large - 1) * gutter) // large
    blocks = [(large, rng.randint(1, 2), big), (small, rng.randint(2, 7), side)]
    if rng.random() < 0.4:
        blocks.reverse()
    y, cells = 0, list[Rect]()
    for columns, rows, w in blocks:
        h = max(LEAST, round(w / aspect))
        for _ in range(rows):
            cells += [(c * (w + gutter), y, w, h) for c in range(columns)]
            y += h + gutter
        y += rng.choice((0, 0, gutter, 20)) if gutter else 0
    bottom = max(y + h for _, y, _, h in cells)
    plan = Plan(width, bottom, cells, "mosaic")
    return plan if bottom <= WIDEST + 200 and width <= WIDEST else two_sizes(rng, gutter)


def tilted(rng: random.Random) -> Plan:
    """Return prints thrown on a table: a loose lattice, prints turned by up to 15 degrees, boxes before the turn."""
    columns, rows = rng.randint(1, 5), rng.randint(1, 4)
    if columns * rows < 2:
        columns = 2
    side, aspect = rng.randint(120, 330), rng.choice(ASPECTS[:7])
    side = min(side, (WIDEST - 200) // int(columns * 1.35 + 1))
    cells, angles = [], []
    height = round(side / aspect)
    pitch = round(max(side, height) * rng.uniform(1.2, 1.4)) + 20
    for r in range(rows):
        for c in range(columns):
            x = c * pitch + (pitch - side) // 2 + rng.randint(-6, 6)
            y = r * pitch + (pitch - height) // 2 + rng.randint(-6, 6)
            cells.append((x, y, side, height))
            angles.append(round(rng.uniform(-15, 15), 2))
    return Plan(columns * pitch, rows * pitch, cells, "mosaic", angles, columns, rows)
