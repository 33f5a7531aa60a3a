"""Task by task: what each policy came to, and the auctions that were held."""

from __future__ import annotations

import shlex
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from sale.bench.report.words import NONE, UNKNOWN, money, number, plain, task_name
from sale.bench.samples import Sample
from sale.types import Auction


class Records(Protocol):
    """Where the auctions of a run are on record."""

    def find(self, sample: Sample) -> Auction | None:
        """The auction of a sample; None where it isn't on record."""

    def url(self, sample: Sample) -> str | None:
        """What `sale show` has to look in; None where nothing is known of."""


LISTED = 3_000
"""Auctions that are listed; the first order of the first policy comes first."""
SHOWN = 300
"""Of these, the ones that are shown with their bids."""
_PLAN = 400
_MANY = 26

Name = tuple[str, str]
"""(suite, task)."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What a policy came to on a task, over all orders and attempts."""

    text: str
    agent: int | None
    """Whose answer was kept most often."""


@dataclass(frozen=True, slots=True)
class TaskRow:
    """A task, and a mark for each policy."""

    suite: str
    task: str
    minutes: str
    anchor: int | None
    """Of its auctions on the page; None where none is listed."""
    differ: bool
    """Whether some policies solved it and others did not."""
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class BidLine:
    """One bid of an auction."""

    agent: str
    place: int | None
    round: int
    score: str
    ratings: str
    plan: str
    won: bool


@dataclass(frozen=True, slots=True)
class AuctionLine:
    """One auction: who got the work, what came of it, and where there is more."""

    policy: str
    order: str
    agents: str
    solved: str
    usd: str
    command: str
    bids: tuple[BidLine, ...]


@dataclass(frozen=True, slots=True)
class TaskAuctions:
    """The auctions of one task."""

    anchor: int
    name: str
    lines: tuple[AuctionLine, ...]


@dataclass(frozen=True, slots=True)
class Tasks:
    """Everything by task."""

    policies: tuple[str, ...]
    rows: tuple[TaskRow, ...]
    auctions: tuple[TaskAuctions, ...]
    held: int
    """Auctions in the samples, listed or not."""


def by_task(
    samples: Sequence[Sample],
    agents: Sequence[str],
    *,
    records: Records | None,
    listed: int = LISTED,
) -> Tasks:
    """Arrange samples by task, in the order in which the tasks first appear."""
    policies = tuple(dict.fromkeys(one.policy for one in samples))
    grouped: dict[Name, dict[str, list[Sample]]] = defaultdict(lambda: defaultdict(list))
    for one in samples:
        grouped[one.suite, one.task][one.policy].append(one)
    numbers = {name: number for number, name in enumerate(grouped)}
    places = {agent: place for place, agent in enumerate(agents)}
    held = [one for one in samples if one.auction]
    chosen = _chosen(held, numbers)[:listed]
    auctions = tuple(_auctions(chosen, places, records))
    anchors = {one.anchor for one in auctions}
    rows = tuple(
        _row(name, mine, policies, places, numbers[name] if numbers[name] in anchors else None)
        for name, mine in grouped.items()
    )
    return Tasks(
        tuple(plain(one, limit=48) for one in policies),
        rows,
        auctions,
        len(held),
    )


def letter(place: int | None) -> str:
    """The letter that stands for an agent where there is no room for its name."""
    return chr(ord("a") + place) if place is not None and place < _MANY else ""


def _row(
    name: Name,
    mine: Mapping[str, Sequence[Sample]],
    policies: Sequence[str],
    places: Mapping[str, int],
    anchor: int | None,
) -> TaskRow:
    marks = tuple(_mark(mine.get(policy, ()), places) for policy in policies)
    known = {one.solved for held in mine.values() for one in held if one.solved is not None}
    minutes = next((one.minutes for held in mine.values() for one in held), None)
    suite, task = name
    return TaskRow(
        suite=plain(suite, limit=60),
        task=plain(task),
        minutes=number(minutes, 1),
        anchor=anchor,
        differ=len(known) > 1,
        marks=marks,
    )


def _mark(held: Sequence[Sample], places: Mapping[str, int]) -> Mark:
    if not held:
        return Mark("·", None)
    [(kept, _)] = Counter(one.agent for one in held).most_common(1)
    place = None if kept is None else places.get(kept)
    known = [one.solved for one in held if one.solved is not None]
    if not known:
        return Mark("?", place)
    solved = sum(known)
    if solved in {0, len(known)}:
        return Mark("✓" if solved else "✗", place)
    return Mark(f"{solved}/{len(known)}", place)


def _chosen(held: Sequence[Sample], numbers: Mapping[Name, int]) -> list[tuple[int, Sample]]:
    """(number of the task, sample): the first of every task before the second of any."""
    ranks: Counter[Name] = Counter()
    ranked = []
    for one in sorted(held, key=lambda one: (one.order, one.attempt)):
        name = (one.suite, one.task)
        ranked.append((ranks[name], numbers[name], one))
        ranks[name] += 1
    return [(task, one) for _, task, one in sorted(ranked, key=lambda entry: entry[:2])]


def _auctions(
    chosen: Sequence[tuple[int, Sample]],
    places: Mapping[str, int],
    records: Records | None,
) -> Iterator[TaskAuctions]:
    lines: dict[int, list[AuctionLine]] = defaultdict(list)
    names: dict[int, str] = {}
    for place, (task, one) in enumerate(chosen):
        found = records.find(one) if records and place < SHOWN else None
        lines[task].append(_line(one, places, found, records.url(one) if records else None))
        names[task] = task_name(one.suite, one.task)
    for task in sorted(lines):
        yield TaskAuctions(task, plain(names[task]), tuple(lines[task]))


def _line(
    one: Sample, places: Mapping[str, int], found: Auction | None, db: str | None
) -> AuctionLine:
    command = ["sale", "show", one.auction or "", *(["--db", db] if db else [])]
    solved = UNKNOWN if one.solved is None else "solved" if one.solved else "not solved"
    return AuctionLine(
        policy=plain(one.policy, limit=48),
        order=f"order {one.order}" + (f", attempt {one.attempt}" if one.attempt else ""),
        agents=plain(" → ".join(one.awards) or NONE, limit=200),
        solved=solved,
        usd=money(one.usd),
        command=plain(shlex.join(command), limit=400),
        bids=tuple(_bids(found, places)) if found else (),
    )


def _bids(found: Auction, places: Mapping[str, int]) -> Iterable[BidLine]:
    appraised = {(one.agent, one.round): one for one in found.appraisals}
    award = found.award
    for bid in found.bids:
        appraisal = appraised.get((bid.agent, bid.round))
        ratings = [
            f"{entry.juror} {entry.by_agent[bid.agent]:.1f}"
            for entry in found.ratings
            if entry.round == bid.round and bid.agent in entry.by_agent
        ]
        yield BidLine(
            agent=plain(bid.agent, limit=48),
            place=places.get(bid.agent),
            round=bid.round,
            score=number(appraisal.score if appraisal else None, 3),
            ratings=plain(", ".join(ratings) or NONE, limit=200),
            plan=plain(f"no bid: {bid.error}" if bid.error else bid.plan, limit=_PLAN),
            won=bool(award and (award.agent, award.round) == (bid.agent, bid.round)),
        )
