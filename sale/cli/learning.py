"""`sale memory learn` and `sale feedback`: what the memory is told from outside of its auctions."""

from __future__ import annotations

import time
from enum import StrEnum
from json import dumps
from pathlib import Path
from typing import Annotated

import typer

from sale.agents.calls.key import revision
from sale.bench.learning import Learnt, read_learnt
from sale.cli.options import Db, Json, MarketOption, open_market, open_memory, open_store
from sale.cli.output import print_json
from sale.cli.text import plain
from sale.errors import InputError
from sale.market_file import MarketFile
from sale.memory.runs import Run
from sale.memory.store import Store


class Word(StrEnum):
    """What a user says of an answer."""

    RIGHT = "right"
    WRONG = "wrong"
    NOTHING = "nothing"
    """Takes back what was said."""

    @property
    def right(self) -> bool | None:
        """None where nothing is said."""
        return None if self is Word.NOTHING else self is Word.RIGHT


def feedback(
    auction: Annotated[str, typer.Argument(help="The id of an auction, or how it begins.")],
    word: Annotated[Word, typer.Argument(help="What its answer is; `nothing` takes it back.")],
    market: MarketOption = None,
    db: Db = None,
    json: Json = False,
) -> int:
    """Say whether an answer is right: checks can't see everything, and later awards go by it.

    Your word counts more than the checks. It may be given for any answer, at any time, and
    changed. Example: sale feedback 3f2a wrong
    """
    with open_memory(db, market) as store:
        said = store.say(auction, right=word.right)
    if said.outcome is None:
        raise InputError(f"auction {said.id!r} has no answer")
    if json:
        print_json({"auction_id": said.id, "agent": said.outcome.agent, "feedback": word.right})
    else:
        by = plain(said.outcome.agent)
        told = "nothing is said" if word is Word.NOTHING else f"the answer is {word}, as you say"
        typer.echo(f"{said.id} by {by}: {told}")
    return 0


def learn(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A folder that `sale bench` wrote.")],
    forget: Annotated[
        bool, typer.Option("--forget", help="Take out again what was learnt from it.")
    ] = False,
    market: MarketOption = None,
    db: Db = None,
    json: Json = False,
) -> int:
    """Learn who is good at what from a run of `sale bench`, as if the agents had worked for you.

    Awards from memory go by it from then on; learning from a run again replaces what it taught.
    Agents that the market doesn't have, or that are other models by now, are left out.
    """
    file = open_market(market)[1]
    found = learnt(run, file)
    with open_store(db, file) as store:
        if forget:
            gone = store.forget(found.id)
            if not gone:
                raise InputError(f"nothing was learnt from the run {str(run)!r}; nothing to forget")
        else:
            teach(store, found)
    if forget:
        _tell({"run": found.id, "forgotten": gone}, f"{gone:,} works are forgotten", json=json)
        return 0
    for agent, reason in found.left_out.items():
        typer.echo(f"sale: {plain(agent)} is left out: {reason}", err=True)
    agents = sorted({one.agent for one in found.tried})
    counts = {"tasks": found.tasks, "works": len(found.tried), "agents": agents}
    _tell(
        {"run": found.id, **counts, "left_out": dict(found.left_out)},
        f"{len(found.tried):,} works of {len(agents)} agents on {found.tasks:,} tasks are learnt",
        json=json,
    )
    return 0


def learnt(run: Path, file: MarketFile) -> Learnt:
    """What a run teaches a market; raises `InputError` where that is nothing."""
    found = read_learnt(run, file.roster, {spec.name: revision(spec) for spec in file.roster})
    if not found.tried:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in found.left_out.items())
        raise InputError(
            f"run {str(run)!r} teaches this market nothing"
            f" ({reasons or 'no work of it is kept with its texts and calls'}); name another run"
        )
    return found


def teach(store: Store, found: Learnt) -> None:
    """Put on record what a run has taught."""
    settings = dumps({"folder": found.folder, "tasks": found.tasks})
    store.learn(Run(found.id, "bench", time.time(), settings), found.tried)


def _tell(values: dict[str, object], line: str, *, json: bool) -> None:
    if json:
        print_json(values)
    else:
        typer.echo(line)
