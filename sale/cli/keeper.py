"""The process that keeps a market up, until SIGTERM or Ctrl-C.

`sale up` starts it as `python -m sale.cli.keeper [MARKET]`; `sale up --foreground` is it. It is the
driver of the market's Ray, so all that it started ends with it, however it ends.
"""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from collections.abc import Callable, Iterator

import psutil

from sale import standing
from sale.agents.kinds import Workshop
from sale.cli.compose import BuildAgent, named_cluster, prepare_ray
from sale.cli.options import open_market, open_store
from sale.errors import SaleError
from sale.market_file import MarketFile
from sale.standing import Standing
from sale.telemetry.metrics import MarketCollector, Replicas, serve

LOOK_S = 5.0
"""Between two looks whether the market lives."""
DRAIN_S = 60.0
"""How long calls in hand may go on after the market was told to end."""


def keep(source: str | None, tell: Callable[[Standing], None] = lambda _: None) -> None:
    """Start a market, tell where it is, and keep it until a signal; raises `SaleError`."""
    name, file = open_market(source)
    digest = standing.digest(name, file)
    address = named_cluster(file)
    token = None if address else str(standing.token())
    prepare_ray(token)
    from sale.pool.keeping import kept

    told = threading.Event()
    build = BuildAgent(Workshop(file.sandbox.tier))
    market = (file.roster, file.jury, build, file.auction.deadlines)
    try:
        with kept(standing.namespace(digest), address, *market) as board:
            for each in (signal.SIGTERM, signal.SIGINT):
                signal.signal(each, lambda *_: told.set())
            board.load(told, seconds=file.auction.load_deadline_s)
            me = psutil.Process()
            up = Standing(
                name, digest, me.pid, me.create_time(), board.address, board.dashboard, token
            )
            with _metrics(file, board.state):
                standing.write(up)
                tell(up)
                while not told.wait(LOOK_S):
                    board.state()
            board.drain(seconds=DRAIN_S)
    finally:
        standing.forget(digest)


@contextlib.contextmanager
def _metrics(file: MarketFile, replicas: Replicas) -> Iterator[None]:
    """Answer Prometheus while the block runs, where the market file asks for it."""
    if file.telemetry.metrics_port is None:
        yield
        return
    with open_store(None, file) as store:
        end = serve(MarketCollector(replicas, store.stats), file.telemetry.metrics_port)
        try:
            yield
        finally:
            end()


if __name__ == "__main__":
    try:
        keep(sys.argv[1] if sys.argv[1:] else None)
    except SaleError as error:
        sys.exit(f"sale: {error}")
