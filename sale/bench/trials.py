"""A run on disk: every agent's bid, ratings and work on every task, one line each.

A run is a folder. `run.json` says how it was made, `trials.jsonl` holds one trial a line.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, NonNegativeInt, ValidationError

from sale.auction.signals import HIGHEST, LOWEST
from sale.errors import InputError
from sale.types import Call, Check, Citation, Kind, Stage, StopReason, Verdict

TRIALS = "trials.jsonl"
UNASKED = "none was asked for, as no auction was to be held"
"""The `bid_error` of a trial of work alone."""
Rating = Annotated[float, Field(ge=LOWEST, le=HIGHEST)]


class Used(NamedTuple):
    """One model call: what it used; fields as in `Call`."""

    prompt_tokens: NonNegativeInt
    cached_tokens: NonNegativeInt
    completion_tokens: NonNegativeInt
    wall_s: NonNegativeFloat
    usd: NonNegativeFloat | None
    error: str | None = None

    @staticmethod
    def of(call: Call) -> Used:
        """What a call used."""
        return Used(*(getattr(call, name) for name in Used._fields))

    def by(self, agent: str, stage: Stage) -> Call:
        """The call again, as it is charged."""
        return Call(agent, stage, *self)


class Played(BaseModel):
    """All that it takes to play a trial again without its model: texts, checks, every call."""

    model_config = ConfigDict(defer_build=True, extra="forbid", frozen=True, allow_inf_nan=False)

    seed: NonNegativeInt
    plan: str
    plan_shown: bool
    """Whether the agent saw its plan while it worked."""
    bid_calls: tuple[Used, ...]
    rate_error: str | None
    """Why it could not rate, as a juror."""
    rate_calls: tuple[Used, ...]
    """Of its ratings of all plans."""
    answer: str | None
    citations: tuple[Citation, ...]
    checks: tuple[Check, ...]
    error: str | None
    steps: NonNegativeInt
    tool_calls: NonNegativeInt
    work_calls: tuple[Used, ...]

    @property
    def plan_in_sight(self) -> str | None:
        """The plan that the agent saw while it worked."""
        return self.plan if self.plan_shown else None

    @property
    def silenced(self) -> bool:
        """Whether a bid or ratings are missing for a call that failed, or was never answered."""
        bid = not self.plan and not _answered(self.bid_calls)
        return bid or (self.rate_error is not None and not _answered(self.rate_calls))


def _answered(calls: tuple[Used, ...]) -> bool:
    return bool(calls) and all(call.error is None for call in calls)


class Trial(BaseModel):
    """One agent on one task: what it bid, how the jury saw it, and what came of its work."""

    model_config = ConfigDict(defer_build=True, extra="forbid", frozen=True, allow_inf_nan=False)

    task: str
    """The id of the task."""
    kind: Kind
    agent: str
    attempt: NonNegativeInt = 0
    """Which one of several independent tries."""
    price: NonNegativeFloat | None
    """Dollars per million output tokens; None where it is unknown."""
    tokens: NonNegativeInt
    """Of its plan; 0 where it made none."""
    entropy: NonNegativeFloat | None
    ratings: Mapping[str, Rating]
    """Juror -> rating of its plan, 0 to 5."""
    bid_error: str | None = None
    """Why it made no bid."""
    verified: Verdict
    """What the visible checks said of its answer."""
    grade: Annotated[float, Field(ge=0, le=1)] | None = None
    """The share of hidden tests that its answer passes; None where the suite has none.

    With a key it is 1 for an exact match, else 0.
    """
    f1: Annotated[float, Field(ge=0, le=1)] | None = None
    """How far the words of its answer are those of the key; None where there is none."""
    judge: str | None = None
    """The agent whose word the grade is, as the task has neither hidden tests nor a key."""
    judge_usd: NonNegativeFloat | None = 0.0
    """Dollars of the judging; None where its price is unknown."""
    grade_error: str | None = None
    """Why its answer could not be graded."""
    stop_reason: StopReason
    usd: NonNegativeFloat | None
    """Dollars of its work; None where its price is unknown."""
    auction_usd: NonNegativeFloat | None
    """Dollars of its own bid and of its own ratings of all plans."""
    wall_s: NonNegativeFloat
    """Of the model calls of its work, as long as they took when they were made."""
    played: Played | None = None
    """None in runs of older versions, whose trials can't be played again."""

    @property
    def lost(self) -> bool:
        """Whether its work crashed, or a call that failed took its bid or its ratings."""
        return self.stop_reason is StopReason.CRASHED or (
            self.played is not None and self.bid_error != UNASKED and self.played.silenced
        )

    @property
    def solved(self) -> bool | None:
        """Whether its work was right: by the hidden tests, else by the visible checks."""
        if self.grade is not None:
            return self.grade >= 1.0
        return None if self.verified is Verdict.NONE else self.verified is Verdict.PASSED


def read_trials(run: Path) -> tuple[Trial, ...]:
    """Read the trials of a run folder, or of a file of samples.

    Raises `InputError` with file, line and field of the first mistake. A last line that was cut
    off by a crash is no mistake: it is left out.
    """
    path = run / TRIALS if run.is_dir() else run
    try:
        lines = path.read_bytes().decode().split("\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise InputError(
            f"run {str(run)!r} can't be read: {reason}; give the folder that `sale bench` wrote"
        ) from error
    lines.pop()  # what stands behind the last end of a line is nothing, or torn
    trials = [_trial(line, f"{path}:{number}") for number, line in enumerate(lines, start=1)]
    return tuple({(trial.task, trial.agent, trial.attempt): trial for trial in trials}.values())


def _trial(line: str, place: str) -> Trial:
    try:
        return Trial.model_validate_json(line)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(map(str, first["loc"])) or "line"
        raise InputError(f"{place}: {field}: {first['msg'].lower()}") from error


def first_tries(run: Path) -> tuple[Trial, ...]:
    """The trials of a run, each agent's first on each task; raises as `read_trials` does."""
    return tuple(trial for trial in read_trials(run) if trial.attempt == 0)


def line_of(trial: Trial) -> str:
    """One line of `trials.jsonl`."""
    told = json.dumps(trial.model_dump(mode="json"), ensure_ascii=False)
    # What a model writes may hold half a surrogate pair, which no reader of JSON takes.
    whole = told.encode(errors="replace").decode()
    return json.dumps(json.loads(whole), ensure_ascii=True) + "\n"
