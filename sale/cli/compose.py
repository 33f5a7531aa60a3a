"""A market file comes to life: agents, pool, auctioneer and memory are put together."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from sale.agents.agent import Agent
from sale.agents.backends.embedder import embedder_if_here
from sale.agents.coding import sandbox
from sale.agents.kinds import Workshop
from sale.auction.auctioneer import Auctioneer
from sale.auction.foresight import Foresight
from sale.auction.terms import Part, Sight, Stages
from sale.cli.examiner import examine
from sale.draft import Observer
from sale.market import Market
from sale.market_file import MarketFile
from sale.rules import Rules
from sale.seams import Grader, Memory, OpenPool, Pool, Verifier
from sale.standing import digest, find
from sale.types import AgentSpec, Kind


@dataclass(frozen=True, slots=True)
class BuildAgent:
    """Builds an agent inside its actor; small and picklable."""

    workshop: Workshop
    calls: Path | None = None
    """Where calls are kept that need not be made twice; None: each is made anew."""

    def __call__(self, spec: AgentSpec) -> Agent:
        """Build the agent of one roster entry."""
        agent = Agent(spec, opener=self.workshop.open)
        return agent if self.calls is None else agent.keeping(self.calls)


@contextmanager
def running_market(
    file: MarketFile,
    source: str,
    memory: Memory,
    *,
    kind: Kind,
    observe: Observer,
    grader: Grader = lambda _task, _outcome: None,
    calls: Path | None = None,
) -> Iterator[Market]:
    """Start the agents of a market file, and end them when the block ends.

    `calls` names the file of calls that need not be made twice.
    Raises `SandboxError` before anything starts when coding tasks have no sandbox here.
    """
    tier = str(sandbox.choose(file.sandbox.tier).tier) if kind is Kind.CODING else "not used"
    pool = _pool(source, file, calls)
    try:
        yield assembled(
            file,
            source,
            tier=tier,
            pool=pool,
            memory=memory,
            verifier=verifier(file),
            observe=observe,
            grader=grader,
        )
    finally:
        pool.close()


def named_cluster(file: MarketFile) -> str | None:
    """Address of the Ray cluster that a market runs on; None where it has a Ray of its own."""
    return file.ray.address or os.environ.get("RAY_ADDRESS")


def prepare_ray(token: str | None = None) -> None:
    """Set what Ray reads while it is imported; `token` is the file with what a market asks for.

    It would tell of every dead worker on our stdout, and answer a SIGTERM that comes while it
    starts with a call that may never return.
    """
    os.environ.setdefault("RAY_DEDUP_LOGS_SKIP_REGEX", ".")
    os.environ.setdefault("RAY_GRACEFUL_SHUTDOWN_DRAIN_TIMEOUT_S", "0")
    if token is not None:
        os.environ |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": token}


def _pool(source: str, file: MarketFile, calls: Path | None) -> OpenPool:
    """The pool of this market that is up, or one of our own."""
    up = find(digest(source, file))
    prepare_ray(None if up is None else up.token)
    from sale.pool import JoinedPool, RayPool  # Ray takes half a second to import

    if up is not None:
        return JoinedPool(up, file.auction.deadlines, calls)
    return RayPool(
        file.roster,
        file.jury,
        BuildAgent(Workshop(file.sandbox.tier), calls),
        deadlines=file.auction.deadlines,
        address=named_cluster(file),
    )


def verifier(file: MarketFile) -> Verifier:
    """Who checks answers, away from the agents that gave them."""
    workshop = Workshop(file.sandbox.tier)
    return replace(workshop, examiner=examine, embedder=embedder_if_here).verify


def assembled(
    file: MarketFile,
    source: str,
    *,
    tier: str,
    pool: Pool,
    memory: Memory,
    verifier: Verifier,
    observe: Observer,
    grader: Grader,
) -> Market:
    """Put a market together of its file and its parts; `tier` is the sandbox's that is in force."""
    auction = file.auction
    return Market(
        pool=pool,
        memory=memory,
        auctioneer=Auctioneer(file.roster, file.weights(), auction.without, auction.cost),
        verifier=verifier,
        rules=rules_of(file, source, tier),
        observe=observe,
        grader=grader,
        foresight=_foresight(file),
        checkable=Workshop(file.sandbox.tier).checkable,
    )


def _foresight(file: MarketFile) -> Foresight | None:
    auction = file.auction
    if auction.stages is Stages.FULL:
        return None
    worth, explore = auction.value or auction.prefer, auction.explore
    return Foresight(file.roster, worth, explore=explore, sight=auction.sight)


def rules_of(file: MarketFile, source: str, tier: str) -> Rules:
    """How auctions are held in a market; `tier` is the sandbox's that is in force."""
    auction, limits, without = file.auction, file.limits, file.auction.without
    calls = auction.bid_deadline_s + auction.rate_deadline_s
    return Rules(
        name=source,
        sandbox=tier,
        limits=file.execution_limits(usd=None),
        refine=auction.refine and Part.REFINEMENT not in without,
        lessons=auction.lessons,
        ballot=auction.ballot,
        recall=Part.MEMORY not in without,
        fallbacks=auction.fallbacks,
        fallback_on_failure=auction.fallback_on == "failure",
        plan_in_prompt=auction.sight is Sight.OWN,
        wall_s=2 * calls + (1 + auction.fallbacks) * limits.samples * limits.wall_s + 600,
    )
