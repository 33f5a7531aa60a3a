"""Work that no auction awarded: what runs of `sale bench` have come to, as evidence for awards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from itertools import groupby
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from sale.memory.database import insert_missing
from sale.memory.inserting import insert_rows
from sale.memory.rows import task_columns
from sale.memory.runs import Run, run_columns
from sale.memory.tables import RunRow, TaskRow
from sale.memory.trial_tables import TrialRow
from sale.types import Kind, Precedent, Tokens, Tried

NEWEST = 256
"""Tasks of the kind that are looked at, those of the newest runs."""


def learn(session: Session, run: Run, tried: Sequence[Tried]) -> None:
    """Put the works of a run on record, in place of what was learnt from it before."""
    insert_missing(session, RunRow, [run_columns(run)])
    forget(session, run.id)
    tasks = {one.task.id: one.task for one in tried}
    if tasks:
        insert_missing(session, TaskRow, [task_columns(task) for _, task in sorted(tasks.items())])
    insert_rows(session, TrialRow, [_columns(run.id, one) for one in tried])


def forget(session: Session, run: str) -> int:
    """Take the works of a run off the record; returns how many there were."""
    gone = session.execute(
        delete(TrialRow).where(TrialRow.run_id == run).returning(TrialRow.run_id)
    )
    return len(gone.all())


def newest_tried(session: Session, kind: Kind) -> list[str]:
    """Name the tasks of a kind that the newest runs of trials had, by id."""
    newest = func.max(RunRow.started)
    query = (
        select(TrialRow.task_id)
        .join(TaskRow, TaskRow.id == TrialRow.task_id)
        .join(RunRow, RunRow.id == TrialRow.run_id)
        .where(TaskRow.kind == kind)
        .group_by(TrialRow.task_id)
        .order_by(newest.desc(), TrialRow.task_id)
        .limit(NEWEST)
    )
    return list(session.scalars(query))


def read_tried(
    session: Session, tasks: Sequence[str], kind: Kind, near: Mapping[str, float]
) -> Iterator[Precedent]:
    """Read the works on some tasks, and on those of the kind whose texts are in `near`.

    `near` has the cosine of some texts, by hash; what isn't there counts as unlike.
    """
    rows = session.execute(
        select(TrialRow, TaskRow.text_hash)
        .join(TaskRow, TaskRow.id == TrialRow.task_id)
        .where(TaskRow.kind == kind)
        .where(TrialRow.task_id.in_(tasks) | TaskRow.text_hash.in_(list(near)))
        .order_by(TrialRow.run_id, TrialRow.task_id, TrialRow.attempt)
        .order_by(TrialRow.agent, TrialRow.position)
    )
    for _, trial in groupby(rows, lambda one: (one[0].run_id, one[0].task_id, one[0].attempt)):
        works = list(trial)
        failed = _failed([row for row, _ in works])
        for row, text_hash in works:
            yield Precedent(
                row.agent,
                near.get(text_hash, 0.0),
                row.solved,
                failed[row.agent] + (row.agent,) * row.position,
                row.usd,
                version=row.version,
                tokens=Tokens(row.prompt_tokens, row.cached_tokens, row.completion_tokens),
                certain=row.certain,
            )


def _failed(works: Sequence[TrialRow]) -> dict[str, tuple[str, ...]]:
    """Who had failed at a task before each agent, had they worked one after the other.

    They did so side by side, each as if it were alone. One order, drawn by the names of task and
    agents, tells how likely one solves what others fail at without counting any work twice.
    """
    last = {row.agent: row for row in works}
    order = sorted(
        last, key=lambda agent: sha256(f"{last[agent].task_id} {agent}".encode()).digest()
    )
    return {
        agent: tuple(before for before in order[:place] if last[before].failed)
        for place, agent in enumerate(order)
    }


def _columns(run: str, one: Tried) -> dict[str, Any]:
    return {
        "run_id": run,
        "task_id": one.task.id,
        "agent": one.agent,
        "attempt": one.attempt,
        "position": one.again,
        "version": one.version,
        "solved": one.solved,
        "certain": one.certain,
        "failed": one.failed,
        "prompt_tokens": int(one.tokens.prompt),
        "cached_tokens": int(one.tokens.cached),
        "completion_tokens": int(one.tokens.completion),
        "usd": one.usd,
    }
