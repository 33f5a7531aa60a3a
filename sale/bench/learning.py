"""What a run knows of agents, as an auction memory learns it: the works of its trials."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sale.bench.listed import Listed
from sale.bench.reading import described_in, lines_of
from sale.bench.run import MADE_ON, RUN, TASKS
from sale.bench.trials import Trial, Used, read_trials
from sale.errors import InputError
from sale.types import AgentSpec, StopReason, Task, Tokens, Tried, Verdict


@dataclass(frozen=True, slots=True)
class Learnt:
    """What a run has to teach a market."""

    id: str
    """Names the run by how it was made, wherever its folder lies."""
    folder: str
    tried: tuple[Tried, ...]
    left_out: Mapping[str, str]
    """Agent -> why its trials tell nothing here."""

    @property
    def tasks(self) -> int:
        """How many it was about."""
        return len({one.task.id for one in self.tried})

    def without(self, tasks: Sequence[Task]) -> Learnt:
        """The same without anything on some tasks, nor on others with their texts."""
        ids, texts = {one.id for one in tasks}, {one.text for one in tasks}
        tried = [one for one in self.tried if one.task.id not in ids and one.task.text not in texts]
        return Learnt(self.id, self.folder, tuple(tried), self.left_out)


def read_learnt(folder: Path, roster: Sequence[AgentSpec], revisions: Mapping[str, str]) -> Learnt:
    """Read what a run teaches about the agents of a market; `revisions` are those of their models.

    Tasks whose texts are kept nowhere, and trials of a SALE that kept no calls, teach nothing.
    Raises `InputError` for a folder that is no run of `sale bench`.
    """
    described = described_in(folder / RUN)
    told = described.get("agents")
    if not isinstance(told, list):
        raise InputError(
            f"run {str(folder)!r}: there is no {RUN} that names its agents; give a folder that "
            "`sale bench` wrote"
        )
    then = {
        one["name"]: one.get("revision")
        for one in told
        if isinstance(one, dict) and isinstance(one.get("name"), str)
    }
    specs = {spec.name: spec for spec in roster}
    left_out = {name: "the market has no such agent" for name in then if name not in specs}
    left_out |= {
        name: "it is another model by now"
        for name in then
        if name in specs and then[name] != revisions[name]
    }
    listed = {one.name: one for one in lines_of(folder / TASKS, Listed)}
    tried = [
        work
        for trial in read_trials(folder)
        if trial.agent in specs and trial.agent in then and trial.agent not in left_out
        if trial.task in listed and trial.stop_reason is not StopReason.CRASHED
        for work in _works(trial, listed[trial.task], specs[trial.agent])
    ]
    return Learnt(_id(described), folder.resolve().name, tuple(tried), left_out)


def _works(trial: Trial, listed: Listed, spec: AgentSpec) -> Iterator[Tried]:
    """The works of a trial: all of it, or each sample of an answer that is one piece of code.

    A sample is only followed by another one where it failed its visible checks.
    """
    if listed.text is None or trial.played is None:
        return
    task = Task(listed.kind, listed.text, suite=listed.suite, name=listed.name)
    calls = trial.played.work_calls
    parts = [[one] for one in calls] if listed.in_one_reply and calls else [list(calls)]
    for at, part in enumerate(parts):
        last = at == len(parts) - 1
        failed = not last or trial.verified is Verdict.FAILED or trial.played.answer is None
        yield Tried(
            task,
            trial.agent,
            spec.version,
            False if failed else trial.solved,  # it is passed on, were it right ten times
            certain=failed or trial.grade is not None,
            failed=failed,
            tokens=_tokens(part),
            usd=_dollars(part),
            attempt=trial.attempt,
            again=at,
        )


def _tokens(calls: Sequence[Used]) -> Tokens:
    return Tokens(
        sum(one.prompt_tokens for one in calls),
        sum(one.cached_tokens for one in calls),
        sum(one.completion_tokens for one in calls),
    )


def _dollars(calls: Sequence[Used]) -> float | None:
    """None where the dollars of a call are unknown."""
    known = [one.usd for one in calls if one.usd is not None]
    return sum(known) if len(known) == len(calls) else None


def _id(described: Mapping[str, Any]) -> str:
    made_by = {name: one for name, one in described.items() if name != MADE_ON}
    text = json.dumps(made_by, sort_keys=True)
    return f"bench-{hashlib.sha256(text.encode(errors='replace')).hexdigest()[:12]}"
