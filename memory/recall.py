"""How lessons are drawn: near texts from the index, what teaches of them from SQL."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Select

from sale.memory.database import Database
from sale.memory.embedding import Embedder
from sale.memory.lessons import (
    Past,
    any_query,
    draw_lessons,
    most_similar,
    past_of,
    past_of_few,
    plan_pairs,
)
from sale.memory.vectors import Vectors
from sale.types import Kind, Lesson, Task

POOL = 8
"""Texts looked at for each lesson asked for, so that those that teach nothing are replaced."""

WIDER = 4
MOST = 2048
"""Each time too few of the near texts teach anything, this many times as many are looked at."""

SPARE = 2
"""Pairs of plans read for each lesson asked for, so that equal plans are replaced."""


class Recall:
    """Lessons of one memory; what it has loaded serves every draw."""

    def __init__(self, database: Database, factory: Callable[[], Embedder]) -> None:
        self._database = database
        self._vectors = Vectors(database, factory)

    def has_lessons(self, kind: Kind, agent: str) -> bool:
        """Tell cheaply, without an embedding model, whether there is anything to learn from."""
        with self._database.read() as session:
            return session.scalar(any_query(kind, agent)) is not None

    def lessons(self, task: Task, *, agent: str, k: int) -> list[Lesson]:
        """Draw up to `k` lessons for `agent` from similar tasks, nearest first."""
        if k < 1 or not self.has_lessons(task.kind, agent):
            return []
        query, n = self._vectors.of(task.text), POOL * k
        while True:
            numbers = self._vectors.index.nearest(query, n)
            past = self._past(past_of(task.kind, agent), some=numbers)
            lessons = self._drawn(query, past, agent=agent, k=k)
            is_enough = len(lessons) == k and any(one.is_good for one in past)
            if is_enough or n >= len(self._vectors.index):
                return lessons
            if n >= MOST:
                model = self._vectors.embedder.name
                more = self._past(past_of_few(task.kind, agent, model=model))
                return self._drawn(query, [*past, *more], agent=agent, k=k)
            n *= WIDER

    def _past(self, query: Select[*tuple[Any, ...]], **names: Any) -> list[Past]:
        with self._database.read() as session:
            return [Past(*row) for row in session.execute(query, names)]

    def _drawn(
        self, query: NDArray[np.float32], past: Sequence[Past], *, agent: str, k: int
    ) -> list[Lesson]:
        chosen = most_similar(query, past)
        pairs: dict[str, tuple[str, str]] = {}
        lessons: list[Lesson] = []
        for start in range(0, len(chosen), SPARE * k):
            auctions = [one.auction for one, _ in chosen[start : start + SPARE * k]]
            with self._database.read() as session:
                pairs |= plan_pairs(session, auctions, agent=agent)
            lessons = draw_lessons(chosen, pairs, k=k)
            if len(lessons) == k:
                break
        return lessons
