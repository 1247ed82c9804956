"""`Policy`: what the engine does with each content."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tutela.engine.examining import COMPUTED
from tutela.engine.matching import MOST_HITS
from tutela.media import DEFAULT_SAMPLING, Sampling


@dataclass(frozen=True, slots=True)
class Policy:
    """What the engine does with each content.

    ``pixels``: ``"when-needed"`` decodes only what no list has byte for byte.  The verdict is the same, since an exact
    hit outweighs every near one (see `tutela.engine.matching`), and no decoder sees a known file; but the finding of
    such a file has neither frames nor perceptual signals.  ``"always"`` decodes everything and makes every finding
    complete.  Hashing without lists decodes always.

    ``orientations`` looks for each frame in all eight ways to lay it; ``thumbnails`` adds a small picture to every
    finding, which takes a decode in colour (and implies ``"always"``); ``kinds`` names the signals to compute;
    ``most_hits`` bounds the hits that a finding keeps of one list; ``sampling`` says which frames of a video are looked
    at; ``cells`` whether contact sheets are separated, and their cells looked at too.
    """

    pixels: Literal["when-needed", "always"] = "when-needed"
    orientations: bool = False
    thumbnails: bool = False
    kinds: frozenset[str] = COMPUTED
    most_hits: int = MOST_HITS
    sampling: Sampling = DEFAULT_SAMPLING
    cells: bool = True
