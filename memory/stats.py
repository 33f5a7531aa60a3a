"""What all auctions together say of the agents and the stages: the tables of `sale stats`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, case, func, literal, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from sale.memory.tables import (
    AppraisalRow,
    AuctionRow,
    AwardRow,
    BidRow,
    CallRow,
    OutcomeRow,
    UsageRow,
)
from sale.types import Stage, State, Usage, Verdict


@dataclass(frozen=True, slots=True)
class AgentStats:
    """What one agent did in all auctions."""

    agent: str
    bids: int
    """Plans made, refined ones included; failed bids are not counted."""
    wins: int
    executed: int
    passed: int
    failed: int
    unchecked: int
    """Executions whose task showed nothing to check."""
    score: float | None
    """Mean over all its appraisals; None where it has none."""
    usage: Usage
    """Its own calls; wall_s adds up calls that may have run side by side."""


@dataclass(frozen=True, slots=True)
class StageStats:
    """What one stage of all auctions used."""

    stage: Stage
    usage: Usage
    token_share: float
    """Of prompt and completion tokens, 0 to 1."""
    usd_share: float | None
    """Of dollars, 0 to 1; None where a price is unknown or nothing was spent."""


@dataclass(frozen=True, slots=True)
class Stats:
    """The auction memory in numbers; an unknown amount of dollars is None, never 0."""

    agents: tuple[AgentStats, ...]
    stages: tuple[StageStats, ...]
    """In the order of an auction."""
    states: Mapping[State, int]
    total: Usage


def read_stats(session: Session) -> Stats:
    """Count everything in SQL, one query a table."""
    stages = _usage_by_stage(session)
    total = sum(stages.values(), Usage())
    return Stats(
        agents=_agents(session),
        stages=tuple(
            _stage(stage, stages[stage], total=total) for stage in Stage if stage in stages
        ),
        states=_counts(session, AuctionRow.state),
        total=total,
    )


def _agents(session: Session) -> tuple[AgentStats, ...]:
    bids = _counts(session, BidRow.agent, BidRow.error.is_(None), BidRow.plan != "")
    wins = _counts(session, AwardRow.agent)
    ends = {
        verdict: _counts(session, OutcomeRow.agent, OutcomeRow.verified == verdict)
        for verdict in Verdict
    }
    scores = _pairs(session, AppraisalRow.agent, func.avg(AppraisalRow.score))
    usages = _usage_by_agent(session)
    names = sorted(
        {*bids, *wins, *scores, *usages, *(name for end in ends.values() for name in end)}
    )
    return tuple(
        AgentStats(
            agent=name,
            bids=bids.get(name, 0),
            wins=wins.get(name, 0),
            executed=sum(end.get(name, 0) for end in ends.values()),
            passed=ends[Verdict.PASSED].get(name, 0),
            failed=ends[Verdict.FAILED].get(name, 0),
            unchecked=ends[Verdict.NONE].get(name, 0),
            score=scores.get(name),
            usage=usages.get(name, Usage()),
        )
        for name in names
    )


def _stage(stage: Stage, usage: Usage, *, total: Usage) -> StageStats:
    tokens = total.prompt_tokens + total.completion_tokens
    return StageStats(
        stage=stage,
        usage=usage,
        token_share=(usage.prompt_tokens + usage.completion_tokens) / tokens if tokens else 0.0,
        usd_share=None if usage.usd is None or not total.usd else usage.usd / total.usd,
    )


def _counts(
    session: Session, key: InstrumentedAttribute[Any], *filters: ColumnElement[bool]
) -> dict[Any, int]:
    return _pairs(session, key, func.count(), *filters)


def _pairs(
    session: Session,
    key: InstrumentedAttribute[Any],
    value: ColumnElement[Any],
    *filters: ColumnElement[bool],
) -> dict[Any, Any]:
    rows = session.execute(select(key, value).where(*filters).group_by(key))
    return dict(rows.all())


def _usage_by_stage(session: Session) -> dict[Stage, Usage]:
    rows = session.execute(
        select(
            UsageRow.stage,
            *_token_sums(UsageRow),
            func.sum(UsageRow.calls),
            func.sum(UsageRow.tool_calls),
            func.sum(UsageRow.wall_s),
            _dollars(UsageRow.usd),
        ).group_by(UsageRow.stage)
    )
    return {stage: Usage(*numbers) for stage, *numbers in rows}


def _usage_by_agent(session: Session) -> dict[str, Usage]:
    rows = session.execute(
        select(
            CallRow.agent,
            *_token_sums(CallRow),
            func.count(),
            literal(0),
            func.sum(CallRow.wall_s),
            _dollars(CallRow.usd),
        ).group_by(CallRow.agent)
    )
    return {agent: Usage(*numbers) for agent, *numbers in rows}


def _token_sums(table: type[UsageRow] | type[CallRow]) -> tuple[ColumnElement[int], ...]:
    return (
        func.sum(table.prompt_tokens),
        func.sum(table.cached_tokens),
        func.sum(table.completion_tokens),
    )


def _dollars(usd: InstrumentedAttribute[float | None]) -> ColumnElement[float | None]:
    # sum() passes over unknown prices, and an unknown amount must not look like a small one.
    return case((func.count() == func.count(usd), func.sum(usd)))
