"""How lessons are drawn: near texts from the index, what they teach from SQL."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Select

from sale.embedding import Embedder
from sale.errors import ModelError
from sale.memory.database import Database
from sale.memory.index import whole
from sale.memory.lessons import (
    ANY,
    BEYOND_FEW,
    FEW_PAST,
    NEAR_PAST,
    Past,
    best_of_each_text,
    fitting,
    nearest,
    read_lessons,
)
from sale.memory.past import read_past, read_vectors
from sale.memory.precedents import (
    NEAREST,
    near_texts,
    new_texts,
    newest_auctions,
    read_experience,
    tasks_of,
)
from sale.memory.trials import newest_tried
from sale.memory.vectors import Vectors
from sale.types import Experience, Kind, Lesson, PastAuction, Task

POOL = 6
"""Texts looked at for each lesson asked for, so that those that teach nothing are replaced."""

WIDER = 4
MOST = 1024
"""Each time too few of the near texts teach anything, this many times as many are looked at."""

SPARE = 2
"""Pairs of plans read for each lesson asked for, so that equal pairs are replaced."""

Vector = NDArray[np.float32]


class Recall:
    """Lessons of one memory; what it has loaded serves every draw."""

    def __init__(self, database: Database, factory: Callable[[], Embedder]) -> None:
        self._database = database
        self._vectors = Vectors(database, factory)

    def has_lessons(self, kind: Kind, agent: str) -> bool:
        """Tell cheaply, without an embedding model, whether there is anything to learn from."""
        with self._database.read() as session:
            return session.scalar(ANY, {"agent": agent, "kind": kind}) is not None

    def lessons(self, task: Task, *, agent: str, k: int) -> list[Lesson]:
        """Draw up to `k` lessons for `agent` from similar tasks, nearest first."""
        asked = {"agent": agent, "kind": task.kind}
        with self._database.read() as session:
            if k < 1 or session.scalar(ANY, asked) is None:
                return []
            are_many = session.scalar(BEYOND_FEW, asked) is not None
        if are_many:
            return self._among_many(task, agent=agent, k=k)
        query = self._vectors.of(task.text)
        return self._drawn(query, self._few(task.kind, agent), k=k)

    def experience(self, task: Task, *, blind: bool = False) -> Experience:
        """Read what came of earlier work; `blind` is without a look at any text."""
        with self._database.read() as session:
            newest = newest_auctions(session, task.kind)
            tried = newest_tried(session, task.kind)
            tasks = [*tasks_of(session, newest), *tried]
        if not tasks:
            return Experience()
        near = {} if blind else self._near(task, tasks)
        with self._database.read() as session:
            return read_experience(session, newest, tried, task.kind, near)

    def past(
        self, kind: Kind, *, suite: str | None, since: float | None, last: int, blind: bool
    ) -> tuple[list[PastAuction], Vector]:
        """Read ended auctions, oldest first, and the vectors of their tasks, zeros without any."""
        with self._database.read() as session:
            past, hashes = read_past(session, kind, suite=suite, since=since, last=last)
        nothing = np.zeros((len(past), 0), np.float32)
        if blind or not past:
            return past, nothing
        try:
            embedder = self._vectors.embedder
        except ModelError:
            return past, nothing
        kept = self._kept(hashes)
        while missing := [one for one in dict.fromkeys(hashes) if one not in kept]:
            if not self._vectors.embed(missing):
                break
            kept |= self._kept(missing)
        rows = np.zeros((len(past), embedder.width), np.float32)
        places, sound = whole([kept.get(one, b"") for one in hashes], width=embedder.width)
        rows[places] = sound
        return past, rows

    def _kept(self, hashes: Sequence[str]) -> dict[str, bytes]:
        with self._database.read() as session:
            return read_vectors(session, hashes, self._vectors.embedder.name)

    def _near(self, task: Task, tasks: Sequence[str]) -> dict[str, float]:
        """The cosines of texts that are near or new, by hash; none without a model."""
        try:
            query = self._vectors.of(task.text)
        except ModelError:
            return {}
        with self._database.read() as session:
            new = new_texts(session, tasks, model=self._vectors.embedder.name)
        if new:
            self._vectors.embed(new)
        numbers = self._vectors.index.nearest(query, NEAREST)
        with self._database.read() as session:
            hashes, vectors = near_texts(session, tasks, self._vectors.embedder.name, numbers)
        places, rows = whole(vectors, width=self._vectors.embedder.width)
        cosines = (rows @ query).tolist()
        return {hashes[at]: one for at, one in zip(places.tolist(), cosines, strict=True)}

    def _among_many(self, task: Task, *, agent: str, k: int) -> list[Lesson]:
        """Look at more and more of the nearest texts; at last at the agent's newest lessons."""
        query, n = self._vectors.of(task.text, sweep=True), POOL * k
        asked = {"agent": agent, "kind": task.kind}
        while True:
            numbers = self._vectors.index.nearest(query, n)
            past = self._past(NEAR_PAST, some=numbers, **asked)
            lessons = self._drawn(query, past, k=k)
            if len(lessons) == k and any(one.is_good for one in past):
                return lessons
            if not past or n >= MOST or n >= len(self._vectors.index):
                return self._drawn(query, [*past, *self._few(task.kind, agent)], k=k)
            n *= WIDER

    def _few(self, kind: Kind, agent: str) -> list[Past]:
        """Read an agent's newest lessons; some that have no sound vector are given one."""
        asked = {"agent": agent, "kind": kind, "model": self._vectors.embedder.name}
        past = self._past(FEW_PAST, **asked)
        sound = set(self._sound(past)[0])
        missing = [one.text_hash for place, one in enumerate(past) if place not in sound]
        if missing and self._vectors.embed(missing):
            past = self._past(FEW_PAST, **asked)
        return past

    def _drawn(self, query: Vector, past: Sequence[Past], *, k: int) -> list[Lesson]:
        best = best_of_each_text(past)
        good = [one for one in best if one.is_good] or best
        places, rows = self._sound(good)
        sound = [good[place] for place in places]
        found = nearest(query, rows, ranks=[one.rank for one in sound])
        chosen = [(sound[row], cosine) for row, cosine in found]
        read: list[Lesson] = []
        for start in range(0, len(chosen), SPARE * k):
            with self._database.read() as session:
                read += read_lessons(session, chosen[start : start + SPARE * k])
            if len(lessons := fitting(read, k=k)) == k:
                return lessons
        return fitting(read, k=k)

    def _sound(self, past: Sequence[Past]) -> tuple[list[int], Vector]:
        """Which of them have a vector that is not damaged, and these vectors."""
        places, rows = whole(
            [one.vector or b"" for one in past], width=self._vectors.embedder.width
        )
        return places.tolist(), rows

    def _past(self, query: Select[*tuple[Any, ...]], **asked: Any) -> list[Past]:
        with self._database.read() as session:
            return [Past(*row) for row in session.execute(query, asked)]
