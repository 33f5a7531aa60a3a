"""Why the winner won: every term with its weight, and what would have changed the award."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from sale.auction.counterfactual import Change, smallest_changes
from sale.cli.foreseen import sent
from sale.cli.text import number
from sale.types import Appraisal, Auction, Term

SHOWN = 4
"""Bids beside each other in the table of terms; more don't fit a terminal."""
_UNITS = {"cost": "millionths of a dollar", "entropy": "nats a token"}


def explain(auction: Auction) -> str:
    """Why the winner won, in words: against the next best agent, term by term."""
    award = auction.award
    if award is None:
        return "No award was made."
    if auction.foreseen:
        return sent(auction, award)
    chosen = _entry(auction, award.agent, award.round)
    rivals = [entry for entry in auction.appraisals if entry.agent != award.agent]
    if chosen is None or not rivals:
        return f"{award.agent} won: it made the only usable bid."
    rival = min(rivals, key=lambda entry: entry.score)
    gains = sorted(_gains(chosen, rival), key=lambda gain: -abs(gain[1]))
    told = ", ".join(f"{name} {gain:+.3f}" for name, gain in gains if abs(gain) >= 0.0005)
    after = " after refining its plan" if award.round > 1 else ""
    if chosen.score > rival.score:
        return (
            f"{award.agent} took over with {chosen.score:.3f}: {rival.agent} had won with "
            f"{rival.score:.3f}, but its work failed."
        )
    return (
        f"{award.agent} won{after} with {chosen.score:.3f} against {rival.score:.3f} of "
        f"{rival.agent}, a lead of {rival.score - chosen.score:.3f}: {told or 'a tie'}."
    )


def _gains(chosen: Appraisal, rival: Appraisal) -> Iterator[tuple[str, float]]:
    """By how much each term sets the chosen bid ahead (+) of the rival, or back (-)."""
    theirs = {term.name: term.contribution for term in rival.terms}
    for term in chosen.terms:
        lead = term.contribution - theirs.get(term.name, 0.0)
        yield term.name.replace("rating:", "rating by "), -lead if term.name == "cost" else lead


def _entry(auction: Auction, agent: str, round: int) -> Appraisal | None:
    found = (e for e in auction.appraisals if (e.agent, e.round) == (agent, round))
    return next(found, None)


def why(auction: Auction) -> Iterator[RenderableType]:
    """The terms of the best bids, and the smallest changes that would have changed the winner."""
    award = auction.award
    if award is None or not auction.appraisals:
        return
    won = (award.agent, award.round)
    entries = sorted(auction.appraisals, key=lambda e: ((e.agent, e.round) != won, e.score))
    yield _table(entries[:SHOWN])
    if len(entries) > SHOWN:
        yield Text(f"{len(entries) - SHOWN} more bids: see --json", style="dim")
    changes = _one_of_each(smallest_changes(auction.appraisals, award))
    if changes:
        yield Text("The smallest change that would have changed the winner:")
        yield from (Text(f"  {'or ' if at else ''}{tell(one)}") for at, one in enumerate(changes))


def tell(change: Change) -> str:
    """A change in words."""
    if change.term.startswith("rating:"):
        what = f"rating by {change.term.removeprefix('rating:')}"
    else:
        what = change.term
    span = f"{number(change.old)} -> {number(change.new)}"
    if change.agent is None:
        return f"the weight of the {what} {span}: {change.rival} wins"
    unit = f" {_UNITS[change.term]}" if change.term in _UNITS else " of 5"
    return f"the {what} of {change.agent}'s plan {span}{unit}: {change.rival} wins"


def _one_of_each(changes: Sequence[Change]) -> list[Change]:
    """The smallest change of a bid, and the smallest of a weight."""
    features = [change for change in changes if change.agent is not None]
    weights = [change for change in changes if change.agent is None]
    return [*features[:1], *weights[:1]]


def _table(entries: Sequence[Appraisal]) -> Table:
    """A row a term; a column a bid, with what the term adds to its score and its feature."""
    caption = "what each term adds to the score (its feature); the lowest score wins"
    table = Table(title="Terms", caption=caption, box=None, padding=(0, 1, 0, 0))
    table.add_column("term", no_wrap=True)
    table.add_column("weight", justify="right", no_wrap=True)
    for entry in entries:
        heading = entry.agent if entry.round == 1 else f"{entry.agent} (refined)"
        table.add_column(Text(heading), justify="right", overflow="fold")
    terms = [{term.name: term for term in entry.terms} for entry in entries]
    for name in dict.fromkeys(name for one in terms for name in one):
        row = [one.get(name) for one in terms]
        weights = {number(term.weight) for term in row if term}
        weight = weights.pop() if len(weights) == 1 else "varies"
        table.add_row(Text(name.replace("rating:", "rating by ")), weight, *map(_cell, row))
    table.add_section()
    table.add_row("score", "", *(number(entry.score) for entry in entries))
    return table


def _cell(term: Term | None) -> str:
    if term is None:
        return "-"
    if term.name == "entropy" and term.weight == 0.0:
        return "not used"
    added = term.contribution if term.name == "cost" else -term.contribution
    return f"{added:+.3f} ({term.feature:.2f})"
