"""What other settings would have cost and solved: direct, by weights, and doubly robust.

Off-policy evaluation, work by work (Jiang, Li: Doubly robust off-policy value evaluation for
reinforcement learning, ICML 2016). Each auction was awarded by chance p; another rule would have
awarded it so by chance q. Its record then counts q / p, and wherever the rule goes another way, at
first or after a failure, the outcome model says what to expect.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from sale.auction.dollars import MOST_VARIANCE
from sale.auction.outcomes import WORLDS
from sale.auction.outlook import Outlook
from sale.types import PastAuction, Price
from sale.whatif.rules import Rule, Sending

Array = NDArray[np.float64]
NAN = float("nan")
Z = float(stats.norm.ppf(0.975))
THIN = 0.1
"""Share of the auctions that has to go the same way for their record to say much."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A number with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What is known of n auctions under the other rule; a last axis has (solved, dollars).

    Of an axis of 1 + k the first place is what is expected, and the others draws of what may be.
    """

    logged: Array
    """Shape (n, 2): as they went; nan where unknown."""
    weight: Array
    """Shape (n,): q / p where the rule would have sent the same agent first, else 0."""
    came: Array
    """Shape (n, 2): what came of that agent, and of the others as the rule would have sent them."""
    direct: Array
    """Shape (n, 1 + k, 2): what the outcome model expects of the rule."""
    robust: Array
    """Shape (n, 1 + k, 2): the same, put right by what is on record."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What another rule would have come to, a task."""

    tasks: int
    overlap: float
    """Auctions that the record is worth under the rule: (sum of weights)^2 / sum of squares."""
    logged: tuple[float, float]
    """Solved share and dollars, as they were."""
    direct: tuple[float, float]
    weighted: tuple[float, float]
    solved: Interval
    """Doubly robust, like the rest."""
    usd: Interval
    gained: Interval
    """Solved share above what was."""
    saved: Interval
    """Dollars below what was."""
    next_solved: Interval
    """Where the share of as many tasks to come would lie."""
    next_usd: Interval

    @property
    def is_thin(self) -> bool:
        """Whether the rule goes its own way so often that the record says little of it."""
        return self.overlap < max(THIN * self.tasks, 1.0)


Expecting = Callable[[int, Sequence[str], Sequence[str]], Array]
"""Of an auction's place, a chain of agents, and those that failed there before: P(solved) and
dollars of the chain, shape (1 + k, 2)."""


def gather(
    past: Sequence[PastAuction],
    places: Iterable[int],
    rule: Rule,
    expecting: Expecting,
    prices: Mapping[str, Price | None],
) -> Evidence:
    """Ask a rule about auctions, one after the other; `places` may tell how far it is."""
    retold = (_Retold(past[at], at, rule, expecting, prices) for at in places)
    rows = [one.evidence() for one in retold]
    return Evidence(*(np.array(column) for column in zip(*rows, strict=True)))


def answer(evidence: Evidence) -> Answer | None:
    """Put the evidence together; None where nothing is known of any auction."""
    known = ~np.isnan(evidence.logged).any(axis=1)
    if not known.any():
        return None
    e = Evidence(*(getattr(evidence, name)[known] for name in Evidence.__slots__))
    total = float(e.weight.sum())
    weighted = e.weight @ e.came / total if total else np.full(2, NAN)
    doubt = e.robust[:, 1:].mean(axis=0).var(axis=0)
    solved = _Figure(e.robust[:, 0, 0], e.logged[:, 0], float(doubt[0]))
    spread, tails = _usd_spread(e)
    usd = _Figure(e.robust[:, 0, 1], e.logged[:, 1], float(doubt[1]), tails)
    share = float(np.clip(solved.robust.mean(), 0.0, 1.0))
    return Answer(
        len(e.weight),
        total**2 / float(e.weight @ e.weight) if total else 0.0,
        _pair(e.logged.mean(axis=0)),
        _pair(e.direct[:, 0].mean(axis=0)),
        _pair(weighted),
        solved.share(),
        usd.usd(),
        solved.gained(),
        usd.gained(sign=-1.0),
        solved.share(more=share * (1.0 - share) / len(e.weight)),
        usd.usd(more=spread / len(e.weight)),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Figure:
    """One figure of n auctions under the rule, and as it was."""

    robust: Array
    """Shape (n,)."""
    logged: Array
    doubt: float
    """The variance of its mean that comes from what the outcome model doesn't know."""
    tails: float = 1.0
    """How much larger its variance is than a sample shows."""

    def share(self, *, more: float = 0.0) -> Interval:
        """As a share of tasks, of variance `more` besides."""
        value, off = self._mean(self.robust, more)
        low, middle, high = np.clip([value - off, value, value + off], 0.0, 1.0).tolist()
        return Interval(middle, low, high)

    def usd(self, *, more: float = 0.0) -> Interval:
        """As dollars."""
        value, off = self._mean(self.robust, more)
        return Interval(max(value, 0.0), max(value - off, 0.0), max(value + off, 0.0))

    def gained(self, *, sign: float = 1.0) -> Interval:
        """As a difference to what was."""
        value, off = self._mean(sign * (self.robust - self.logged), 0.0)
        return Interval(value, value - off, value + off)

    def _mean(self, values: Array, more: float) -> tuple[float, float]:
        """The mean of some values, and how far it may be off."""
        sampling = self.tails * float(values.var(ddof=1)) / len(values) if len(values) > 1 else NAN
        return float(values.mean()), Z * float(np.sqrt(sampling + self.doubt + more))


@dataclass(frozen=True, slots=True)
class _Retold:
    """One auction, as another rule would have held it."""

    past: PastAuction
    at: int
    rule: Rule
    expecting: Expecting
    prices: Mapping[str, Price | None]

    def evidence(self) -> tuple[Array, float, Array, Array, Array]:
        """The fields of `Evidence`, in order."""
        logged, nothing = self._logged(), np.zeros((1 + WORLDS, 2))
        sending = self.rule.send(self.at, ())
        if not sending:
            return logged, 0.0, nothing[0], nothing, nothing
        weight, came, direct, robust = self._decided(sending, 0)
        return logged, weight, came[0], direct, robust

    def _logged(self) -> Array:
        usd = [one.usd for one in self.past.works]
        paid = NAN if None in [*usd, self.past.asked_usd] else sum(one or 0.0 for one in usd)
        kept = max(self.past.works, key=lambda one: {True: 2, None: 1, False: 0}[one.passed])
        solved = NAN if kept.solved is None else float(kept.solved)
        return np.array([solved, paid + (self.past.asked_usd or 0.0)])

    def _decided(
        self, sending: Mapping[str, Sending], place: int
    ) -> tuple[float, Array, Array, Array]:
        """How much the work at a place counts, what came of it, what is expected, and both."""
        failed = [one.agent for one in self.past.works[:place]]
        expected = {
            agent: self.expecting(self.at, one.chain, failed) for agent, one in sending.items()
        }
        parts = [one.propensity * expected[agent] for agent, one in sending.items()]
        direct = np.asarray(np.sum(parts, axis=0))
        weight, came = self._record(sending, place)
        if not weight:
            return weight, came, direct, direct
        correction = weight * (came - expected[self.past.works[place].agent])
        return weight, came, direct, direct + correction

    def _record(self, sending: Mapping[str, Sending], place: int) -> tuple[float, Array]:
        """How much the work at a place counts, and what came of it and of all behind it."""
        nothing = np.zeros((1 + WORLDS, 2))
        if place == len(self.past.works):
            return 0.0, nothing
        work = self.past.works[place]
        usd = work.dollars(self.prices.get(work.agent))
        chance = 1.0 if place else self.past.propensity
        other = work.agent not in sending or work.planner is not None  # another way to go about it
        if other or usd is None or chance <= 0.0:
            return 0.0, nothing
        weight = sending[work.agent].propensity / chance
        behind = self._behind(place + 1) if work.passed is False else None
        if behind is not None:
            return weight, behind + np.array([0.0, usd])
        kept = work if work.passed is not False else self.past.works[0]
        if kept.solved is None:
            return 0.0, nothing
        return weight, np.broadcast_to([float(kept.solved), usd], nothing.shape)

    def _behind(self, place: int) -> Array | None:
        """What the rule comes to from a place on; None where it sends nobody any more."""
        failed = [one.agent for one in self.past.works[:place]]
        sending = self.rule.send(self.at, failed)
        return self._decided(sending, place)[3] if sending else None


def expecting(look: Callable[[int, tuple[str, ...]], Outlook]) -> Expecting:
    """Expect of a chain what an outlook on the auction says, after some failures."""
    return lambda at, chain, failed: look(at, tuple(failed)).expected(chain)


def _usd_spread(evidence: Evidence) -> tuple[float, float]:
    """The variance of a task's dollars under the rule, and how much of it a sample hides.

    A few tasks cost most of the dollars, and a sample has too few of them: where that is more, the
    variance is that of a log-normal number with the mean and the logarithms on record.
    """
    weight, usd = evidence.weight, evidence.came[:, 1]
    if not weight.any():
        weight, usd = np.ones(len(usd)), evidence.logged[:, 1]
    paid = (weight > 0) & (usd > 0)
    if paid.sum() < 2:
        return 0.0, 1.0
    share = weight[paid] / weight[paid].sum()
    mean, logs = float(share @ usd[paid]), np.log(usd[paid])
    seen = float(share @ (usd[paid] - mean) ** 2)
    hidden = mean**2 * float(np.expm1(min(share @ (logs - share @ logs) ** 2, MOST_VARIANCE)))
    return max(seen, hidden), max(hidden / seen, 1.0) if seen > 0 else 1.0


def _pair(numbers: Array) -> tuple[float, float]:
    solved, usd = numbers.tolist()
    return solved, usd
