"""`sale whatif`: what the auctions on record would have come to under other settings."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache, partial
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sale.auction.calibration import FEWEST_TASKS, Estimate
from sale.auction.foresight import Foresight
from sale.auction.terms import Prefer
from sale.bench.statistics.sentences import sentence
from sale.cli.bars import bar
from sale.cli.history import NO_AUCTIONS, moment
from sale.cli.options import Db, Json, MarketOption, open_memory
from sale.cli.output import print_json
from sale.config import load_market
from sale.errors import InputError
from sale.market_file import MarketFile
from sale.memory.store import Store
from sale.types import AgentSpec, Kind, Price
from sale.whatif.estimates import Answer, Interval, answer, expecting, gather
from sale.whatif.rules import Alone, ByForesight, Rule, Works

AUTO, SINGLE = "auto", "single"
WAS = "what it was"


@dataclass(frozen=True, slots=True)
class Settings:
    """What is asked about: the market, changed."""

    roster: tuple[AgentSpec, ...]
    foresight: Foresight
    alone: str | None
    """Who does everything; None: awards by what came of earlier work."""
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
            metavar="POLICY", help='"auto": awards by what came of earlier work; or single:AGENT.'
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
        print_json({str(one): _json(found) for one, found in answers.items()})
    elif not answers:
        narrowed = kind or suite or since
        typer.echo("no auctions with these options" if narrowed else NO_AUCTIONS, err=True)
    for one, found in () if json else answers.items():
        _show(Console(), one, found)
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
    foresight = Foresight(roster, worth, 1 + auction.fallbacks, auction.explore)
    alone = _alone(policy, [spec.name for spec in roster])
    return Settings(roster, foresight, alone, {spec.name: spec.price for spec in roster})


def _alone(policy: str, names: Sequence[str]) -> str | None:
    kind, _, agent = policy.partition(":")
    if policy == AUTO:
        return None
    if kind != SINGLE:
        raise InputError(f"--policy {policy[:60]!r}: choose from {AUTO}, {SINGLE}:AGENT")
    _check_agent(agent, names, "--policy single")
    return agent


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
    checkable = [one.checkable for one in past]
    rule = ByForesight(settings.foresight, Works.seen(past, able, vectors), checkable)
    known = ByForesight(settings.foresight, Works.known(past, able, vectors), checkable)
    if not rule.can_tell:
        names = ", ".join(spec.name for spec in able)
        raise InputError(
            f"no work of {names} on a {kind} task was checked so far, so nothing can be told; "
            "hold some auctions first, or keep the agents that have worked"
        )
    look = lru_cache(maxsize=8)(known.outlook)
    doing, quiet = f"deciding {kind} auctions anew", not sys.stderr.isatty()
    with bar(total=len(past), doing=doing, quiet=quiet) as shown:

        def places() -> Any:
            for at in range(len(past)):
                yield at
                shown.done(past[at].id)

        asked: Rule = rule if settings.alone is None else Alone(settings.alone)
        return answer(gather(past, places(), asked, expecting(look), settings.prices))


def _show(console: Console, kind: Kind, found: Answer) -> None:
    caption = f"{found.tasks} {kind} auctions; the record is worth {found.overlap:.0f} of them"
    table = Table(title="What if", caption=caption, box=None, padding=(0, 2, 0, 0))
    table.add_column("", no_wrap=True)
    for heading in ("solved", "dollars a thousand tasks"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_row("as it was", *_cells(found.logged))
    table.add_row("expected by the outcome model", *_cells(found.direct))
    table.add_row("by the record, weighted", *_cells(found.weighted))
    table.add_row("both (doubly robust)", *_both(found))
    console.print(table)
    console.print(Text(_sentence(found)))
    if found.tasks >= FEWEST_TASKS:
        console.print(Text(_next(found)))
    if found.is_thin:
        warning = (
            f"Careful: it would have gone another way in most auctions, so that their record "
            f"says little (it is worth {found.overlap:.0f} of {found.tasks}); this rests on the "
            "outcome model. `explore` under [auction] makes records that tell more."
        )
        console.print(Text(warning, style="yellow"))


def _both(found: Answer) -> tuple[str, str]:
    """The doubly robust estimates, with intervals where there are auctions enough."""
    share, usd = found.solved, found.usd
    if found.tasks < FEWEST_TASKS:
        return _cells((share.value, usd.value))
    return (
        f"{share.value:.1%} [{100 * share.low:.1f}, {100 * share.high:.1f}]",
        f"{1000 * usd.value:.4g} [{1000 * usd.low:.3g}, {1000 * usd.high:.3g}]",
    )


def _sentence(found: Answer) -> str:
    usd, enough = found.logged[1], found.tasks >= FEWEST_TASKS

    def estimate(one: Interval, by: float = 1.0) -> Estimate:
        ends = (one.low * by, one.high * by) if enough else (None, None)
        return Estimate(one.value * by, *ends)

    told = sentence(
        WAS,
        quality=estimate(found.gained),
        usd=estimate(found.saved),
        saving=None if usd == 0 else estimate(found.saved, 1.0 / usd),
        tasks=(found.tasks, found.tasks, found.tasks),
    )
    return told[0].upper() + told[1:] + "."


def _next(found: Answer) -> str:
    solved, usd = found.next_solved, found.next_usd
    return (
        f"Of {found.tasks} such tasks to come it would solve {100 * solved.low:.1f} to "
        f"{100 * solved.high:.1f} %, for {1000 * usd.low:.3g} to {1000 * usd.high:.3g} dollars a "
        "thousand, nineteen times in twenty."
    )


def _cells(numbers: tuple[float, float]) -> tuple[str, str]:
    solved, usd = numbers
    return (
        "-" if math.isnan(solved) else f"{solved:.1%}",
        "-" if math.isnan(usd) else f"{1000 * usd:.4g}",
    )


def _json(found: Answer) -> Mapping[str, Any]:
    told = asdict(found)
    for name in ("logged", "direct", "weighted"):
        numbers = (None if math.isnan(one) else one for one in told[name])
        told[name] = dict(zip(("solved", "usd"), numbers, strict=True))
    return told | {"thin": found.is_thin, "sentence": _sentence(found)}
