"""An auction as the JSON of the command line: a contract, so names and keys stay."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sale.cli.foreseen import foreseen_json
from sale.types import Appraisal, Auction, Bid, Outcome, Stage, Usage


def print_json(value: Any) -> None:
    """Print one JSON value on stdout; text that isn't valid Unicode is escaped."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=True) + "\n")
    sys.stdout.flush()


def auction_json(
    auction: Auction, *, task_id: str | None = None, trajectory: bool = False
) -> dict[str, Any]:
    """The object that `sale submit --json` prints; `sale show` adds the trajectory.

    `task_id` is that of the task on record, where its text was remembered in another form.
    """
    task, award, outcome = auction.task, auction.award, auction.outcome
    # Of an agent's several ways to work the one without another's plan is told with its bid.
    appraised = {(entry.agent, entry.round): entry for entry in reversed(auction.appraisals)}
    value: dict[str, Any] = {
        "auction_id": auction.id,
        "state": auction.state,
        "task": {
            "id": task_id or task.id,
            "kind": task.kind,
            "text": task.text,
            "workspace": task.workspace,
            "corpus": task.corpus,
            "suite": task.suite,
            "name": task.name,
        },
        "bids": [
            _bid(bid, appraised.get((bid.agent, bid.round)), _ratings(auction, bid))
            for bid in auction.bids
        ],
        **foreseen_json(auction),
        "award": award and asdict(award),
        "outcome": outcome and _outcome(outcome, steps=_steps(auction, outcome)),
        "discarded": [_outcome(one, steps=_steps(auction, one)) for one in auction.discarded],
        "usage": usage_json(auction.usage, auction.total),
        "seed": auction.seed,
        "market": auction.market,
        "weights": auction.weights,
        "sandbox": auction.sandbox,
        "started": auction.started,
        "ended": auction.ended,
        "error": auction.error,
    }
    if trajectory:
        value["trajectory"] = [
            {
                "step": step.index,
                "agent": step.calls[0].agent if step.calls else None,
                "action": step.action,
                "argument": step.argument,
                "reply": step.reply,
                "observation": step.observation,
                "wall_s": step.wall_s,
            }
            for step in auction.steps
        ]
    return value


def usage_json(by_stage: Mapping[Stage, Usage], total: Usage) -> dict[str, Any]:
    """Usage by stage and in total; dollars are null where a price is unknown."""
    stages = {str(stage): by_stage.get(stage, Usage()) for stage in Stage}
    return {name: _usage(usage) for name, usage in {**stages, "total": total}.items()}


def _outcome(outcome: Outcome, *, steps: int) -> dict[str, Any]:
    return {
        "agent": outcome.agent,
        "planner": outcome.planner,
        "answer": outcome.answer,
        "stop_reason": outcome.stop_reason,
        "verified": outcome.verified,
        "grade": outcome.grade,
        "feedback": outcome.feedback,
        "steps": steps,
        "checks": [
            {"name": check.name, "passed": check.passed, "detail": check.detail}
            for check in outcome.checks
        ],
        "citations": [
            {"ref": c.ref, "title": c.title, "source": c.source, "text": c.text}
            for c in outcome.citations
        ],
        "error": outcome.error,
    }


def _steps(auction: Auction, outcome: Outcome) -> int:
    """How many steps led to an outcome; a step's agent is the one that its calls charge."""
    if not auction.discarded:
        return len(auction.steps)
    return sum(1 for one in auction.steps if one.calls and one.calls[0].agent == outcome.agent)


def _usage(usage: Usage) -> dict[str, Any]:
    return {
        "prompt_tokens": usage.prompt_tokens,
        "cached_tokens": usage.cached_tokens,
        "completion_tokens": usage.completion_tokens,
        "calls": usage.calls,
        "tool_calls": usage.tool_calls,
        "wall_s": round(usage.wall_s, 3),
        "usd": usage.usd,
    }


def _bid(bid: Bid, appraisal: Appraisal | None, ratings: Mapping[str, float]) -> dict[str, Any]:
    return {
        "agent": bid.agent,
        "round": bid.round,
        "plan": bid.plan,
        "tokens": bid.tokens,
        "entropy": bid.entropy,
        "cost": appraisal and appraisal.cost,
        "value": appraisal and appraisal.value,
        "score": appraisal and appraisal.score,
        "ratings": dict(ratings),
        "terms": [
            {
                "name": term.name,
                "feature": term.feature,
                "weight": term.weight,
                "contribution": term.contribution,
                "scale": [term.low, term.high],
            }
            for term in (appraisal.terms if appraisal else ())
        ],
        "error": bid.error,
    }


def _ratings(auction: Auction, bid: Bid) -> dict[str, float]:
    return {
        entry.juror: entry.by_agent[bid.agent]
        for entry in auction.ratings
        if entry.round == bid.round and bid.agent in entry.by_agent
    }
