"""Auctions whose calls fail at random, while the database goes away and the driver is killed.

The market of `faults.py`, its three agents together, on a PostgreSQL database that is lost for a
while, again and again, and with a driver that is killed and started anew: does every auction end,
once, with its bill exact? Exit code 1 where anything that must hold does not.

    python benchmarks/outages.py --url postgresql://USER@HOST/EMPTY_DATABASE
        [--auctions 200] [--failing 0.3] [--threads 4] [--lost 30] [--outages 2] [--kills 2]
"""

from __future__ import annotations

import argparse
import contextlib
import os
import select
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence

from faults import MANY, SKILLS, TASK, exact, hold, solved, wrongs_of
from sqlalchemy import make_url

from sale.errors import SaleError
from sale.memory.store import Store
from sale.types import Auction, State

CHUNK = 65536
OVER = (State.FINISHED, State.FAILED)


class Line:
    """A connection to a server that can be cut: clients come to a port of this process."""

    def __init__(self, host: str, port: int) -> None:
        self._server = (host, port)
        self._open = threading.Event()
        self._open.set()
        self._ends: set[socket.socket] = set()
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port = self._door.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def cut(self) -> None:
        """End every connection, and take no more."""
        self._open.clear()
        for end in list(self._ends):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        """Take connections again."""
        self._open.set()

    def _serve(self) -> None:
        while True:
            client, _ = self._door.accept()
            if self._open.is_set():
                threading.Thread(target=self._pass_on, args=(client,), daemon=True).start()
            else:
                client.close()

    def _pass_on(self, client: socket.socket) -> None:
        with client, socket.create_connection(self._server) as server:
            self._ends |= {client, server}
            to = {client: server, server: client}
            with contextlib.suppress(OSError):
                while True:
                    for end in select.select(list(to), [], [])[0]:
                        data = end.recv(CHUNK)
                        if not data:
                            return
                        to[end].sendall(data)
            self._ends -= {client, server}


def on_record(url: str) -> list[Auction]:
    """Every auction of a memory."""
    with Store.open(url) as store:
        return [store.get(entry.id) for entry in store.log(limit=MANY)]


def left(auctions: Sequence[Auction], count: int) -> list[int]:
    """The numbers of the auctions that have yet to end."""
    ended = {auction.task.text for auction in auctions if auction.state in OVER}
    return [number for number in range(count) if TASK.format(number=number) not in ended]


def drive(url: str, count: int, *, failing: float, threads: int) -> None:
    """Hold what is left of the auctions."""
    hold(tuple(SKILLS), url, left(on_record(url), count), failing=failing, threads=threads)


class Driver:
    """This program again, as the one that holds the auctions; can be killed and started anew."""

    def __init__(self) -> None:
        self.process = self._start()

    def kill(self) -> None:
        """Kill it without a warning, and start it again."""
        self.process.kill()
        self.process.wait()
        self.process = self._start()

    @staticmethod
    def _start() -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, *sys.argv, "--drive"])


def wait_for(share: float, count: int, store: Store, driver: Driver) -> None:
    """Return once a share of the auctions has ended."""
    while sum(entry.state in OVER for entry in store.log(limit=MANY)) < share * count:
        if driver.process.poll() is not None:
            raise SaleError(f"the driver ended by itself, with code {driver.process.returncode}")
        time.sleep(0.5)


def wrongs(auctions: Sequence[Auction], count: int, most_interrupted: int) -> list[str]:
    """Everything that must hold and does not."""
    held = Counter(auction.task.text for auction in auctions if auction.state in OVER)
    found = [f"{text!r} ended {times} times" for text, times in held.items() if times != 1]
    if len(held) != count:
        found.append(f"{len(held)} tasks were held to their end, not {count}")
    cut_off = [auction for auction in auctions if auction.state not in OVER]
    if any(auction.state is not State.INTERRUPTED for auction in cut_off):
        found.append(f"left open: {Counter(str(auction.state) for auction in cut_off)}")
    if len(cut_off) > most_interrupted:
        found.append(f"{len(cut_off)} were interrupted, more than were under way")
    found += [f"{one.id}: its bill is not that of its calls" for one in cut_off if not exact(one)]
    return found + [wrong for one in auctions if one.state in OVER for wrong in wrongs_of(one)]


def main() -> int:
    """Hold them all and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True)
    parser.add_argument("--auctions", type=int, default=200)
    parser.add_argument("--failing", type=float, default=0.3)
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument("--lost", type=float, default=30.0, help="seconds without the database")
    parser.add_argument("--outages", type=int, default=2)
    parser.add_argument("--kills", type=int, default=2)
    parser.add_argument("--drive", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.drive:
        url = os.environ["OUTAGES_URL"]
        drive(url, asked.auctions, failing=asked.failing, threads=asked.threads)
        return 0
    server = make_url(asked.url)
    line = Line(server.host or "127.0.0.1", server.port or 5432)
    through = server.set(host="127.0.0.1", port=line.port).render_as_string(hide_password=False)
    os.environ["OUTAGES_URL"] = through
    with Store.open(asked.url) as store:
        if store.log(limit=1):
            raise SaleError(f"{server.database} holds auctions; name an empty database")
    began = time.monotonic()
    kinds = ["lose"] * asked.outages + ["kill"] * asked.kills
    troubles = [kinds[at] for at in _spread(asked.outages, asked.kills)]
    driver = Driver()
    try:
        with Store.open(asked.url) as store:
            for at, trouble in enumerate(troubles, start=1):
                wait_for(at / (len(troubles) + 1), asked.auctions, store, driver)
                if trouble == "kill":
                    driver.kill()
                else:
                    line.cut()
                    time.sleep(asked.lost)
                    line.mend()
        code = driver.process.wait()
    finally:
        driver.process.kill()
    auctions = on_record(asked.url)
    bad = wrongs(auctions, asked.auctions, asked.threads * asked.kills)
    if code:
        bad.append(f"the driver ended with code {code}")
    ended = [auction for auction in auctions if auction.state in OVER]
    print(
        f"{asked.auctions} auctions, {asked.outages} times {asked.lost:g} s without the database, "
        f"{asked.kills} times the driver killed: solved {solved(ended):.1%}, "
        f"{dict(Counter(str(auction.state) for auction in auctions))}, "
        f"bills with an unknown part {sum(one.total.usd is None for one in auctions)}, "
        f"{time.monotonic() - began:.0f} s"
    )
    print("\n".join(bad) or "every auction ended, once; no award to a dead agent; every bill exact")
    return 1 if bad else 0


def _spread(first: int, second: int) -> list[int]:
    """Places of two kinds of things in turns, as far as there are some of both."""
    ranks = [(at / max(first, 1), at) for at in range(first)]
    ranks += [((at + 0.5) / max(second, 1), first + at) for at in range(second)]
    return [place for _, place in sorted(ranks)]


if __name__ == "__main__":
    try:
        sys.exit(main())
    except SaleError as error:
        sys.exit(f"outages: {error}")
