"""What the user sees while an auction runs: who is doing what, and what it has cost so far."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.status import Status

from sale.cli.text import dollars, plain
from sale.types import Auction


class Progress:
    """A line on stderr for every event, and a live one below where stderr is a terminal."""

    def __init__(self, console: Console, *, quiet: bool = False) -> None:
        self._console = console
        self._quiet = quiet
        self._began = time.monotonic()
        self._status = Status("starting Ray and the agents", console=console)
        self.auction: Auction | None = None
        """The auction as it was last seen."""

    def __enter__(self) -> Self:
        if self._live:
            self._status.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._status.stop()

    def observe(self, auction: Auction, doing: str) -> None:
        """Show one event; passed to the market."""
        self.auction = auction
        if self._quiet:
            return
        elapsed = time.monotonic() - self._began
        spent = dollars(auction.total.usd)
        self._console.print(
            f"{elapsed:6.1f} s  {spent:>12}  {plain(doing, limit=160)}",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
        if self._live:
            self._status.update(f"{plain(doing, limit=60)} · {spent} so far")

    @property
    def _live(self) -> bool:
        return self._console.is_terminal and not self._quiet
