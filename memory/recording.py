"""How auctions get on record: announced, moved on from state to state, recorded as a whole.

All for many auctions at a time, since those that are held side by side are written together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import BindParameter, bindparam, delete, func, literal, select, union_all, update
from sqlalchemy.orm import Session

from sale.errors import StoreError
from sale.memory.columns import Row
from sale.memory.database import insert_missing
from sale.memory.driver import Driver
from sale.memory.inserting import insert_parts, insert_rows, insert_way
from sale.memory.rows import auction_of, own_columns, task_columns
from sale.memory.tables import AuctionRow, BidRow, JurorRow, StepRow, TaskRow, UsageRow
from sale.memory.tallies import count
from sale.types import Auction, State

UNDER_WAY = (State.ANNOUNCED, State.BIDDING, State.AWARDED, State.EXECUTING)
"""The states of an auction that has not ended, in their order."""

OVER = (State.FINISHED, State.FAILED)
"""What an auction never leaves; an interrupted one may turn out to live after all."""


GROWING = (BidRow, JurorRow, StepRow)
"""What an auction under way comes to have more and more of, in this order."""


# Built once: that takes longer than to execute them.
_IDS: BindParameter[str] = bindparam("ids", expanding=True)
_AUCTIONS = AuctionRow.metadata.tables[AuctionRow.__tablename__]
_USAGES = UsageRow.metadata.tables[UsageRow.__tablename__]
_STATES = (
    select(_AUCTIONS.c.id, _AUCTIONS.c.state)
    .where(_AUCTIONS.c.id.in_(_IDS))
    .order_by(_AUCTIONS.c.id)
    .with_for_update()
)
_DRIVERS = select(*(_AUCTIONS.c[name] for name in ("id", "host", "pid", "born"))).where(
    _AUCTIONS.c.id.in_(_IDS)
)
_MOVE = update(_AUCTIONS).where(_AUCTIONS.c.id.in_(_IDS)).values(state=bindparam("now"), error=None)
_DROP_USAGES = delete(_USAGES).where(_USAGES.c.auction_id.in_(_IDS))
_WAYS = [part.metadata.tables[part.__tablename__] for part in GROWING]
_COUNT_WAYS = union_all(
    *(
        select(literal(place), way.c.auction_id, func.count())
        .where(way.c.auction_id.in_(_IDS))
        .group_by(way.c.auction_id)
        for place, way in enumerate(_WAYS)
    )
)


@dataclass(frozen=True, slots=True)
class Announcement:
    """An auction that is about to run, with who drives it and until when."""

    auction: Auction
    driver: Driver
    deadline: float


Refused = dict[str, Exception]
"""Why auctions were not written, by id."""


def announce(session: Session, announced: Sequence[Announcement]) -> Refused:
    """Put auctions on record that are about to run; a driver may announce its own again."""
    drivers = {one.auction.id: one.driver for one in announced}
    kept = session.execute(_DRIVERS, {"ids": list(drivers)})
    again = {id_ for id_, *driver in kept if Driver(*driver) == drivers[id_]}
    fresh = [one for one in announced if one.auction.id not in again]
    _insert_tasks(session, [one.auction for one in fresh])
    rows = [
        own_columns(one.auction) | asdict(one.driver) | {"deadline": one.deadline} for one in fresh
    ]
    insert_rows(session, AuctionRow, rows)
    return {}


def advance(session: Session, auctions: Sequence[Auction]) -> Refused:
    """Move auctions on to their states, and add the bids, ratings and steps that are new.

    What was added before stays as it was. An auction for which this would be a step back is
    refused.
    """
    kept = _states(session, auctions)
    refused: Refused = {
        auction.id: StoreError(
            f"auction {auction.id!r} is {kept.get(auction.id, 'not on record')}, so it can't be "
            f"{auction.state} now; announce a new one"
        )
        for auction in auctions
        if kept.get(auction.id) not in _earlier(auction.state)
    }
    going = [auction for auction in auctions if auction.id not in refused]
    dead = [auction.id for auction in going if kept[auction.id] is State.INTERRUPTED]
    _uncount(session, dead)  # they were taken for dead, and counted
    for state in {auction.state for auction in going}:
        ids = [auction.id for auction in going if auction.state is state]
        session.execute(_MOVE, {"ids": ids, "now": state})
    if spending := [auction for auction in going if auction.usage]:
        insert_way(session, spending, _kept(session, spending))
    return refused


def interrupt(session: Session, ids: Sequence[str], *, error: str) -> None:
    """Mark those of these auctions that are still under way, and count what they have cost."""
    gone = session.scalars(
        update(AuctionRow)
        .where(AuctionRow.id.in_(ids), AuctionRow.state.in_(UNDER_WAY))
        .values(state=State.INTERRUPTED, error=error)
        .returning(AuctionRow.id)
    ).all()
    count(session, read_auctions(session, gone))


def record(session: Session, auctions: Sequence[Auction]) -> Refused:
    """Put whole auctions on record, each in place of what its id held.

    One that is over is refused where it would become something else.
    """
    kept = _states(session, auctions)
    refused: Refused = {
        auction.id: StoreError(
            f"auction {auction.id!r} is {kept[auction.id]}, so it can't be {auction.state} now; "
            "nothing was changed; give another auction another id"
        )
        for auction in auctions
        if kept.get(auction.id) in OVER and auction.state is not kept[auction.id]
    }
    taken = [auction for auction in auctions if auction.id not in refused]
    _end(session, [auction for auction in taken if kept.get(auction.id) in UNDER_WAY])
    others = [auction for auction in taken if kept.get(auction.id) not in UNDER_WAY]
    _insert_tasks(session, others)
    if again := [auction.id for auction in others if auction.id in kept]:
        delete_auctions(session, again)
    insert_auctions(session, others)
    return refused


def _end(session: Session, auctions: Sequence[Auction]) -> None:
    """Record auctions that were under way; what is on record of their way stays."""
    if not auctions:
        return
    kept = _kept(session, auctions)
    for part, values in ((BidRow, "bids"), (JurorRow, "ratings"), (StepRow, "steps")):
        more = [a.id for a in auctions if kept[part].get(a.id, 0) > len(getattr(a, values))]
        if more:  # not the way that was told
            session.execute(delete(part).where(part.auction_id.in_(more)))
            kept[part] = {id_: n for id_, n in kept[part].items() if id_ not in more}
    nobody = dict.fromkeys(("host", "pid", "born", "deadline"))
    session.execute(update(AuctionRow), [own_columns(auction) | nobody for auction in auctions])
    insert_parts(session, auctions, kept)


def insert_auctions(session: Session, auctions: Sequence[Auction]) -> None:
    """Insert auctions that are not on record, with all below them; their tasks must be there."""
    insert_rows(session, AuctionRow, [own_columns(auction) for auction in auctions])
    insert_parts(session, auctions)


def delete_auctions(session: Session, ids: Sequence[str]) -> None:
    """Take auctions off the record, with all below them, and out of the tallies."""
    _uncount(session, ids)
    session.execute(delete(AuctionRow).where(AuctionRow.id.in_(ids)))


def read_auctions(session: Session, ids: Sequence[str]) -> list[Auction]:
    """Read whole auctions; those that are not on record are left out."""
    rows = session.scalars(select(AuctionRow).where(AuctionRow.id.in_(ids))).all()
    auctions = [auction_of(row) for row in rows]
    session.expunge_all()
    return auctions


def _insert_tasks(session: Session, auctions: Sequence[Auction]) -> None:
    """Insert those of the tasks that are new, in one order, so that no two writers deadlock."""
    tasks = {auction.task.id: auction.task for auction in auctions}
    if tasks:
        rows = [task_columns(task) for _, task in sorted(tasks.items())]
        insert_missing(session, TaskRow, rows)


def _states(session: Session, auctions: Sequence[Auction]) -> dict[str, State]:
    """The states on record of these auctions, which nobody else changes until the end."""
    rows = session.execute(_STATES, {"ids": [auction.id for auction in auctions]})
    return {row.id: row.state for row in rows}


def _earlier(state: State) -> tuple[State, ...]:
    """The states from which an auction gets to this one."""
    return (*UNDER_WAY[: UNDER_WAY.index(state) + 1], State.INTERRUPTED)


def _uncount(session: Session, ids: Sequence[str]) -> None:
    """Take auctions out of the tallies, where those that are under way have never been."""
    if ids:
        ended = [one for one in read_auctions(session, ids) if one.state not in UNDER_WAY]
        count(session, ended, sign=-1)


def _kept(session: Session, auctions: Sequence[Auction]) -> dict[type[Row], dict[str, int]]:
    """How much of the way of auctions is on record; their usages are taken off it."""
    ids = {"ids": [auction.id for auction in auctions]}
    session.execute(_DROP_USAGES, ids)
    kept: dict[type[Row], dict[str, int]] = {part: {} for part in GROWING}
    for place, auction, number in session.execute(_COUNT_WAYS, ids):
        kept[GROWING[place]][auction] = number
    return kept
