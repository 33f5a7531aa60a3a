"""Awards by what came of earlier work, as they are shown: chances, dollars, what was bought."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import takewhile
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from sale.cli.text import dollars, number
from sale.types import DOLLARS, SOLVES, Appraisal, Auction, Award, Bid, Offer, Outcome, Stage

LIKELY = 0.5
"""Who is less likely to be sent was hardly expected to earn the most."""

_BOUGHT: Mapping[Stage, str] = {
    Stage.BID: "Plans",
    Stage.RATE: "Ratings of the plans",
    Stage.REFINE: "Refined plans",
}


def foreseen_parts(auction: Auction) -> Iterator[RenderableType]:
    """What was believed of each agent, and which evidence was bought."""
    yield _table(auction)
    yield from (Text(_told(offer)) for offer in auction.offers)


def sent(auction: Auction, award: Award) -> str:
    """Say why an agent was sent."""
    before = list(takewhile(lambda agent: agent != award.agent, auction.workers))
    after = f" after {', '.join(before)} had worked in vain" if before else ""
    told = "by what came of earlier work it promises most for its price"
    if award.propensity < LIKELY:
        told = f"it was tried, with a probability of {award.propensity:.0%}, to learn about it"
    return f"{way(award)} was sent{after}: {told}."


def way(award: Award | Appraisal | Outcome) -> str:
    """Who works, and whose plan is in sight."""
    if award.planner is None:
        return award.agent
    whose = "its own" if award.planner == award.agent else f"{award.planner}'s"
    return f"{award.agent} with {whose} plan"


def foreseen_json(auction: Auction) -> dict[str, Any]:
    """What was believed of each agent, and which evidence was bought, for machines."""
    believed = auction.appraisals if auction.foreseen else ()
    return {
        "foreseen": [_believed(entry) for entry in believed],
        "offers": [
            {"stage": one.stage, "gain_usd": one.gain, "usd": one.usd, "bought": one.bought}
            for one in auction.offers
        ],
    }


def _believed(entry: Appraisal) -> dict[str, Any]:
    terms = {term.name: term for term in entry.terms}
    return {
        "agent": entry.agent,
        "planner": entry.planner,
        "usd": terms[DOLLARS].feature,
        "chance": terms[SOLVES].feature,
        "worth_usd": terms[SOLVES].weight,
        "score": entry.score,
    }


def _table(auction: Auction) -> Table:
    """One row an agent: what is foretold of its work, and its plan where it was asked for one."""
    seen = "from memory and the plans" if auction.bids else "from memory, no bid was asked for"
    rule = (
        "who has the lowest wins alone, but where answers can be checked, who begins the best chain"
    )
    caption = f"score = dollars - worth x chance; {rule}; {seen}"
    table = Table(title="Foreseen", caption=caption, box=None, padding=(0, 1, 0, 0))
    table.add_column("agent", no_wrap=True)
    plans = ("plan", "entropy", "rating") if auction.bids else ()
    for heading in (*plans, "dollars", "chance", "worth", "score"):
        table.add_column(heading, justify="right", no_wrap=True)
    bids = {bid.agent: bid for bid in auction.bids if bid.round == 1}
    for entry in auction.appraisals:
        terms = {term.name: term for term in entry.terms}
        cost, solves = terms[DOLLARS], terms[SOLVES]
        table.add_row(
            Text(way(entry)),
            *(_signs(auction, bids.get(entry.agent)) if plans else ()),
            dollars(cost.feature),
            f"{solves.feature:.1%}",
            dollars(solves.weight),
            f"{entry.score:.7f}",
        )
    return table


def _signs(auction: Auction, bid: Bid | None) -> tuple[str, str, str]:
    """Tokens and entropy of a plan, and its mean rating."""
    if bid is None:
        return "-", "-", "-"
    if bid.error is not None:
        return "failed", "-", "-"
    given = [one.by_agent[bid.agent] for one in auction.ratings if bid.agent in one.by_agent]
    return (
        str(bid.tokens),
        "-" if bid.entropy is None else number(bid.entropy),
        f"{sum(given) / len(given):.1f}" if given else "-",
    )


def _told(offer: Offer) -> str:
    what = _BOUGHT.get(offer.stage, f"The {offer.stage} stage")
    if offer.bought:
        return f"{what} were bought: {_price(offer)}."
    return f"{what} were not asked for: {_price(offer)}."


def _price(offer: Offer) -> str:
    return f"worth {dollars(offer.gain)} to the award, for about {dollars(offer.usd)}"
