# mypy: disable-error-code="import-not-found"
"""Render pages in headless Chromium, each with one known picture, and say where it is, from the DOM.

    python tools/sheets/screenshots.py --out DIR --sources corpus --count 1000 --browser /usr/bin/chromium

needs the package playwright (its library only: any installed Chromium is used). Writes pictures/, PNG and JPEG files
and truth.jsonl: the visible box of the picture, the part of the file it shows, and the other, small pictures.
"""

import argparse
import json
import random
import tempfile
from pathlib import Path
from typing import Any

import layouts_html
from playwright.sync_api import Page, sync_playwright
from sources import Source, load_sources

PNG = b"\x89PNG"
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--force-color-profile=srgb",
)  # fmt: skip
# the box of what an <img> shows, and the part of the file in it: object-fit and border taken into account
MEASURE = """() => Array.from(document.images).map(i => {
  const r = i.getBoundingClientRect(), s = getComputedStyle(i), b = parseFloat(s.borderTopWidth) || 0;
  let x = r.x + b, y = r.y + b, w = r.width - 2 * b, h = r.height - 2 * b;
  const nw = i.naturalWidth, nh = i.naturalHeight;
  let crop = [0, 0, nw, nh];
  if (s.objectFit == 'cover') {
    const k = Math.max(w / nw, h / nh), cw = w / k, ch = h / k;
    crop = [(nw - cw) / 2, (nh - ch) / 2, (nw + cw) / 2, (nh + ch) / 2];
  } else if (s.objectFit == 'contain') {
    const k = Math.min(w / nw, h / nh);
    x += (w - nw * k) / 2; y += (h - nh * k) / 2; w = nw * k; h = nh * k;
  }
  return {id: i.id, src: i.src.split('/').pop(), x, y, width: w, height: h, crop, fit: s.objectFit};
})"""


def known_tag(rng: random.Random, file: Path, source: Source, most: tuple[int, int]) -> str:
    """Return the tag of the known picture: 200 to 900 pixels, any fit, border, corners and shadow."""
    aspect, fit = source.width / source.height, rng.choice(("fill", "fill", "cover", "cover", "contain"))
    width = rng.randint(200, max(210, min(900, most[0], round(most[1] * aspect))))
    height = round(width / aspect)
    if fit != "fill":
        height = round(height * rng.choice((0.8, 0.9, 1.1, 1.25)))
    scale = min(1.0, most[1] / height)
    width, height = round(width * scale), round(height * scale)
    if min(width, height) < 200:
        grow = 200 / min(width, height)
        width, height = round(width * grow), round(height * grow)
    traits = [f"width:{width}px", f"height:{height}px", f"object-fit:{fit}", "box-sizing:content-box", "max-width:none"]
    traits.append(f"background:{rng.choice(('#000', '#888', 'transparent'))}")
    if rng.random() < 0.3:
        traits.append(f"border:{rng.choice((1, 1, 2, 5, 10))}px solid {rng.choice(('#ccc', '#fff', '#333', '#c60'))}")
    if rng.random() < 0.35:
        traits.append(f"border-radius:{rng.choice((4, 8, 12, 20))}px")
    if rng.random() < 0.25:
        traits.append("box-shadow:3px 4px 12px rgba(0,0,0,.5)")
    return f"<img id=known src='{file.as_uri()}' style='{';'.join(traits)}'>"


def shoot(
    rng: random.Random, page: Page, work: Path, pictures: list[tuple[Path, Source]]
) -> tuple[bytes, dict[str, Any]]:
    """Return one screenshot and its truth."""
    width, height = rng.randint(800, 1920), rng.randint(620, 1200)
    file, source = rng.choice(pictures)
    layout = rng.choice(layouts_html.PAGES)
    # what stands beside the picture leaves it this much room
    beside = {"news": 320, "player": 320, "chat": 290, "results": 320, "product": 320, "desktop": 260, "forum": 160}
    room = (width - beside.get(layout.__name__, 60), height - 170)
    known = known_tag(rng, file, source, room)

    def small(across: int, down: int) -> str:
        name = rng.choice(pictures)[0]
        return f"<img src='{name.as_uri()}' style='width:{across}px;height:{down}px;object-fit:cover'>"

    body = layout(rng, known, small)
    html = f"<!doctype html><meta charset=utf-8><style>{layouts_html.style(rng, layout.__name__)}</style>{body}"
    (work / "page.html").write_text(html)
    page.set_viewport_size({"width": width, "height": height})
    page.goto((work / "page.html").as_uri())
    page.evaluate("document.getElementById('known').scrollIntoView({block: 'center'})")
    found = page.evaluate(MEASURE)
    data = page.screenshot() if rng.random() < 0.5 else page.screenshot(type="jpeg", quality=80)
    cells, others = [], []
    for item in found:
        box = {k: round(item[k], 2) for k in ("x", "y", "width", "height")}
        inside = item["x"] >= 0 and item["y"] >= 0 and item["x"] + item["width"] <= width
        if item["id"] == "known":
            whole = inside and item["y"] + item["height"] <= height
            cells.append({**box, "source": source.path, "picture": f"pictures/{item['src']}", "whole": whole,
                          "crop": [round(v, 1) for v in item["crop"]], "fit": item["fit"], "angle": 0})  # fmt: skip
        elif inside and item["y"] < height:
            others.append({**box, "picture": f"pictures/{item['src']}"})
    return data, {"kind": "embedded", "stratum": layout.__name__, "maker": "chromium", "width": width, "height": height,
                  "gutter": 0, "butted": False, "cells": cells, "others": others}  # fmt: skip


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--sources", type=Path, default=Path("corpus"))
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--split", choices=("train", "report"), default="report")
    parser.add_argument("--browser", default="/usr/bin/chromium")
    given = parser.parse_args()
    out: Path = given.out.resolve()
    (out / "pictures").mkdir(parents=True, exist_ok=True)
    pictures = []
    for k, source in enumerate(load_sources(given.sources, given.split, ("photo",))):
        if 0.45 < source.width / source.height < 2.3 and min(source.width, source.height) >= 250:
            file = out / "pictures" / f"p{k:04d}.jpg"
            file.write_bytes(source.data)
            pictures.append((file, source))
    with (
        tempfile.TemporaryDirectory() as work,
        sync_playwright() as play,
        play.chromium.launch(executable_path=given.browser, args=list(FLAGS)) as browser,
        (out / "truth.jsonl").open("w") as lines,
    ):
        page, made, k = browser.new_page(), 0, 0
        while made < given.count:
            rng = random.Random(f"{given.seed} {k}")
            k += 1
            data, truth = shoot(rng, page, Path(work), pictures)
            cell = truth["cells"][0]
            if not cell["whole"] or min(cell["width"], cell["height"]) < 199:
                continue  # scrolled or squeezed out of sight: the next number takes its place
            truth["file"] = f"screen{k:05d}.{'png' if data.startswith(PNG) else 'jpg'}"
            (out / truth["file"]).write_bytes(data)
            lines.write(json.dumps(truth) + "\n")
            made += 1


if __name__ == "__main__":
    main()
