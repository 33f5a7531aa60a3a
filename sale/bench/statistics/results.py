"""What a run came to: every figure by policy and suite, and over all suites.

None is a figure that is unknown or undefined. Shares are between 0 and 1, differences too; dollars
are US dollars. A task is the unit: orders and attempts of one task are averaged first.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict

from sale.auction.calibration import Estimate
from sale.types import Stage

ALL = "all"
"""The name of all suites together."""


class _Model(BaseModel):
    model_config = ConfigDict(defer_build=True, extra="forbid", frozen=True, allow_inf_nan=False)


class Point(_Model):
    """A place on the plane of cost and quality."""

    policy: str
    usd: float
    """A task."""
    quality: float
    """pass@1."""


class StageShare(_Model):
    """What one stage used, and its part of all stages."""

    tokens: int
    """Prompt and completion, cached ones included."""
    usd: float | None
    wall_s: float
    tokens_share: float | None
    usd_share: float | None
    wall_share: float | None


class Overhead(_Model):
    """The part of the auction (bid, rate, refine) in everything that was used."""

    tokens: float | None
    usd: float | None
    wall: float | None


class AgentShare(_Model):
    """What one agent did for a policy."""

    kept: float
    """Share of tasks whose kept answer is the agent's."""
    awards: float
    """Share of all awards."""
    solved: float | None
    """Share of its kept answers that are right: of the tasks it was chosen for, no fair sample."""
    weighted: float | None = None
    """What it would solve of all tasks, by inverse propensities; None where nothing was random."""


class BinResult(_Model):
    """The tasks that take a human about as long, as HST-Bench bins them."""

    bin: str
    """`<=0.1`, ..., `<=60` or `>60` minutes, or `unknown`."""
    tasks: int
    quality: Estimate | None
    usd_per_task: float | None
    allocation: Mapping[str, float]
    """Agent -> share of the bin's tasks whose kept answer is the agent's."""


class StreamPart(_Model):
    """A stretch of the stream of tasks: how a policy did there, and until there."""

    until: int
    """Tasks seen at its end."""
    quality: float | None
    """pass@1 within it."""
    running: float | None
    """pass@1 from the first task to its end."""
    usd_per_task: float | None
    """Within it."""
    allocation: Mapping[str, float]
    """Agent -> share of its tasks whose kept answer is the agent's."""


class Baseline(StrEnum):
    """What a policy is held against."""

    LARGEST = "largest"
    """The dearest agent alone."""
    BEST = "best"
    """The agent alone that solved most."""
    HULL = "hull"
    """Random mixing of single agents at the policy's own cost."""


class Comparison(_Model):
    """A policy less something else on the same tasks, with 95 % intervals of a paired bootstrap."""

    policy: str
    against: str
    """A policy, or `mixture` for the hull."""
    baseline: Baseline | None = None
    """None where two policies were compared by request."""
    tasks: int
    """With a known outcome of both; quality is compared on them."""
    usd_tasks: int
    """With known dollars of both; dollars are compared on them."""
    of: int
    """Tasks of the policy."""
    quality: Estimate | None
    """Difference in pass@1."""
    usd: Estimate | None
    """Difference in dollars a task."""
    saving: Estimate | None
    """Share of the other's dollars that is saved; below 0 where the policy is dearer."""
    sentence: str
    """The same in plain words."""


class PolicyResult(_Model):
    """One policy on one suite."""

    policy: str
    suite: str
    tasks: int
    known: int
    """Tasks with a known outcome."""
    usd_known: int
    """Tasks whose dollars are known throughout."""
    samples: int
    orders: int
    attempts: int
    """The least that a task with a known outcome has."""
    pass_at: Mapping[int, Estimate]
    """k -> unbiased pass@k with Wilson's interval; empty where no outcome is known."""
    stderr: float | None
    """Standard error of pass@1 over tasks."""
    usd_per_task: Estimate | None
    """None as soon as the dollars of one sample are unknown."""
    usd_per_solved: Estimate | None
    """Dollars of the tasks with a known outcome for each of them that was solved."""
    usd_per_known_task: Estimate | None
    """Mean over the tasks whose dollars are known."""
    wall_s_per_task: float | None
    """None where no stage was timed."""
    tokens_per_task: float | None
    """Prompt and completion; None where no token was counted."""
    stages: Mapping[Stage, StageShare]
    overhead: Overhead
    allocation: Mapping[str, AgentShare]
    """By agent; every agent that was awarded anything."""
    reliance: float | None
    """Share of tasks on which the largest agent worked; None where no price is known."""
    bins: tuple[BinResult, ...]
    """From short to long; those without a task are left out."""
    stream: tuple[StreamPart, ...]
    """In the order of places."""
    hull_gain: Estimate | None
    """pass@1 above the mixture hull of the singles at the same cost."""
    oracle_capture: float | None
    """(policy - best single) / (oracle - best single); None where it is dearer than that single."""
    arena: float | None
    """The RouterArena score, 0 to 1."""
    comparisons: tuple[Comparison, ...]
    """With the largest single, the best single and the hull, as far as they are there."""

    @property
    def quality(self) -> Estimate | None:
        """pass@1."""
        return self.pass_at.get(1)


class Curve(_Model):
    """The settings of one policy as a curve: policies called `NAME@SETTING`, two or more."""

    name: str
    points: tuple[Point, ...]
    """By dollars."""
    aiq: float | None
    """RouterBench: area under the hull of the points, by the largest cost of the suite."""
    apgr: float | None
    """RouteLLM: the part of the gap from the cheapest to the largest single that is closed."""
    cpt: Mapping[int, float | None]
    """x -> least share of calls of the largest agent that closes x % of the gap."""


class Worth(_Model):
    """The Shapley value of each agent under a rule for what a coalition of agents is worth."""

    rule: str
    """`oracle`: solved if any member solves it; `checks`: see docs/statistics.md."""
    tasks: int
    """On which all singles have a known outcome."""
    values: Mapping[str, float]
    """Agent -> its value in pass@1; they add up to `total`."""
    errors: Mapping[str, float]
    """Agent -> standard error; 0 where all coalitions were counted."""
    total: float
    """pass@1 of all agents together."""


class SuiteResult(_Model):
    """All policies on one suite, or on all of them."""

    suite: str
    tasks: int
    """That any policy has."""
    common: int
    """That every policy has."""
    best: str | None
    """The agent that solved most alone; among equals the cheaper."""
    left_out: tuple[str, ...]
    """Single agents known on too few tasks, in outcome and dollars, to be part of the hull."""
    hull: tuple[Point, ...]
    """Corners of the mixture hull of the singles, by dollars."""
    hull_tasks: int
    """On which outcome and dollars of all singles of the hull are known."""
    hull_aiq: float | None
    """AIQ of random mixing: what a router has to beat."""
    curves: tuple[Curve, ...]
    worth: tuple[Worth, ...]
    policies: tuple[PolicyResult, ...]
    """In the order of their first samples."""

    def policy(self, name: str) -> PolicyResult | None:
        """The figures of a policy."""
        return next((one for one in self.policies if one.policy == name), None)


class Results(_Model):
    """All figures of a run."""

    seed: int
    draws: int
    """Of the bootstrap."""
    prices: Mapping[str, float | None]
    """Agent -> dollars per million output tokens, as given."""
    largest: str | None
    """The dearest agent of those with a known price."""
    suites: tuple[SuiteResult, ...]
    """By first appearance; the last one, `all`, is all of them together."""

    def suite(self, name: str = ALL) -> SuiteResult | None:
        """The figures of a suite."""
        return next((one for one in self.suites if one.suite == name), None)

    def lm_eval(self) -> dict[str, Any]:
        """The results in the keys that lm-evaluation-harness writes."""
        from sale.bench.statistics.lm_eval import as_lm_eval

        return as_lm_eval(self)
