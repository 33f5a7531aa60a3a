"""What a policy came to on one task, everything paid: a line of `samples.jsonl`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, NonNegativeInt

from sale.types import Kind, Stage, Usage, Verdict


class Spending(BaseModel):
    """What one stage used; fields as in `Usage`."""

    model_config = ConfigDict(defer_build=True, extra="forbid", frozen=True, allow_inf_nan=False)

    prompt_tokens: NonNegativeInt = 0
    cached_tokens: NonNegativeInt = 0
    completion_tokens: NonNegativeInt = 0
    calls: NonNegativeInt = 0
    wall_s: NonNegativeFloat = 0.0
    usd: NonNegativeFloat | None = 0.0
    """None where a price is unknown."""

    @staticmethod
    def of(usage: Usage) -> Spending:
        """The same figures of a usage."""
        return Spending(**{name: getattr(usage, name) for name in Spending.model_fields})


class Sample(BaseModel):
    """One policy on one task: who worked, what came of it, and what all of it cost."""

    model_config = ConfigDict(defer_build=True, extra="forbid", frozen=True, allow_inf_nan=False)

    policy: str
    order: NonNegativeInt = 0
    """Which order of the tasks it was, for policies that learn on the way; else 0."""
    attempt: NonNegativeInt = 0
    suite: str = ""
    task: str
    kind: Kind | None = None
    minutes: NonNegativeFloat | None = None
    """What the task takes a human."""
    place: NonNegativeInt = 0
    """Of the task in its order."""
    agent: str | None
    """Whose answer was kept; None where nobody worked."""
    awards: tuple[str, ...] = ()
    """Everybody who worked, in order; all of them are paid."""
    solved: bool | None
    """By the hidden tests or the key; None where nothing tells."""
    grade: Annotated[float, Field(ge=0, le=1)] | None = None
    verified: Verdict = Verdict.NONE
    """What the visible checks said of the answer that was kept."""
    usd: NonNegativeFloat | None
    """Dollars of everything, the auction or router included; None where a price is unknown."""
    live_usd: NonNegativeFloat = 0.0
    """Those of it that were spent for this sample alone, beyond the trials of the run."""
    stages: Mapping[Stage, Spending] = Field(default_factory=dict)
    """What each stage used; a table of outcomes alone knows the dollars of `execute` only."""
    auction: str | None = None
    """The auction's id in the memory of the run, where there was one."""
    propensity: Annotated[float, Field(gt=0, le=1)] = 1.0
    """The probability with which the policy chose the first of `awards`."""
