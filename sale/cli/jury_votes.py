"""The votes that `sale stats jury` measures: from the auction memory, or from a run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from sale.auction.votes import Vote, was_solved
from sale.bench.trials import first_tries
from sale.memory.ballots import CastBallot, read_ballots
from sale.memory.store import Store
from sale.types import Kind


def votes_of_memory(
    store: Store, *, kind: Kind | None, suite: str | None, since: float | None
) -> Iterator[Vote]:
    """Every vote on record, with what came of the plans that were carried out."""
    for ballot in read_ballots(store, kind=kind, suite=suite, since=since):
        yield _vote(ballot)


def votes_of_run(run: Path, *, kind: Kind | None) -> list[Vote]:
    """The votes of a run: a juror's ratings of all plans for a task."""
    ratings: dict[tuple[str, str], dict[str, float]] = defaultdict(dict)
    solved: dict[str, dict[str, bool]] = defaultdict(dict)
    for trial in first_tries(run):
        if kind is not None and trial.kind is not kind:
            continue
        if trial.solved is not None:
            solved[trial.task][trial.agent] = trial.solved
        for juror, rating in trial.ratings.items():
            ratings[trial.task, juror][trial.agent] = rating
    return [
        Vote(task, task, juror, by_agent, solved[task])
        for (task, juror), by_agent in ratings.items()
    ]


def _vote(ballot: CastBallot) -> Vote:
    results = {
        agent: was_solved(
            result.verified, result.stop_reason, answered=result.answered, grade=result.grade
        )
        for agent, result in ballot.results.items()
    }
    joint = ballot.calls <= 1 and ballot.bids == len(ballot.ratings)
    return Vote(
        task=ballot.task,
        panel=f"{ballot.auction}/{ballot.round}",
        juror=ballot.juror,
        ratings=ballot.ratings,
        solved={agent: right for agent, right in results.items() if right is not None},
        round=ballot.round,
        seed=ballot.seed if joint else None,
    )
