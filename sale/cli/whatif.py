"""`sale whatif`: what the auctions on record would have come to under other settings."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Annotated, Any

import typer
from rich.console import Console

from sale.auction.foresight import GUESS, Foresight
from sale.auction.terms import Prefer
from sale.cli.bars import bar
from sale.cli.compose import rules_of
from sale.cli.history import NO_AUCTIONS, moment
from sale.cli.options import Db, Json, MarketOption, open_memory
from sale.cli.output import print_json
from sale.cli.whatif_shown import as_json, show
from sale.config import load_market
from sale.errors import InputError
from sale.market_file import MarketFile
from sale.memory.store import Store
from sale.types import AgentSpec, Kind, PastAuction, Price, Task
from sale.whatif.estimates import Answer, answer, expecting, gather
from sale.whatif.rules import Alone, ByForesight, Cascade, Random, Rule, Works

AUTO, SINGLE, RANDOM, CASCADE = "auto", "single", "random", "verify-cascade"


@dataclass(frozen=True, slots=True)
class Settings:
    """What is asked about: the market, changed."""

    roster: tuple[AgentSpec, ...]
    foresight: Foresight
    longest: Mapping[Kind, int]
    """How many works there may be on a task; samples of a task in one reply are works."""
    policy: str
    """AUTO, RANDOM, CASCADE, or SINGLE: and an agent of the roster."""
    prices: Mapping[str, Price | None]
    """Of those agents that have another one."""


def whatif(
    value: Annotated[
        float | None, typer.Option(help="Dollars that a solved task is worth.")
    ] = None,
    prefer: Annotated[Prefer | None, typer.Option(help="The same, in words.")] = None,
    without: Annotated[
        list[str] | None,
        typer.Option(metavar="AGENT", help="Leave an agent out. May be given again."),
    ] = None,
    price: Annotated[
        list[str] | None,
        typer.Option(
            metavar="AGENT=IN,CACHED,OUT",
            help="Another price, in dollars per million tokens. May be given again.",
        ),
    ] = None,
    policy: Annotated[
        str,
        typer.Option(
            metavar="POLICY",
            help='"auto": awards by what came of earlier work; "random": any agent; '
            '"verify-cascade": from cheap to dear until checks pass; or single:AGENT.',
        ),
    ] = AUTO,
    kind: Annotated[Kind | None, typer.Option(help="Only tasks of this kind.")] = None,
    suite: Annotated[str | None, typer.Option(help="Only tasks of this suite.")] = None,
    since: Annotated[
        str | None, typer.Option(metavar="T", help="A date, or an age such as 30m, 12h, 7d.")
    ] = None,
    last: Annotated[
        int, typer.Option(min=1, max=20_000, help="How many auctions of a kind, the newest.")
    ] = 2_000,
    market: MarketOption = None,
    db: Db = None,
    json: Json = False,
) -> int:
    """Say what the auctions on record would have cost and solved under other settings.

    Nothing is run. Without an option: as the market awards with stages = "auto".
    """
    file = load_market(market)[1]
    earliest = None if since is None else moment(since)
    settings = _settings(file, value, prefer, without or [], price or [], policy)
    with open_memory(db, market) as store:
        ask = partial(_ask, store, settings=settings, suite=suite, since=earliest, last=last)
        answers = _answers([kind] if kind else list(Kind), ask)
    if json:
        print_json({str(one): as_json(found) for one, found in answers.items()})
    elif not answers:
        narrowed = kind or suite or since
        typer.echo("no auctions with these options" if narrowed else NO_AUCTIONS, err=True)
    for one, found in () if json else answers.items():
        show(Console(), one, found)
    return 0


def _answers(kinds: Sequence[Kind], ask: Callable[[Kind], Answer | None]) -> dict[Kind, Answer]:
    """Ask about some kinds; of which nothing can be told is an error where no other tells more."""
    answers: dict[Kind, Answer] = {}
    untold: list[InputError] = []
    for kind in kinds:
        try:
            found = ask(kind)
        except InputError as error:
            untold.append(error)
            continue
        if found is not None:
            answers[kind] = found
    if untold and not answers:
        raise untold[0]
    for problem in untold:
        typer.echo(f"sale: {problem}", err=True)
    return answers


def _settings(
    file: MarketFile,
    value: float | None,
    prefer: Prefer | None,
    without: Sequence[str],
    prices: Sequence[str],
    policy: str,
) -> Settings:
    """The market with all changes that were asked for; raises `InputError`."""
    if value is not None and prefer is not None:
        raise InputError("--value and --prefer are two words for one thing; give one of them")
    if value is not None and not (math.isfinite(value) and value > 0):
        raise InputError(f"--value {value:g}: give dollars above 0")
    names = [spec.name for spec in file.roster]
    for name in without:
        _check_agent(name, names, "--without")
    changed = dict(_price(one, names) for one in prices)
    roster = tuple(
        replace(spec, price=changed.get(spec.name, spec.price))
        for spec in file.roster
        if spec.name not in without
    )
    if not roster:
        raise InputError("--without leaves nobody; keep an agent")
    unpriced = [spec.name for spec in roster if spec.price is None]
    if unpriced:
        raise InputError(
            f"agent {unpriced[0]!r} has no price, so nobody knows what it would have cost; "
            f"give one with --price {unpriced[0]}=IN,CACHED,OUT, or leave it out with --without"
        )
    auction = file.auction
    worth = value or prefer or auction.value or auction.prefer
    foresight = Foresight(roster, worth, explore=auction.explore)
    rules = rules_of(file, "", "")
    longest = {kind: 1 + rules.sample_by_sample(Task(kind, "")).fallbacks for kind in Kind}
    _check_policy(policy, [spec.name for spec in roster])
    return Settings(roster, foresight, longest, policy, {spec.name: spec.price for spec in roster})


def _check_policy(policy: str, names: Sequence[str]) -> None:
    kind, _, agent = policy.partition(":")
    if kind == SINGLE:
        _check_agent(agent, names, "--policy single")
    elif policy not in (AUTO, RANDOM, CASCADE):
        choices = f"{AUTO}, {RANDOM}, {CASCADE}, {SINGLE}:AGENT"
        raise InputError(f"--policy {policy[:60]!r}: choose from {choices}")


def _fixed(policy: str, able: Sequence[AgentSpec], past: Sequence[PastAuction]) -> Rule | None:
    """A rule that learns nothing; None for AUTO."""
    names = [spec.name for spec in able]
    if policy == RANDOM:
        return Random(names)
    if policy == CASCADE:
        dear = {spec.name: spec.price.output if spec.price else math.inf for spec in able}
        return Cascade(sorted(names, key=dear.__getitem__), [one.checkable for one in past])
    return None if policy == AUTO else Alone(policy.partition(":")[2])


def _price(text: str, names: Sequence[str]) -> tuple[str, Price]:
    name, _, numbers = text.rpartition("=")
    _check_agent(name, names, "--price")
    try:
        given = [float(one) for one in numbers.split(",")]
    except ValueError:
        given = []
    if len(given) != 3 or not all(math.isfinite(one) and one >= 0 for one in given):
        raise InputError(
            f"--price {text[:80]!r}: give three numbers of 0 or more, dollars per million tokens: "
            f"{name}=IN,CACHED,OUT"
        )
    return name, Price(*given)


def _check_agent(name: str, names: Sequence[str], option: str) -> None:
    if name not in names:
        raise InputError(
            f"{option}: there is no agent {name[:60]!r}; choose from {', '.join(names)}"
        )


def _ask(
    store: Store,
    kind: Kind,
    *,
    settings: Settings,
    suite: str | None,
    since: float | None,
    last: int,
) -> Answer | None:
    """Ask about the auctions of one kind; None where there are none that tell anything."""
    past, vectors = store.past(kind, suite=suite, since=since, last=last)
    able = settings.foresight.able(kind)
    if not past or not able:
        return None
    foresight = replace(settings.foresight, longest=settings.longest[kind])
    checkable = [one.checkable for one in past]
    seen = Works.seen(past, able, vectors)
    rule = ByForesight(foresight, seen, checkable, GUESS[kind])
    known = ByForesight(foresight, Works.known(past, able, vectors), checkable)
    if rule.telling < 2:  # an auction is decided anew by all others
        names = ", ".join(spec.name for spec in able)
        held = f"in one {kind} auction alone work of" if rule.telling else "no work of"
        raise InputError(
            f"{held} {names} was checked so far, so nothing can be told of {kind} tasks; "
            "hold some auctions first, or keep the agents that have worked"
        )
    look = lru_cache(maxsize=8)(known.outlook)
    doing, quiet = f"deciding {kind} auctions anew", not sys.stderr.isatty()
    with bar(total=len(past), doing=doing, quiet=quiet) as shown:

        def places() -> Any:
            for at in range(len(past)):
                yield at
                shown.done(past[at].id)

        asked = _fixed(settings.policy, able, past) or rule
        return answer(gather(past, places(), asked, expecting(look), settings.prices))
