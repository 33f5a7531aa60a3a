"""The market: what a task goes through, from its announcement to its record."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial

from sale.auction.auctioneer import Auctioneer
from sale.auction.foresight import Foresight
from sale.bidding import Bidding
from sale.draft import Draft, Observer
from sale.errors import InputError, SaleError
from sale.foreseeing import Checkable, Foreseeing
from sale.rules import Rules
from sale.seams import Grader, Memory, Pool, Verifier
from sale.types import Appraisal, Auction, Award, State, Task
from sale.working import Done, Following, Working


@dataclass(frozen=True, slots=True)
class Market:
    """Holds auctions: announce, solicit, rate, appraise, award, refine, execute, verify, record."""

    pool: Pool
    memory: Memory
    auctioneer: Auctioneer
    verifier: Verifier
    rules: Rules
    observe: Observer = lambda _auction, _doing: None
    grader: Grader = lambda _task, _outcome: None
    foresight: Foresight | None = None
    """Who awards from memory alone; None: bids are asked for in every auction."""
    checkable: Checkable = lambda _task: True

    def auction(
        self,
        task: Task,
        *,
        seed: int | None = None,
        usd: float | None = None,
        run: str | None = None,
        explore: bool | None = None,
    ) -> Auction:
        """Hold one auction and record it, whatever happens, as one of a run where that is given.

        With a seed it can be held again, and awards from memory go to whom they expect to earn the
        most; else, or to `explore`, others are tried now and then.

        Raises `NoBidsError` or `BudgetError` after the record is kept; an interruption is
        recorded and passed on, too.
        """
        draft = self._announce(task, seed=seed, usd=usd, run=run)
        with self._recorded(draft):
            explores = seed is None if explore is None else explore
            singly = replace(self, rules=self.rules.sample_by_sample(task))
            if award := singly._foreseen(draft, explores=explores):
                singly._working.execute(draft, *award)
            else:
                self._working.execute(draft, *self._bid_for(draft))
        return draft.auction

    def _announce(
        self, task: Task, *, seed: int | None, usd: float | None, run: str | None
    ) -> Draft:
        callers = [*self.auctioneer.bidders(task.kind), *self.auctioneer.jury]
        unpriced = [spec.name for spec in callers if spec.price is None]
        if usd is not None and unpriced:
            raise InputError(
                f"agent {unpriced[0]!r} has no price, so a budget can't be kept; "
                "give its price in the market file or leave the budget out"
            )
        auction = Auction(
            id=secrets.token_hex(6),
            task=task,
            state=State.ANNOUNCED,
            seed=secrets.randbits(31) if seed is None else seed,
            market=self.rules.name,
            sandbox=self.rules.sandbox,
            started=time.time(),
            weights=self.auctioneer.weights.id,
            run=run,
        )
        self.memory.announce(auction, wall_s=self.rules.wall_s)
        return Draft(auction, usd, self.observe, self.memory.advance)

    @contextmanager
    def _recorded(self, draft: Draft) -> Iterator[None]:
        """Record the auction at the end of the block, however the block ends."""
        state, error = State.INTERRUPTED, None
        try:
            yield
            state = State.FINISHED
        except SaleError as caught:
            state, error = State.FAILED, str(caught)
            raise
        finally:
            draft.update("done", state=state, ended=time.time())
            if error:
                draft.update("failed", error=error)
            self.memory.record(draft.auction)

    def _foreseen(self, draft: Draft, *, explores: bool) -> tuple[Award, Following] | None:
        """An award from memory alone, where the market makes such ones and it tells enough."""
        if self.foresight is None or not self.rules.recall:
            return None
        # What a check says is worth nothing where a failed answer is kept all the same.
        checkable = self.checkable if self.rules.fallback_on_failure else lambda _task: False
        foresight = replace(self.foresight, longest=1 + self.rules.fallbacks)
        foreseeing = Foreseeing(self.memory, foresight, checkable, self._bidding)
        return foreseeing.award(draft, explores=explores)

    def _bid_for(self, draft: Draft) -> tuple[Award, Following]:
        award, appraisals = self._bidding.hold(draft)
        return self._with_plan(award), partial(self._following, appraisals)

    def _following(self, appraisals: Sequence[Appraisal], done: Done) -> Award | None:
        award = self.auctioneer.following(appraisals, done)
        return award and self._with_plan(award)

    def _with_plan(self, award: Award) -> Award:
        """An award by bids, with the winner's own plan in sight where the rules say so."""
        return replace(award, planner=award.agent) if self.rules.plan_in_prompt else award

    @property
    def _bidding(self) -> Bidding:
        return Bidding(self.pool, self.memory, self.auctioneer, self.rules)

    @property
    def _working(self) -> Working:
        versions = {spec.name: spec.version for spec in self.auctioneer.roster}
        return Working(self.pool, self.verifier, self.grader, self.rules, versions)
