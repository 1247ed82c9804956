# ruff: noqa: E501 - markup and style sheets read worse when broken
"""Pages as HTML, one function a layout: `PAGES` maps a name to a function (rng, known, small) -> body and style.

`known` is the tag of the known picture, ready made; `small()` gives the tag of another, small picture of some pixels.
"""

import random
from collections.abc import Callable

import drawing

Small = Callable[[int, int], str]


def _text(rng: random.Random, words: int) -> str:
    return drawing.phrase(rng, words).capitalize() + "."


def _paragraphs(rng: random.Random, count: int) -> str:
    return "".join(
        f"<p>{' '.join(_text(rng, rng.randint(6, 18)) for _ in range(rng.randint(2, 6)))}</p>" for _ in range(count)
    )


def _menu(rng: random.Random, count: int) -> str:
    return "".join(f"<a class=m>{drawing.phrase(rng, rng.randint(1, 2))}</a>" for _ in range(count))


def _top(rng: random.Random) -> str:
    return (
        f"<header><b>{drawing.phrase(rng, 2).title()}</b>{_menu(rng, rng.randint(3, 7))}<input value='search'></header>"
    )


def news(rng: random.Random, known: str, small: Small) -> str:
    """Return a news article with a side bar."""
    side = "".join(
        f"<div class=card>{small(90, 60)}<span>{_text(rng, 6)}</span></div>" for _ in range(rng.randint(2, 6))
    )
    return (f"{_top(rng)}<main class=two><article><h1>{_text(rng, 8)}</h1><small>{_text(rng, 4)}</small><figure>{known}"
            f"<figcaption>{_text(rng, 9)}</figcaption></figure>{_paragraphs(rng, 5)}</article><aside>{side}</aside></main>")  # fmt: skip


def forum(rng: random.Random, known: str, small: Small) -> str:
    """Return a thread: posts with avatars, the picture in one of them."""
    at, posts = rng.randint(0, 2), []
    for k in range(5):
        body = (
            _paragraphs(rng, 1)
            + (known if k == at else "")
            + ("<blockquote>" + _text(rng, 12) + "</blockquote>") * (k % 2)
        )
        posts.append(
            f"<div class=post><div class=who>{small(64, 64)}<br>{drawing.phrase(rng, 1)}</div><div>{body}</div></div>"
        )
    return f"{_top(rng)}<h2>{_text(rng, 6)}</h2>{''.join(posts)}"


def chat(rng: random.Random, known: str, small: Small) -> str:
    """Return a chat: a list of people, bubbles left and right."""
    people = "".join(f"<div class=card>{small(40, 40)}<span>{drawing.phrase(rng, 3)}</span></div>" for _ in range(9))
    at, lines = rng.randint(1, 4), []
    for k in range(7):
        bubble = known if k == at else _text(rng, rng.randint(2, 14))
        lines.append(f"<div class='bubble {'me' if rng.random() < 0.5 else 'you'}'>{bubble}</div>")
    return f"<main class=left><aside>{people}</aside><section>{''.join(lines)}<input value='message' style='width:90%'></section></main>"


def board(rng: random.Random, known: str, small: Small) -> str:
    """Return an image board: one opened picture, replies with thumbnails."""
    replies = "".join(
        f"<div class=reply><small>No. {rng.randint(10**6, 10**7)}</small><br>{small(110, 80) if rng.random() < 0.5 else ''}"
        f"{_text(rng, 12)}</div>"
        for _ in range(5)
    )  # fmt: skip
    return f"<center><h2>/{drawing.phrase(rng, 1)}/</h2></center><hr>{known}<p>{_text(rng, 20)}</p>{replies}<hr>"


def results(rng: random.Random, known: str, small: Small) -> str:
    """Return an image search: rows of thumbnails and the picture chosen, large at the side."""
    thumbs = "".join(small(rng.randint(80, 150), 96) for _ in range(rng.randint(8, 30)))
    return f"{_top(rng)}<main class=two><section class=thumbs>{thumbs}</section><aside class=wide>{known}<h3>{_text(rng, 5)}</h3></aside></main>"


def product(rng: random.Random, known: str, small: Small) -> str:
    """Return a product page: picture, small views, price and button."""
    views = "".join(small(60, 60) for _ in range(rng.randint(2, 6)))
    return (f"{_top(rng)}<main class=two><section>{known}<div>{views}</div></section><section><h1>{_text(rng, 4)}</h1>"
            f"<h2>{rng.randint(3, 900)}.99</h2><button>add to basket</button>{_paragraphs(rng, 3)}</section></main>")  # fmt: skip


def player(rng: random.Random, known: str, small: Small) -> str:
    """Return a video player: controls below, suggestions at the side, comments."""
    side = "".join(
        f"<div class=card>{small(120, 68)}<span>{_text(rng, 5)}</span></div>" for _ in range(rng.randint(3, 8))
    )
    where = "over" if rng.random() < 0.5 else "under"
    bar = (f"<div class='bar {where}'><div class=track><div class=done style='width:{rng.randint(2, 98)}%'></div></div>"
           f"&#9654; {drawing.clock(rng, rng.uniform(0, 3000))} / 1:02:03 <span style='float:right'>&#9881; &#9974;</span></div>")  # fmt: skip
    return (f"{_top(rng)}<main class=two><section><div class=player>{known}{bar}</div><h2>{_text(rng, 6)}</h2>"
            f"{_paragraphs(rng, 2)}</section><aside>{side}</aside></main>")  # fmt: skip


def viewer(rng: random.Random, known: str, small: Small) -> str:
    """Return a photo viewer: the picture alone on a dark ground, a film strip below."""
    strip = "".join(small(70, 50) for _ in range(rng.choice((0, 0, 6, 12))))
    return (f"<body class=viewer><header>&#10094; {drawing.file_name(rng)} {_menu(rng, 3)}</header>"
            f"<center class=stage>{known}</center><center>{strip}</center>")  # fmt: skip


def feed(rng: random.Random, known: str, small: Small) -> str:
    """Return a social feed: one narrow column of cards."""

    def card(inner: str) -> str:
        return f"<div class=feed>{small(40, 40)} <b>{drawing.phrase(rng, 2)}</b><br>{_text(rng, 12)}{inner}<br>&#9825; {rng.randint(1, 999)}</div>"

    return f"{_top(rng)}<div class=column>{card('')}{card(known)}{card('')}{card('')}</div>"


def blog(rng: random.Random, known: str, small: Small) -> str:
    """Return a blog: one wide column, the picture floating or alone."""
    floats = rng.choice(("left", "right", "none"))
    return (f"<div class=blog><h1>{_text(rng, 5)}</h1>{_paragraphs(rng, 1)}<div style='float:{floats};margin:12px'>{known}</div>"
            f"{_paragraphs(rng, 6)}<footer>{small(48, 48)} {_text(rng, 6)}</footer></div>")  # fmt: skip


def desktop(rng: random.Random, known: str, small: Small) -> str:
    """Return a desktop: a wallpaper, icons, a task bar, and a window that shows the picture."""
    icons = "".join(
        f"<div class=icon>{small(44, 44)}<br>{drawing.file_name(rng)[:9]}</div>" for _ in range(rng.randint(3, 16))
    )
    return (f"<div class=icons>{icons}</div><div class=window style='left:{rng.randint(90, 220)}px;top:{rng.randint(20, 90)}px'>"
            f"<div class=title>{drawing.file_name(rng)} <span style='float:right'>_ &#9633; &#10005;</span></div>"
            f"<div class=menu>{_menu(rng, 4)}</div>{known}<div class=menu>{_text(rng, 3)}</div></div><div class=task>"
            f"{_menu(rng, 4)}<span style='float:right'>12:{rng.randint(10, 59)}</span></div>")  # fmt: skip


PAGES: tuple[Callable[[random.Random, str, Small], str], ...] = (
    news, forum, chat, board, results, product, player, viewer, feed, blog, desktop,
)  # fmt: skip


def style(rng: random.Random, name: str) -> str:
    """Return a style sheet: light or dark, any face and size, any accent."""
    dark = rng.random() < 0.45 or name == "viewer"
    grey = rng.randint(0, 44) if dark else rng.randint(236, 255)
    ground, ink = f"rgb({grey},{grey},{grey + (4 if dark else 0)})", "#ddd" if dark else "#222"
    second = f"rgb({grey + 22},{grey + 22},{grey + 26})" if dark else f"rgb({grey - 18},{grey - 18},{grey - 14})"
    accent = "rgb({},{},{})".format(*drawing.colour(rng))
    wall = f"linear-gradient({rng.randint(0, 360)}deg,{accent},{second})" if name == "desktop" else ground
    family = rng.choice(("sans-serif", "serif", "Liberation Sans", "DejaVu Sans", "monospace"))
    return f"""
body{{margin:{rng.choice((0, 8))}px;background:{wall};color:{ink};font:{rng.randint(12, 18)}px {family};min-height:98vh}}
header{{background:{rng.choice((accent, second))};padding:{rng.randint(6, 18)}px;margin-bottom:{rng.randint(0, 20)}px}}
.m{{padding:0 10px}} .two{{display:flex;gap:20px;padding:0 16px}} .two>*{{flex:1 1 0}} .two>aside{{flex:0 0 240px}}
.two>.wide{{flex:0 0 auto}} .two>article,.two>section{{flex:1 1 auto}} .left{{display:flex}} .left>aside{{flex:0 0 220px;background:{second}}}
.left>section{{flex:1;padding:14px}} .card{{display:flex;gap:8px;margin:8px}} .post{{display:flex;gap:14px;border:1px solid {second};margin:8px;
padding:8px}} .who{{flex:0 0 90px;background:{second}}} .bubble{{max-width:80%;width:fit-content;border-radius:12px;padding:10px;margin:8px;
background:{second}}} .me{{margin-left:auto}} .reply{{background:{second};margin:6px;padding:6px;width:fit-content;max-width:70%}}
.thumbs img{{margin:3px}} .player{{position:relative;width:fit-content;background:#000}} .bar{{background:rgba(10,10,10,{rng.choice((0.5, 0.8, 1))});
color:#eee;padding:4px 8px;font-size:13px}} .over{{position:absolute;left:0;right:0;bottom:0}} .track{{height:4px;background:#777}}
.done{{height:4px;background:{rng.choice(("#e22", "#38f"))}}} .viewer{{background:rgb({grey},{grey},{grey})}} .stage{{padding:10px}}
.feed{{background:{second};margin:12px 0;padding:12px;border-radius:8px}} .column{{width:fit-content;min-width:420px;max-width:940px;margin:auto}}
.blog{{max-width:980px;margin:auto}} .icon{{width:80px;height:76px;text-align:center;font-size:11px}} .icons{{display:flex;flex-flow:column
wrap;height:640px;align-content:flex-start}} .window{{position:absolute;background:{second};border:1px solid #555;box-shadow:4px 6px 18px #0008}}
.title{{background:{accent};padding:6px}} .menu{{padding:3px;font-size:12px}} .task{{position:fixed;bottom:0;left:0;right:0;background:{second};
padding:8px}} figure{{margin:10px 0}} blockquote{{border-left:4px solid {accent};padding-left:8px}} aside{{font-size:13px}}
"""
