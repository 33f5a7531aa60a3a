"""What would have changed the winner: for each term, the smallest change that is enough."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sale.auction.signals import HIGHEST
from sale.types import Appraisal, Award, Term

HAIR = 1e-6
"""The share of a change by which a rival that draws level is let past."""


@dataclass(frozen=True, slots=True)
class Change:
    """A change of one number that makes `rival` draw level with the award; a hair more wins."""

    rival: str
    term: str
    agent: str | None
    """Whose feature changes; None: the term's weight does, for everybody."""
    old: float
    new: float
    size: float
    """Of the change: of a feature on its scale of 0 to 1, of a weight as it is."""


def smallest_changes(appraisals: Sequence[Appraisal], award: Award) -> tuple[Change, ...]:
    """Every single change that would have changed the winner, the smallest first.

    Each rival enters with its best bid. Features stay where they can be: nothing below 0, no
    rating above 5. Empty where nobody else bid, or where the award fell to
    an agent that had not won (a takeover): no number of the score decided that.
    """
    chosen = next((e for e in appraisals if (e.agent, e.round) == (award.agent, award.round)), None)
    rivals = _best_bids(appraisals, award.agent)
    if chosen is None or not rivals or min(r.score for r in rivals) < chosen.score:
        return ()
    own = [e.score for e in appraisals if e.agent == award.agent and e is not chosen]
    lowest = min(rivals, key=lambda entry: entry.score)
    found = [change for rival in rivals for change in _for_rival(chosen, rival)]
    if not own or min(own) > lowest.score:
        found += _for_winner(chosen, lowest)
    found += [change for rival in rivals for change in _weights(chosen, rival, appraisals)]
    return tuple(sorted(found, key=lambda change: change.size))


def _best_bids(appraisals: Sequence[Appraisal], winner: str) -> list[Appraisal]:
    best: dict[str, Appraisal] = {}
    for entry in appraisals:
        if entry.agent != winner and (
            entry.agent not in best or entry.score < best[entry.agent].score
        ):
            best[entry.agent] = entry
    return list(best.values())


def _for_rival(chosen: Appraisal, rival: Appraisal) -> Iterator[Change]:
    """A feature of the rival's bid, so that its score comes down to the winner's."""
    gap = rival.score - chosen.score
    for term in rival.terms:
        yield from _feature(term, rival.agent, rival.agent, by=-gap)


def _for_winner(chosen: Appraisal, rival: Appraisal) -> Iterator[Change]:
    """A feature of the winner's bid, so that its score goes up to the best rival's."""
    gap = rival.score - chosen.score
    for term in chosen.terms:
        yield from _feature(term, rival.agent, chosen.agent, by=gap)


def _feature(term: Term, rival: str, agent: str, *, by: float) -> Iterator[Change]:
    """Move a feature so that its bid's score moves `by`, where that can be."""
    slope = term.weight if term.name == "cost" else -term.weight
    if slope == 0.0:
        return
    new = term.feature + by / slope * (term.high - term.low)
    ceiling = HIGHEST if term.name.startswith("rating:") else float("inf")
    if 0.0 < new < ceiling:
        yield Change(rival, term.name, agent, term.feature, new, abs(by / slope))


def _weights(
    chosen: Appraisal, rival: Appraisal, appraisals: Sequence[Appraisal]
) -> Iterator[Change]:
    """A weight that both bids share, so that their scores meet and no third bid is below."""
    theirs = {term.name: term for term in rival.terms}
    gap = rival.score - chosen.score
    for term in chosen.terms:
        other = theirs.get(term.name)
        if other is None or other.weight != term.weight:
            continue
        sign = 1.0 if term.name == "cost" else -1.0
        slope = sign * (_scaled(other) - _scaled(term))
        if slope == 0.0:
            continue
        new = term.weight - gap / slope
        beyond = new - HAIR * gap / slope
        if (beyond > 0.0 or term.name == "entropy") and _wins(rival, appraisals, term.name, beyond):
            yield Change(rival.agent, term.name, None, term.weight, new, abs(gap / slope))


def _wins(rival: Appraisal, appraisals: Sequence[Appraisal], name: str, weight: float) -> bool:
    """Whether no bid would be below the rival's if this term had another weight."""
    score = _rescored(rival, name, weight)
    return all(score <= _rescored(entry, name, weight) for entry in appraisals)


def _rescored(entry: Appraisal, name: str, weight: float) -> float:
    term = next((term for term in entry.terms if term.name == name), None)
    if term is None:
        return entry.score
    change = (weight - term.weight) * _scaled(term)
    return entry.score + (change if name == "cost" else -change)


def _scaled(term: Term) -> float:
    return (term.feature - term.low) / (term.high - term.low)
