"""`sale up`, `sale down`, `sale status`: a market that stays warm."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated, Any

import psutil
import typer
from rich.console import Console
from rich.table import Table

from sale import standing
from sale.cli.compose import prepare_ray
from sale.cli.keeper import keep
from sale.cli.options import Json, MarketOption, open_market
from sale.cli.output import print_json
from sale.errors import BackendError, ConfigError, SaleError
from sale.rules import Deadlines
from sale.standing import Standing

LOOK_S = 0.1
MOST_ASKED = 4
"""Markets that are asked side by side."""
PATIENCE_S = 90.0
"""How long `sale down` waits for a market that lets its calls end."""


def up(
    market: MarketOption = None,
    foreground: Annotated[
        bool,
        typer.Option("--foreground", help="Stay until Ctrl-C or SIGTERM, as in a container."),
    ] = False,
    json: Json = False,
) -> int:
    """Start a market and leave it running, with its models loaded.

    `sale submit` and `sale bench` with the same market file, from the same folder, then join it
    instead of starting agents of their own. API keys are those of the environment of `sale up`.
    Example:

    sale up && sale submit "Write median(xs)." && sale down
    """
    name, file = open_market(market)
    digest = standing.digest(name, file)
    already = standing.find(digest)
    standing.make_folder()
    if not foreground:
        _tell(already or _start(market, digest), fresh=already is None, json=json)
    elif already is None:
        keep(market, partial(_tell, fresh=True, json=json))
    else:
        raise ConfigError(f"{name} is up already, as process {already.pid}; `sale down` ends it")
    return 0


def _tell(found: Standing, *, fresh: bool, json: bool) -> None:
    if json:
        print_json(asdict(found) | {"fresh": fresh})
    else:
        told = "is up" if fresh else "was up already"
        typer.echo(f"{found.market} {told}: `sale submit` joins it, `sale down` ends it")
    sys.stdout.flush()  # --foreground goes on


def down(market: MarketOption = None, json: Json = False) -> int:
    """End markets that are up: that of --market, or all. Calls in hand may end first."""
    wanted = None if market is None else standing.digest(*open_market(market))
    ended = [each for each in standing.standing() if wanted in (None, each.digest)]
    processes = [process for each in ended if (process := each.keeper()) is not None]
    for process in processes:
        process.terminate()
    with Console(stderr=True).status("waiting for calls in hand"):
        _, alive = psutil.wait_procs(processes, timeout=PATIENCE_S)
    for process in alive:
        process.kill()
    for each in ended:
        standing.forget(each.digest)
    if json:
        print_json([each.market for each in ended])
    else:
        typer.echo("\n".join(f"{each.market} is down" for each in ended) or "no market was up")
    return 0


def status(json: Json = False) -> int:
    """Tell which markets are up, with the replicas of each agent and what they do."""
    markets = _all_told(list(standing.standing()))
    if json:
        print_json(markets)
        return 0
    if not markets:
        typer.echo("no market is up; `sale up` starts one")
    for each in markets:
        since = time.strftime("%Y-%m-%d %H:%M", time.localtime(each["since"]))
        line = (
            f"{each['market']}: up since {since}, process {each['pid']}, Ray at {each['address']}"
        )
        typer.echo(line + (f", dashboard {each['dashboard']}" if each["dashboard"] else ""))
        if each["error"]:
            typer.echo(f"  {each['error']}")
        elif each["agents"]:
            Console().print(_table(each["agents"]))
    return 0


def _start(market: str | None, digest: str) -> Standing:
    """Start the keeper of a market, and wait until it says that all is loaded."""
    log = standing.file_of(digest, "log")
    try:
        with log.open("wb") as file:
            keeper = subprocess.Popen(
                [sys.executable, "-P", "-m", "sale.cli.keeper", *([market] if market else [])],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                start_new_session=True,  # it outlives this command and its terminal
            )
    except OSError as error:
        raise ConfigError(f"{str(log)!r} can't be written: {error.strerror}") from None
    try:
        with Console(stderr=True).status("starting agents and loading their models"):
            while keeper.poll() is None:
                if (found := standing.find(digest)) is not None:
                    return found
                time.sleep(LOOK_S)
    except KeyboardInterrupt:
        keeper.terminate()
        raise
    raise BackendError(_last_words(log))


def _last_words(log: Path) -> str:
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    last = lines[-1] if lines else "it ended without a word"
    told = last.removeprefix("sale: ")
    return told if told != last else f"the market can't be kept up: {told[:300]} (see {log})"


def _all_told(markets: Sequence[Standing]) -> list[dict[str, Any]]:
    """Every market; several in processes of their own, as a process has one way to show a token."""
    if len(markets) < 2:
        return [_told(each) for each in markets]
    spawn = get_context("spawn")
    with ProcessPoolExecutor(MOST_ASKED, spawn, max_tasks_per_child=1) as asked:
        return list(asked.map(_told, markets))


def _told(each: Standing) -> dict[str, Any]:
    """A market that is up, with what its agents do; its Ray is joined for that."""
    told: dict[str, Any] = asdict(each) | {"agents": {}, "error": None}
    del told["token"]
    prepare_ray(each.token)
    from sale.pool import JoinedPool

    try:
        with JoinedPool(each, Deadlines()) as pool:
            told["agents"] = pool.state()
    except SaleError as error:
        told["error"] = str(error)
    return told


def _table(agents: dict[str, dict[str, int]]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("agent", "replicas", "calls in hand", "waiting"):
        table.add_column(heading, no_wrap=True)
    for name, state in agents.items():
        replicas = f"{state['replicas']} of {state['most']}"
        table.add_row(name, replicas, str(state["in_hand"]), str(state["waiting"]))
    return table
