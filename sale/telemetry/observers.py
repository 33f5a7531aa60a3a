"""The observers that a market file asks for, beside the one that shows progress."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sale.draft import Observer
from sale.market_file import MarketFile
from sale.types import Auction

if TYPE_CHECKING:
    from sale.telemetry.traces import Tracing


@contextmanager
def observing(
    file: MarketFile, first: Observer, *, tell: Callable[[str], None]
) -> Iterator[Observer]:
    """An observer that tells `first` and what `[telemetry]` names; raises `ConfigError`.

    `tell` hears, at the end, what could not be sent.
    """
    told, observers = file.telemetry, [first]
    with ExitStack() as open_ones:
        if told.log is not None:
            from sale.telemetry.log import EventLog

            log = EventLog(Path(told.log))
            open_ones.callback(log.close)
            observers.append(log.observe)
        if told.traces is not None:
            from sale.telemetry.traces import Tracing, otlp

            tracing = Tracing(file.roster, otlp(told.traces))
            open_ones.callback(_close, tracing, told.traces, tell)
            observers.append(tracing.observe)

        def observe(auction: Auction, doing: str) -> None:
            for each in observers:
                each(auction, doing)

        yield observe


def _close(tracing: Tracing, address: str, tell: Callable[[str], None]) -> None:
    if unsent := tracing.close():
        tell(f"telemetry.traces: {unsent} spans could not be sent to {address}")
