"""Pictures that are no sheet but look a little like one: crops, textures, boards, tables, windows, shelves, text."""

import math
import random
from collections.abc import Callable

import drawing
import numpy as np
import pages
from composing import part_of
from PIL import Image, ImageDraw, ImageFilter
from sources import Source


def _size(rng: random.Random) -> tuple[int, int]:
    return rng.randint(300, 1400), rng.randint(300, 1100)


def crop(rng: random.Random, sources: list[Source]) -> Image.Image:
    """Draw a random part of a picture at a random scale, sometimes flipped or turned a little."""
    source = rng.choice(sources)
    aspect = rng.choice((16 / 9, 4 / 3, 3 / 2, 1.0, 2 / 3, 3 / 4, source.width / source.height))
    zoom = rng.choice((1.0, rng.uniform(0.3, 1.0), rng.uniform(0.3, 1.0)))
    box = part_of(source, aspect, zoom, (rng.random(), rng.random()))
    shown = (box[2] - box[0]) * source.width
    width = max(220, round(shown * rng.choice((1.0, 1.0, rng.uniform(0.5, 1.6)))))
    size = (width, max(200, round(width / aspect)))
    image = source.shown(box, size)
    if rng.random() < 0.3:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if rng.random() < 0.08:
        image = image.transpose(Image.Transpose.ROTATE_90)
    return image


def _crooked(rng: random.Random, image: Image.Image) -> Image.Image:
    """Draw a drawn pattern as a camera sees it: perspective, uneven light, a little blur."""
    if rng.random() < 0.35:
        return image
    w, h = image.size
    if rng.random() < 0.6:
        by = [rng.uniform(0, 0.12) * side for side in (w, h) * 4]
        corners = (by[0], by[1], by[2], h - by[3], w - by[4], h - by[5], w - by[6], by[7])
        image = image.transform((w, h), Image.Transform.QUAD, corners, Image.Resampling.BICUBIC)
    if rng.random() < 0.7:
        light = np.asarray(drawing.gradient(rng, (w, h)).convert("L"), np.float32)[..., None] / 255
        pixels = np.asarray(image, np.float32) * (1 - rng.uniform(0, 0.6) * light)
        image = Image.fromarray(pixels.astype(np.uint8))
    return image.filter(ImageFilter.GaussianBlur(rng.uniform(0, 1.2)))


def chess(rng: random.Random, _sources: list[Source]) -> Image.Image:
    """Draw a chess board, with or without pieces, or any two-coloured tiling."""
    n, m, side = rng.randint(4, 14), rng.randint(4, 14), rng.randint(24, 110)
    image = Image.new("RGB", (n * side, m * side), drawing.colour(rng))
    draw, dark = ImageDraw.Draw(image), drawing.colour(rng)
    pieces = rng.choice((0.0, 0.3))
    for c in range(n):
        for r in range(m):
            if (c + r) % 2:
                draw.rectangle((c * side, r * side, c * side + side - 1, r * side + side - 1), fill=dark)
            if rng.random() < pieces:
                q = side // 4
                box = (c * side + q, r * side + q, c * side + 3 * q, r * side + 3 * q)
                draw.ellipse(box, fill=drawing.colour(rng), outline=(20, 20, 20))
    return _crooked(rng, image)


def table(rng: random.Random, _sources: list[Source]) -> Image.Image:
    """Draw a spreadsheet, calendar or timetable: ruled cells with words or numbers."""
    columns, rows = rng.randint(3, 14), rng.randint(4, 26)
    wide, high = rng.randint(50, 140), rng.randint(18, 90)
    paper = rng.choice(((255, 255, 255), (250, 248, 240), (30, 30, 34)))
    image = Image.new("RGB", (columns * wide + 30, rows * high + 40), paper)
    draw, rule = ImageDraw.Draw(image), drawing.colour(rng)
    face, ink = drawing.font(rng, min(max(9, high // 3), 22)), drawing.contrast(paper)
    for r in range(rows):
        for c in range(columns):
            box = (15 + c * wide, 20 + r * high, 15 + (c + 1) * wide, 20 + (r + 1) * high)
            fill = drawing.colour(rng) if r == 0 or rng.random() < 0.05 else None
            draw.rectangle(box, fill=fill, outline=rule)
            if rng.random() < 0.7:
                text = str(rng.randint(0, 9999)) if rng.random() < 0.6 else drawing.phrase(rng, 1)
                draw.text((box[0] + 4, box[1] + 3), text, font=face, fill=drawing.contrast(fill) if fill else ink)
    return image if rng.random() < 0.6 else _crooked(rng, image)


def keyboard(rng: random.Random, _sources: list[Source]) -> Image.Image:
    """Rows of round-cornered keys of a few widths, with letters."""
    side, gap = rng.randint(36, 80), rng.randint(2, 10)
    body, cap = drawing.colour(rng), drawing.colour(rng)
    columns = rng.randint(10, 15)
    image = Image.new("RGB", (columns * (side + gap) + gap, 5 * (side + gap) + gap), body)
    draw, face = ImageDraw.Draw(image), drawing.font(rng, side // 3)
    for r in range(5):
        x = gap
        while x < image.width - side // 2:
            w = round(side * rng.choice((1, 1, 1, 1, 1.5, 2 if r == 4 else 1)))
            box = (x, gap + r * (side + gap), min(x + w, image.width - gap), gap + r * (side + gap) + side)
            draw.rounded_rectangle(box, side // 8, fill=cap, outline=drawing.contrast(body))
            letter = chr(rng.randint(65, 90))
            draw.text((x + side // 4, box[1] + side // 5), letter, font=face, fill=drawing.contrast(cap))
            x += w + gap
    return _crooked(rng, image)


def bricks(rng: random.Random, sources: list[Source]) -> Image.Image:
    """Bricks, tiles, planks or paving: joints of mortar between patches of one surface."""
    width, height = _size(rng)
    source = rng.choice(sources)
    w, h, gap = rng.randint(40, 200), rng.randint(24, 120), rng.choice((1, 2, 3, 5, 8))
    offset = rng.choice((0, 0, w // 2, w // 3))
    image = Image.new("RGB", (width, height), drawing.colour(rng))
    tint = drawing.colour(rng)
    plain = rng.random() < 0.5
    surface = source.shown((0.2, 0.2, 0.8, 0.8), (w * 2, h * 2)).filter(ImageFilter.GaussianBlur(rng.uniform(0, 3)))
    for r in range(-(-height // (h + gap))):
        for c in range(-1, -(-width // (w + gap)) + 1):
            if plain:
                shade = rng.uniform(0.75, 1.1)
                patch = Image.new("RGB", (w, h), tuple(min(255, int(v * shade)) for v in tint))
            else:
                x, y = rng.randint(0, w), rng.randint(0, h)
                grey = surface.crop((x, y, x + w, y + h)).convert("L")
                patch = Image.merge("RGB", [grey.point([v * t // 255 for v in range(256)]) for t in tint])
            image.paste(patch, (c * (w + gap) + (r % 2) * offset, r * (h + gap)))
    return _crooked(rng, image)


def weave(rng: random.Random, _sources: list[Source]) -> Image.Image:
    """Draw a basket weave or plaid: bands over and under each other."""
    width, height = _size(rng)
    pitch_x, pitch_y = rng.uniform(10, 90), rng.uniform(10, 90)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    a, b = np.sin(x * math.pi / pitch_x), np.sin(y * math.pi / pitch_y)
    over = ((x // pitch_x + y // pitch_y) % 2) if rng.random() < 0.6 else np.full_like(x, 0.5)
    value = np.abs(a) * over + np.abs(b) * (1 - over)
    noise = np.random.default_rng(rng.getrandbits(32)).normal(0, 0.05, value.shape)
    mix = np.clip(value + noise, 0, 1)[..., None]
    pixels = np.array(drawing.colour(rng)) * mix + np.array(drawing.colour(rng)) * (1 - mix)
    return _crooked(rng, Image.fromarray(pixels.astype(np.uint8)))


def facade(rng: random.Random, sources: list[Source]) -> Image.Image:
    """Draw a house front: rows of windows that reflect the same kind of thing; some half-timbered."""
    columns, rows = rng.randint(2, 10), rng.randint(2, 9)
    w, h = rng.randint(36, 110), rng.randint(46, 140)
    gap_x, gap_y = rng.randint(8, 80), rng.randint(10, 80)
    size = (columns * (w + gap_x) + gap_x, rows * (h + gap_y) + gap_y)
    wall = drawing.texture(rng, size, sources)
    draw = ImageDraw.Draw(wall)
    frame, glass, bars = drawing.colour(rng), rng.choice(sources), rng.randint(0, 2)
    if rng.random() < 0.3:
        for k in range(columns + 1):
            x = k * (w + gap_x) + gap_x // 2
            draw.line((x, 0, x + rng.choice((0, 0, w)), size[1]), fill=(60, 40, 25), width=max(3, gap_x // 4))
    for r in range(rows):
        for c in range(columns):
            x, y = gap_x + c * (w + gap_x), gap_y + r * (h + gap_y)
            draw.rectangle((x - 4, y - 4, x + w + 3, y + h + 3), fill=frame)
            part = (0.1, 0.1 + rng.uniform(0, 0.05), 0.6, 0.6)
            dark = glass.shown(part, (w, h)).point([v // 2 for v in range(256)] * 3)
            if rng.random() < 0.3:
                dark = Image.new("RGB", (w, h), (30, 34, 40) if rng.random() < 0.6 else (230, 210, 150))
            wall.paste(dark, (x, y))
            for k in range(bars):
                draw.line((x + (k + 1) * w // (bars + 1), y, x + (k + 1) * w // (bars + 1), y + h), fill=frame, width=3)
            if bars:
                draw.line((x, y + h // 3, x + w, y + h // 3), fill=frame, width=3)
    return _crooked(rng, wall)


def shelf(rng: random.Random, _sources: list[Source]) -> Image.Image:
    """Draw a bookshelf: upright backs of many colours on boards."""
    width, height = _size(rng)
    boards = rng.randint(1, 5)
    image = Image.new("RGB", (width, height), (40, 28, 18))
    draw, high = ImageDraw.Draw(image), height // boards
    wood = rng.choice(((120, 80, 40), (200, 170, 120), (240, 240, 236), (60, 40, 24)))
    for b in range(boards):
        x, low = 0, (b + 1) * high - 12
        draw.rectangle((0, low, width, low + 12), fill=wood)
        while x < width:
            w, tall = rng.randint(10, 60), round(high * rng.uniform(0.6, 0.9))
            fill = drawing.colour(rng)
            draw.rectangle((x, low - tall, x + w - 1, low - 1), fill=fill, outline=(20, 20, 20))
            draw.rectangle((x + w // 4, low - tall + 8, x + 3 * w // 4, low - tall // 2), fill=drawing.contrast(fill))
            x += w + rng.choice((0, 0, 1, 14))
    return _crooked(rng, image)


def text(rng: random.Random, _sources: list[Source]) -> Image.Image:
    """Draw a page of text or a plain screen."""
    return pages.page_without(rng)


def desktop(rng: random.Random, sources: list[Source]) -> Image.Image:
    """Draw a desktop: a wallpaper, icons with names in columns, a task bar."""
    width, height = rng.randint(800, 1600), rng.randint(500, 1000)
    image = crop(rng, sources).resize((width, height)) if rng.random() < 0.6 else drawing.gradient(rng, (width, height))
    draw, face = ImageDraw.Draw(image), drawing.font(rng, 11)
    pitch, side = rng.randint(64, 110), rng.randint(28, 52)
    share = rng.uniform(0.05, 0.9)
    for c in range(width // pitch):
        for r in range((height - 50) // pitch):
            if rng.random() < share * (1 if c < 3 else 0.5):
                x, y = c * pitch + 12, r * pitch + 10
                shape = rng.choice((draw.rectangle, draw.ellipse))
                shape((x, y, x + side, y + side), fill=drawing.colour(rng), outline=(90, 90, 90))
                draw.rectangle((x + side // 4, y + side // 4, x + side // 2, y + side // 2), fill=drawing.colour(rng))
                draw.text((x - 4, y + side + 3), drawing.file_name(rng)[:10], font=face, fill=(240, 240, 240))
    draw.rectangle((0, height - 36, width, height), fill=drawing.colour(rng))
    return image


def framed(rng: random.Random, sources: list[Source]) -> Image.Image:
    """One picture in a frame, mount or border, with or without a line of caption."""
    picture = crop(rng, sources)
    pads = [rng.randint(2, 90)] * 4 if rng.random() < 0.6 else [rng.randint(2, 90) for _ in range(4)]
    image = Image.new(
        "RGB", (picture.width + pads[0] + pads[2], picture.height + pads[1] + pads[3]), drawing.colour(rng)
    )
    draw = ImageDraw.Draw(image)
    if rng.random() < 0.4:
        step = max(1, min(pads) // 2)
        draw.rectangle((step, step, image.width - step, image.height - step), outline=drawing.colour(rng), width=2)
    image.paste(picture, (pads[0], pads[1]))
    if pads[3] > 30 and rng.random() < 0.5:
        draw.text((pads[0], image.height - pads[3] + 6), drawing.phrase(rng, 6), font=drawing.font(rng, 16),
                  fill=drawing.contrast(image.getpixel((1, 1))))  # type: ignore[arg-type]  # three channels  # fmt: skip
    return image


def captioned(rng: random.Random, sources: list[Source]) -> Image.Image:
    """One picture with bold text over it, or a bar across it, as memes and subtitles have."""
    image = crop(rng, sources)
    draw, size = ImageDraw.Draw(image), rng.randint(14, max(15, image.width // 14))
    for y in rng.sample((4, image.height // 2, image.height - size - 10), rng.randint(1, 2)):
        if rng.random() < 0.4:
            draw.rectangle((0, y - 2, image.width, y + size + 6), fill=drawing.colour(rng))
        draw.text((image.width // 2, y), drawing.phrase(rng, 4), font=drawing.font(rng, size), anchor="ma",
                  fill=(255, 255, 255), stroke_width=2, stroke_fill=(0, 0, 0))  # fmt: skip
    return image


def chart(rng: random.Random, _sources: list[Source]) -> Image.Image:
    """Bars or lines over a ruled ground with axes."""
    width, height = _size(rng)
    image = Image.new("RGB", (width, height), rng.choice(((255, 255, 255), (245, 245, 250), (28, 28, 32))))
    draw, bars = ImageDraw.Draw(image), rng.randint(3, 24)
    for k in range(rng.randint(0, 9)):
        draw.line((40, 20 + k * (height - 60) // 9, width - 20, 20 + k * (height - 60) // 9), fill=(170, 170, 170))
    step = (width - 70) / bars
    for k in range(bars):
        high = rng.uniform(0.05, 0.95) * (height - 60)
        draw.rectangle((45 + k * step, height - 40 - high, 45 + (k + rng.uniform(0.5, 0.98)) * step, height - 40),
                       fill=drawing.colour(rng))  # fmt: skip
    draw.line((40, 10, 40, height - 40, width - 10, height - 40), fill=(90, 90, 90), width=2)
    draw.text((50, height - 30), drawing.phrase(rng, 5), font=drawing.font(rng, 14), fill=(120, 120, 120))
    return image


def dialog(rng: random.Random, sources: list[Source]) -> Image.Image:
    """Draw a window with labels, fields, buttons and swatches over something else."""
    image = pages.page_without(rng) if rng.random() < 0.7 else crop(rng, sources)
    draw = ImageDraw.Draw(image)
    w, h = round(image.width * rng.uniform(0.4, 0.9)), round(image.height * rng.uniform(0.4, 0.9))
    x, y = (image.width - w) // 2, (image.height - h) // 2
    draw.rectangle((x, y, x + w, y + h), fill=(236, 236, 238), outline=(90, 90, 90))
    draw.rectangle((x, y, x + w, y + 26), fill=drawing.colour(rng))
    face = drawing.font(rng, 12)
    for row in range(y + 36, y + h - 30, rng.randint(26, 44)):
        draw.text((x + 10, row), drawing.phrase(rng, 2), font=face, fill=(20, 20, 20))
        for k in range(rng.randint(0, 4)):
            left = x + w // 3 + k * 70
            if left + 60 < x + w:
                draw.rectangle((left, row - 2, left + 60, row + 18), outline=(120, 120, 120),
                               fill=rng.choice(((255, 255, 255), drawing.colour(rng))))  # fmt: skip
    return image


def repeated(rng: random.Random, sources: list[Source]) -> Image.Image:
    """Wallpaper in the old sense: one small patch repeated, mirrored at the seams so that nothing steps."""
    side = rng.randint(20, 160)
    patch = rng.choice(sources).shown((0.2, 0.2, 0.7, 0.7), (side, side))
    block = Image.new("RGB", (2 * side, 2 * side))
    flip, flop = patch.transpose(Image.Transpose.FLIP_LEFT_RIGHT), patch.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    both = flip.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    for k, part in enumerate((patch, flip, flop, both)):
        block.paste(part, (k % 2 * side, k // 2 * side))
    return drawing.tiled(block, _size(rng))


Maker = Callable[[random.Random, list[Source]], Image.Image]
HARD: tuple[Maker, ...] = (
    chess, table, keyboard, bricks, bricks, weave, facade, facade, shelf, text, desktop, framed, framed, captioned,
    chart, dialog, repeated,
)  # fmt: skip
