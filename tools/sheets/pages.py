"""Screens drawn with Pillow: pages, players and windows that hold a picture, a few, or a sheet; some hold none."""

import random

import drawing
from composing import Truth, part_of
from PIL import Image, ImageDraw
from sources import Source

Rect = tuple[int, int, int, int]


def _theme(rng: random.Random) -> tuple[drawing.Colour, drawing.Colour, drawing.Colour]:
    """Ground, second ground and ink of a page, light or dark."""
    if rng.random() < 0.5:
        grey = rng.randint(232, 255)
        return (grey, grey, grey), (grey - 18, grey - 18, grey - 14), (30, 30, 34)
    grey = rng.randint(0, 48)
    return (grey, grey, grey + 3), (grey + 18, grey + 18, grey + 22), (215, 215, 215)


def _lines(rng: random.Random, draw: ImageDraw.ImageDraw, box: Rect, ink: drawing.Colour, size: int) -> None:
    x, y, width, height = box
    face, row = drawing.font(random.Random(size * 7 + width), size), y
    while row + size <= y + height:
        text = drawing.phrase(rng, max(1, int(width / size / 3)))
        while text and draw.textlength(text, font=face) > width:
            text = text[:-4]
        if rng.random() > 0.1:
            draw.text((x, row), text, font=face, fill=ink)
        row += round(size * 1.45)


def _bars(rng: random.Random, page: Image.Image, second: drawing.Colour, ink: drawing.Colour) -> Rect:
    """Title bar, side bar and task bar; returns the area left free."""
    draw = ImageDraw.Draw(page)
    left, top, right, bottom = 0, 0, page.width, page.height
    accent = drawing.colour(rng)
    if rng.random() < 0.8:
        top = rng.randint(28, 90)
        draw.rectangle((0, 0, page.width, top), fill=accent if rng.random() < 0.5 else second)
        _lines(rng, draw, (12, 8, page.width // 2, 24), drawing.contrast(accent), rng.randint(11, 18))
        for k in range(rng.randint(0, 5)):
            draw.rounded_rectangle((page.width - 50 * k - 46, 6, page.width - 50 * k - 8, top - 6), 4, outline=ink)
    if rng.random() < 0.5 and page.width > 500:
        side = rng.randint(90, page.width // 4)
        where = 0 if rng.random() < 0.5 else page.width - side
        draw.rectangle((where, top, where + side, page.height), fill=second)
        _lines(rng, draw, (where + 8, top + 12, side - 16, page.height - top - 40), ink, rng.randint(10, 15))
        left, right = (side, right) if where == 0 else (left, where)
    if rng.random() < 0.3:
        bottom -= rng.randint(24, 48)
        draw.rectangle((0, bottom, page.width, page.height), fill=second)
        for k in range(rng.randint(2, 9)):
            draw.ellipse((10 + k * 44, bottom + 4, 30 + k * 44, bottom + 24), fill=drawing.colour(rng))
    return (left, top, right - left, bottom - top)


def screen_around(rng: random.Random, sheet: Image.Image) -> tuple[Image.Image, int, int]:
    """Draw a screenshot that shows `sheet` whole; where its corner went."""
    ground, second, ink = _theme(rng)
    pad = [rng.randint(10, 160) for _ in range(4)]
    page = Image.new("RGB", (sheet.width + pad[0] + pad[2], sheet.height + pad[1] + pad[3]), ground)
    draw = ImageDraw.Draw(page)
    bar = min(pad[1] - 4, rng.randint(20, 60))
    if bar > 8:
        draw.rectangle((0, 0, page.width, bar), fill=second)
        _lines(rng, draw, (10, 3, page.width // 2, bar - 3), ink, 12)
    if pad[0] > 70:
        _lines(rng, draw, (6, pad[1], pad[0] - 16, sheet.height), ink, 11)
    if pad[3] > 40:
        _lines(rng, draw, (pad[0], page.height - pad[3] + 10, sheet.width, pad[3] - 14), ink, 12)
    page.paste(sheet, (pad[0], pad[1]))
    return page, pad[0], pad[1]


def _controls(rng: random.Random, draw: ImageDraw.ImageDraw, box: Rect) -> None:
    """Draw what a player draws over and under its picture."""
    x, y, width, height = box
    bar = min(rng.randint(24, 44), height // 4)
    low = y + height - bar if rng.random() < 0.5 else y + height
    draw.rectangle((x, low, x + width - 1, low + bar - 1), fill=(20, 20, 22))
    played = x + 10 + round((width - 20) * rng.random())
    draw.line((x + 10, low + 6, x + width - 10, low + 6), fill=(110, 110, 110), width=3)
    draw.line((x + 10, low + 6, played, low + 6), fill=rng.choice(((230, 30, 30), (40, 120, 240))), width=3)
    draw.polygon(((x + 12, low + 12), (x + 12, low + bar - 4), (x + 24, low + bar // 2 + 4)), fill=(240, 240, 240))
    draw.text((x + 34, low + 10), drawing.clock(rng, rng.uniform(0, 5000)), font=drawing.font(random.Random(3), 12),
              fill=(235, 235, 235))  # fmt: skip
    if rng.random() < 0.3:
        r, cx, cy = min(width, height) // 8, x + width // 2, y + height // 2
        draw.ellipse((cx - r, cy - r, cx + r, cy + r), fill=(30, 30, 30))
        draw.polygon(((cx - r // 3, cy - r // 2), (cx - r // 3, cy + r // 2), (cx + r // 2, cy)), fill=(250, 250, 250))


def page_with(rng: random.Random, sources: list[Source]) -> tuple[Image.Image, Truth]:
    """Draw a screen with one to three pictures (or a player) of at least 150 pixels: layout `embedded`."""
    width, height = rng.randint(640, 1920), rng.randint(480, 1200)
    ground, second, ink = _theme(rng)
    page = Image.new("RGB", (width, height), ground)
    left, top, wide, high = _bars(rng, page, second, ink)
    draw, player = ImageDraw.Draw(page), rng.random() < 0.35
    cells: list[Truth] = []
    y = top + rng.randint(0, 40)
    for _ in range(1 if player or rng.random() < 0.7 else rng.randint(2, 3)):
        source = rng.choice(sources)
        aspect = rng.choice((16 / 9, 4 / 3, 3 / 2, 1.0, 2 / 3, source.width / source.height))
        w = rng.randint(200, max(201, min(1000, wide - 20)))
        h = round(w / aspect)
        if h > high - (y - top) - 20:
            h = high - (y - top) - 20
            w = round(h * aspect)
        if min(w, h) < 150 or w > wide - 10:
            break
        x = left + rng.choice(((wide - w) // 2, 10, rng.randint(0, wide - w)))
        box = part_of(source, w / h, 1.0, (0.5, 0.5))
        edge = rng.choice((0, 0, 0, 1, 2, 6))
        if edge:
            draw.rectangle((x - edge, y - edge, x + w + edge - 1, y + h + edge - 1), fill=drawing.colour(rng))
        if not player and rng.random() < 0.3:
            page.paste(drawing.shadow(page, [(x, y, w, h)], 5, 4))
        radius = rng.choice((0, 0, 0, 6, 12, 20))
        mask = drawing.rounded_mask((w, h), radius) if radius else None
        page.paste(source.shown(box, (w, h)), (x, y), mask)
        if player:
            _controls(rng, draw, (x, y, w, h))
        cells.append({"x": x, "y": y, "width": w, "height": h, "source": source.path, "crop": source.in_file(box),
                      "angle": 0})  # fmt: skip
        room = wide - (x - left) - w - 30
        if room > 120 and not player:
            _lines(rng, draw, (x + w + 14, y, room, h), ink, rng.randint(11, 18))
        y += h + rng.randint(16, 60)
    if not cells:
        return page_with(rng, sources)
    _lines(rng, draw, (left + 14, y + 40 * player, max(60, wide - 28), top + high - y - 50), ink, rng.randint(11, 20))
    stratum = "player_in_screen" if player else "picture_in_screen"
    return page, {"kind": "embedded", "stratum": stratum, "gutter": 0, "butted": False, "cells": cells,
                  "background": ground, "maker": "tutela"}  # fmt: skip


def page_without(rng: random.Random) -> Image.Image:
    """Draw a screen of bars, text and buttons with no picture."""
    ground, second, ink = _theme(rng)
    page = Image.new("RGB", (rng.randint(500, 1600), rng.randint(400, 1100)), ground)
    left, top, wide, high = _bars(rng, page, second, ink)
    columns = rng.randint(1, 3)
    for k in range(columns):
        box = (left + k * wide // columns + 14, top + 16, wide // columns - 28, high - 30)
        _lines(rng, ImageDraw.Draw(page), box, ink, rng.randint(10, 22))
    return page
