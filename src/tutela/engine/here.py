"""`Here`: contents looked at within this process, for bytes that are trusted."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable

from tutela.engine.examining import Examined, Wanted, examine_bytes, examine_pixels
from tutela.engine.run import BATCH, PATIENCE, Settled
from tutela.engine.source import open_source
from tutela.model import Content, Limits, Problem


class Here:
    """Does in this process what `tutela.engine.pool.Pool` has workers do; a crash or a hang is the caller's."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits

    def run(
        self, contents: Iterable[Content | None], wanted: Wanted, settled: Settled | None = None
    ) -> Generator[list[tuple[str, Examined]]]:
        """Look at every content; yield names and what was learned, in order, some at a time.

        At a ``None`` among the contents, what is ready is yielded first.
        """
        batch: list[tuple[str, Examined]] = []
        since = time.monotonic()
        for content in contents:
            if content is not None:
                batch.append((content.name, self._look(content, wanted, settled)))
            if batch and (content is None or len(batch) >= BATCH or time.monotonic() > since + PATIENCE):
                yield batch
                batch, since = [], time.monotonic()
        if batch:
            yield batch

    def close(self) -> None:
        """Do nothing: there is nothing to end."""

    def _look(self, content: Content, wanted: Wanted, settled: Settled | None) -> Examined:
        source = open_source(content, self._limits.max_bytes)
        if isinstance(source, Problem):
            return Examined(problems=(source,))
        with source:
            found = examine_bytes(source, wanted)
            if not wanted.pixels or found.problems or (settled is not None and settled([found])[0]):
                return found
            return found.joined(examine_pixels(source, self._limits, wanted))
