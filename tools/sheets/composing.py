"""Fill a plan with pictures: content, borders, captions, stamps, margins; and what happens to the sheet afterwards."""

import io
import random
from dataclasses import dataclass
from typing import Any

import drawing
import numpy as np
from layouts import Plan
from PIL import Image, ImageDraw
from sources import Source

Truth = dict[str, Any]
Part = tuple[float, float, float, float]
Box = tuple[int, int, int, int]


@dataclass
class Shot:
    """What one cell shows: a source, the part of it (shares, 0-1), and how brightness changed."""

    source: Source
    box: Part
    gain: float = 1.0
    lift: int = 0
    blank: bool = False


@dataclass
class Style:
    """How a sheet looks: gutter and margin in pixels, decoration of cells, text, content."""

    gutter: int = 0
    margin: int = 0
    ground: str = "plain"
    content: str = "varied"
    border: int = 0
    radius: int = 0
    shadow: int = 0
    stamps: bool = False
    header: bool = False
    label: int = 0
    letterbox: bool = False


def part_of(source: Source, aspect: float, zoom: float, drift: tuple[float, float]) -> Part:
    """Return the largest part of a source with `aspect`, shrunk by `zoom`, placed by `drift` (0-1 on each axis)."""
    own = source.width / source.height
    width, height = (1.0, own / aspect) if own < aspect else (aspect / own, 1.0)
    width, height = width * zoom, height * zoom
    x, y = (1 - width) * min(1, max(0, drift[0])), (1 - height) * min(1, max(0, drift[1]))
    return (x, y, x + width, y + height)


def _scene(rng: random.Random, source: Source, count: int, aspects: list[float]) -> list[Shot]:
    zoom, x, y = rng.uniform(0.45, 0.97), rng.random(), rng.random()
    pan, wobble = rng.uniform(-0.5, 0.5) / count, rng.choice((0.0, 0.01, 0.05, 0.3))
    flicker, shots = rng.choice((0.0, 0.02, 0.12)), []
    for k in range(count):
        x, y = x + pan + rng.uniform(-wobble, wobble), y + rng.uniform(-wobble, wobble) / 2
        x, y = min(1, max(0, x)), min(1, max(0, y))
        size = min(1.0, zoom * rng.uniform(1 - wobble / 3, 1 + wobble / 3))
        shots.append(Shot(source, part_of(source, aspects[k], size, (x, y)), 1 + rng.uniform(-flicker, flicker)))
        shots[-1].lift = round(rng.uniform(-60, 60) * flicker)
    return shots


def content(rng: random.Random, sources: list[Source], plan: Plan, kind: str) -> list[Shot]:
    """Return what each cell shows. kind: varied (any pictures), scene (one, drifting), film (some scenes in order)."""
    aspects = [w / h for _, _, w, h in plan.cells]
    count = len(aspects)
    if kind == "scene":
        return _scene(rng, rng.choice(sources), count, aspects)
    if kind == "film":
        shots: list[Shot] = []
        while len(shots) < count:
            some = min(count - len(shots), rng.randint(1, max(2, count // 3)))
            shots += _scene(rng, rng.choice(sources), some, aspects[len(shots) : len(shots) + some])
        for shot in shots:
            shot.blank = rng.random() < 0.01
        return shots
    picks = rng.sample(sources, count) if count <= len(sources) else rng.choices(sources, k=count)
    return [
        Shot(s, part_of(s, a, rng.choice((1.0, 1.0, rng.uniform(0.5, 1))), (0.5, 0.5)))
        for s, a in zip(picks, aspects, strict=True)
    ]


def _pixels(rng: random.Random, shot: Shot, size: tuple[int, int]) -> Image.Image:
    if shot.blank:
        return Image.new("RGB", size, rng.choice(((0, 0, 0), (0, 0, 0), (255, 255, 255), (16, 16, 16))))
    image = shot.source.shown(shot.box, size)
    if shot.gain != 1 or shot.lift:
        image = image.point([min(255, max(0, round(v * shot.gain + shot.lift))) for v in range(256)] * 3)
    return image


def _letterboxed(rng: random.Random, shot: Shot, size: tuple[int, int]) -> tuple[Image.Image, tuple[int, ...]]:
    """Return the whole source inside a bar-filled frame; the picture's box in it."""
    own = shot.source.width / shot.source.height
    if 0.93 < own * size[1] / size[0] < 1.07:
        own *= rng.choice((0.75, 1.33))  # a fitting picture is first cut to another shape
    shot.box = part_of(shot.source, own, 1.0, (0.5, 0.5))
    width = min(size[0], round(size[1] * own))
    height = min(size[1], round(size[0] / own))
    frame = Image.new("RGB", size, rng.choice(((0, 0, 0), (0, 0, 0), (16, 16, 16), (255, 255, 255))))
    x, y = (size[0] - width) // 2, (size[1] - height) // 2
    frame.paste(shot.source.shown(shot.box, (max(1, width), max(1, height))), (x, y))
    return frame, (x, y, width, height)


def _stamp(rng: random.Random, cell: Image.Image, seconds: float, place: int, size: int, *, boxed: bool) -> None:
    draw, text = ImageDraw.Draw(cell), drawing.clock(rng, seconds)
    face = drawing.font(random.Random(size), size)
    width = draw.textlength(text, font=face)
    x = 3 if place % 2 == 0 else cell.width - width - 3
    y = 2 if place < 2 else cell.height - size - 4
    if boxed:
        draw.rectangle((x - 2, y, x + width + 2, y + size + 2), fill=(0, 0, 0))
        draw.text((x, y), text, font=face, fill=(255, 255, 255))
    else:
        draw.text((x, y), text, font=face, fill=(255, 255, 255), stroke_width=1, stroke_fill=(0, 0, 0))


def render(rng: random.Random, sources: list[Source], plan: Plan, style: Style) -> tuple[Image.Image, Truth]:
    """Draw a plan: the sheet and its truth (boxes in pixels of the sheet)."""
    head = rng.randint(36, 140) if style.header else 0
    foot = rng.random() < 0.3
    size = (plan.width + 2 * style.margin, plan.height + 2 * style.margin + head)
    sheet, plain = drawing.ground(rng, size, sources, style.ground)
    below = foot and head
    left, top = style.margin, style.margin + (0 if below else head)
    if head:
        _header(rng, sheet, (0, size[1] - head if below else 0, size[0], head), plain)
    boxes = [(x + left, y + top, w, h) for x, y, w, h in plan.cells]
    if style.shadow:
        sheet = drawing.shadow(sheet, boxes, style.shadow, max(1.0, style.shadow * 0.8))
    shots = content(rng, sources, plan, style.content)
    cells = _draw(rng, sheet, boxes, shots, plan=plan, style=style)
    truth: Truth = {
        "kind": plan.kind, "gutter": style.gutter, "butted": style.gutter == 0 and not plan.angles,
        "cells": cells, "background": plain or style.ground, "maker": "tutela", "columns": plan.columns,
        "rows": plan.rows, "style": dict(vars(style)),
    }  # fmt: skip
    return sheet, truth


def _draw(
    rng: random.Random,
    sheet: Image.Image,
    boxes: list[Box],
    shots: list[Shot],
    *,
    plan: Plan,
    style: Style,
) -> list[Truth]:
    edge = drawing.colour(rng)
    stamp_place, stamp_size, boxed = rng.randint(0, 3), rng.randint(9, 22), rng.random() < 0.5
    seconds, step = rng.uniform(0, 60), rng.uniform(0.5, 300)
    draw, cells = ImageDraw.Draw(sheet), []
    ink = drawing.contrast(sheet.getpixel((0, 0)))  # type: ignore[arg-type]  # three channels: a tuple of three
    for k, ((x, y, width, height), shot) in enumerate(zip(boxes, shots, strict=True)):
        inner = None
        if style.letterbox and not shot.blank:
            picture, inner = _letterboxed(rng, shot, (width, height))
        else:
            picture = _pixels(rng, shot, (width, height))
        if style.stamps and height >= 2 * stamp_size:
            _stamp(rng, picture, seconds + k * step, stamp_place, min(stamp_size, height // 4), boxed=boxed)
        if style.border:
            b = style.border
            draw.rectangle((x - b, y - b, x + width + b - 1, y + height + b - 1), fill=edge)
        angle = plan.angles[k] if plan.angles else 0.0
        _paste(sheet, picture, (x, y), style.radius, angle)
        if style.label:
            text = drawing.file_name(rng) if rng.random() < 0.7 else drawing.clock(rng, seconds + k * step)
            face = drawing.font(random.Random(stamp_size), max(8, style.label - 6))
            draw.text((x + width // 2, y + height + 1), text[: max(3, width // 6)], font=face, fill=ink, anchor="ma")
        cell: Truth = {"x": x, "y": y, "width": width, "height": height, "source": shot.source.path,
                       "crop": shot.source.in_file(shot.box), "angle": angle}  # fmt: skip
        if shot.blank:
            cell["blank"] = True
        if inner:
            cell["inner"] = [x + inner[0], y + inner[1], inner[2], inner[3]]
        cells.append(cell)
    return cells


def _paste(sheet: Image.Image, picture: Image.Image, at: tuple[int, int], radius: int, angle: float) -> None:
    if angle:
        rim = 8 if sheet.width % 2 else 0  # half of the tables hold prints with a white rim
        low = rim * (4 if sheet.height % 2 else 1)
        print_ = Image.new("RGBA", (picture.width + 2 * rim, picture.height + 2 * max(rim, low)), (250, 250, 248, 255))
        print_.paste(picture, (rim, max(rim, low)))
        turned = print_.rotate(angle, Image.Resampling.BICUBIC, expand=True)
        centre = (at[0] + picture.width / 2, at[1] + picture.height / 2)
        corner = (round(centre[0] - turned.width / 2), round(centre[1] - turned.height / 2))
        sheet.paste(turned, corner, turned)
    elif radius:
        sheet.paste(picture, at, drawing.rounded_mask(picture.size, min(radius, min(picture.size) // 3)))
    else:
        sheet.paste(picture, at)


def _header(rng: random.Random, sheet: Image.Image, box: tuple[int, int, int, int], plain: object) -> None:
    x, y, width, height = box
    draw = ImageDraw.Draw(sheet)
    fill = drawing.colour(rng) if rng.random() < 0.4 or plain is None else plain
    if fill != plain:
        draw.rectangle((x, y, x + width, y + height - 1), fill=fill)  # type: ignore[arg-type]  # a colour here
    size, row = rng.randint(10, 22), y + 6
    ink, seed = drawing.contrast(fill), rng.getrandbits(16)  # type: ignore[arg-type]  # a colour here
    while row + size < y + height - 2:
        text = rng.choice((drawing.file_name(rng), "Size: 1280x720", drawing.phrase(rng, rng.randint(2, 9))))
        draw.text((x + 8, row), text, font=drawing.font(random.Random(seed), size), fill=ink)
        row += round(size * 1.3)


def scaled(sheet: Image.Image, truth: Truth, factor: float) -> Image.Image:
    """Return the sheet resampled; boxes follow, with fractions."""
    size = (max(1, round(sheet.width * factor)), max(1, round(sheet.height * factor)))
    fx, fy = size[0] / sheet.width, size[1] / sheet.height
    for cell in truth["cells"]:
        for name, by in (("x", fx), ("width", fx), ("y", fy), ("height", fy)):
            cell[name] = round(cell[name] * by, 2)
        if "inner" in cell:
            cell["inner"] = [round(v * by, 2) for v, by in zip(cell["inner"], (fx, fy, fx, fy), strict=True)]
    truth["gutter"] = round(truth["gutter"] * fx, 2)
    return sheet.resize(size, Image.Resampling.LANCZOS if factor < 1 else Image.Resampling.BICUBIC)


def turned(sheet: Image.Image, truth: Truth, quarter: int) -> Image.Image:
    """Return the sheet turned by `quarter` x 90 degrees anticlockwise; boxes follow, angles say how cells stand."""
    for _ in range(quarter):
        for cell in truth["cells"]:
            x, y, w, h = cell["x"], cell["y"], cell["width"], cell["height"]
            cell.update(x=y, y=sheet.width - x - w, width=h, height=w, angle=cell["angle"] + 90)
            if "inner" in cell:
                x, y, w, h = cell["inner"]
                cell["inner"] = [y, sheet.width - x - w, h, w]
        sheet = sheet.transpose(Image.Transpose.ROTATE_90)
    return sheet


def moved(truth: Truth, x: float, y: float) -> None:
    """Boxes after the sheet was put at x, y of something larger."""
    for cell in truth["cells"]:
        cell["x"], cell["y"] = cell["x"] + x, cell["y"] + y
        if "inner" in cell:
            cell["inner"] = [cell["inner"][0] + x, cell["inner"][1] + y, *cell["inner"][2:]]


def encoded(rng: random.Random, image: Image.Image, truth: Truth, *, png: float = 0.1) -> bytes:
    """Return the file: JPEG of quality 30-95 (mostly 60-92), in 4:2:0 or 4:4:4, or PNG; noted in the truth."""
    buffer = io.BytesIO()
    if rng.random() < png:
        truth["format"] = "png"
        image.save(buffer, "PNG", compress_level=1)
    else:
        quality = rng.randint(60, 92) if rng.random() < 0.65 else rng.randint(30, 95)
        truth["format"], truth["quality"] = "jpeg", quality
        image.save(buffer, "JPEG", quality=quality, subsampling=rng.choice((2, 2, 2, 0)))
    return buffer.getvalue()


def noisy(rng: random.Random, image: Image.Image) -> Image.Image:
    """Return a little sensor noise over the whole picture, as a photograph or scan of a sheet has."""
    seed = np.random.default_rng(rng.getrandbits(32))
    pixels = np.asarray(image, np.float32) + seed.normal(0, rng.uniform(1, 6), (image.height, image.width, 1))
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
