"""FrugalGPT: from cheap to dear until a learned scorer believes an answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np
from numpy.random import Generator

from sale.bench.executions import Array, Executions, Index
from sale.bench.policies.choosing import Came, budget_of, fittest, means
from sale.bench.policies.encoding import Encoder
from sale.bench.policies.protocol import Need
from sale.bench.policies.routers import inner_folds
from sale.bench.policies.views import NOBODY, Allocation, Desk, Flags, Training, Unseen, ran
from sale.errors import InputError

CANDIDATES = 8
"""Agents that chains are made of; with more, the abler ones of those that nobody dominates."""
MARKS = np.append(np.linspace(0, 0.95, 20), np.inf)
"""Quantiles of an agent's scores that its threshold is chosen among; beyond all: go on."""
WORDS = 100.0
"""Characters of an answer that count as one step of its logarithm."""


@dataclass(frozen=True, slots=True)
class Scorer:
    """How likely an answer is right, by the task's text, the answer and whose it is."""

    encoder: Encoder
    agents: int
    chance: Callable[[Array], Array]

    def scores(self, texts: Sequence[str], answers: Sequence[str], agents: Index) -> Array:
        """Shape (N,): for N pairs of a task and an answer."""
        return self.chance(features(self.encoder, texts, answers, agents, count=self.agents))


def features(
    encoder: Encoder, texts: Sequence[str], answers: Sequence[str], agents: Index, *, count: int
) -> Array:
    """The vectors of task and answer, their likeness, the answer's length, and whose it is."""
    tasks, said = encoder.texts(texts), encoder.texts(answers)
    alike = (tasks * said).sum(axis=1, keepdims=True)
    length = np.log1p(np.array([[len(answer)] for answer in answers]) / WORDS)
    return np.hstack([tasks, said, alike, length.reshape(-1, 1), np.eye(count)[agents]])


def learn_scorer(training: Training) -> Scorer:
    """Fit the scorer to every answer whose outcome is known."""
    from sklearn.linear_model import LogisticRegression

    table, encoder = training.table, training.encoder
    count = len(table.agents)
    tasks, agents = np.nonzero(ran(table) & ~np.isnan(table.solved))
    right = table.solved[tasks, agents]
    if len(np.unique(right)) < 2:
        mean = float(right.mean()) if len(right) else np.nan
        return Scorer(encoder, count, lambda rows: np.full(len(rows), mean))
    texts = [table.texts[task] for task in tasks]
    answers = [table.answers[t][a] for t, a in zip(tasks, agents, strict=True)]
    rows = features(encoder, texts, answers, agents, count=count)
    model = LogisticRegression(max_iter=1000).fit(rows, right)
    return Scorer(encoder, count, lambda rows: np.asarray(model.predict_proba(rows)[:, 1]))


@dataclass(frozen=True, slots=True)
class Chain:
    """Who is asked in which order, and from which score on an answer is believed."""

    agents: tuple[int, ...]
    thresholds: tuple[float, ...]
    """Of all agents but the last, whose answer is kept in any case."""


@dataclass(frozen=True, slots=True)
class Cascade:
    """A fitted FrugalGPT."""

    chain: Chain
    scorer: Scorer

    def allocate(self, tasks: Unseen, desk: Desk, *, rng: Generator) -> Allocation:  # noqa: ARG002
        """Ask down the chain; who was never run on a task is passed over."""
        kept = np.full(len(tasks.tasks), NOBODY, dtype=np.intp)
        open_ = np.ones(len(kept), dtype=np.bool_)
        marks = (*self.chain.thresholds, -np.inf)
        for agent, mark in zip(self.chain.agents, marks, strict=True):
            at = np.flatnonzero(open_ & tasks.ran[:, agent])
            if not len(at):
                continue
            who = np.full(len(at), agent)
            work = desk.hire(at, who)
            kept[at] = agent
            scores = self.scorer.scores([tasks.texts[task] for task in at], work.answers, who)
            open_[at] = ~(scores >= mark)
        return Allocation.certain(kept)


@dataclass(frozen=True, slots=True)
class FrugalGpt:
    """The chain of up to three agents and the thresholds that solve most within a budget."""

    budget: float | None = None
    """Mean dollars a task; None: what the best single agent costs on the training split."""
    length: int = 3
    name: str = "frugalgpt"
    needs: frozenset[Need] = frozenset({Need.TRAINING, Need.ANSWERS})

    def fit(self, training: Training, *, rng: Generator) -> Cascade:
        """Learn the scorer, and the chain from scores of inner folds."""
        table = training.table
        if len(table.tasks) < 2:
            raise InputError(f"{self.name}: it takes 2 training tasks or more")
        scores = _held_out(training, rng)
        whole = ~(np.isnan(scores) | np.isnan(table.solved) | np.isnan(table.dollars))
        budget = budget_of(table) if self.budget is None else self.budget
        chains, came = [], []
        for agents in _orders(table, self.length):
            rows = np.asarray(whole[:, agents].all(axis=1))
            for thresholds in _thresholds(scores[rows][:, agents]):
                chains.append(Chain(agents, thresholds))
                came.append(_came(table, scores, rows, chains[-1]))
        if not chains:
            raise InputError(
                f"{self.name}: there is no training task with known outcome and dollars; "
                "give the table dollars, or choose other policies"
            )
        return Cascade(chains[fittest(came, budget)], learn_scorer(training))


def _held_out(training: Training, rng: Generator) -> Array:
    """Each training answer's score by a scorer that saw other tasks, shape (T, A)."""
    table = training.table
    worked = ran(table)
    scores = np.full(worked.shape, np.nan)
    for train, test in inner_folds(len(table.tasks), rng):
        tasks, agents = np.nonzero(worked[test])
        tasks = test[tasks]
        scores[tasks, agents] = learn_scorer(training.part(train)).scores(
            [table.texts[task] for task in tasks],
            [table.answers[t][a] for t, a in zip(tasks, agents, strict=True)],
            agents,
        )
    return scores


def _orders(table: Executions, length: int) -> Iterator[tuple[int, ...]]:
    """All chains of some of the agents, each from cheap to dear."""
    solved, dollars = means(table.solved), means(table.dollars)
    known = np.flatnonzero(~np.isnan(solved) & ~np.isnan(dollars))
    if len(known) > CANDIDATES:
        free = [a for a in known.tolist() if not _dominated(a, known, solved, dollars)]
        known = np.array(sorted(free, key=lambda a: -solved[a])[:CANDIDATES])
    ranked = [int(agent) for agent in known[np.argsort(dollars[known], kind="stable")]]
    for size in range(1, length + 1):
        yield from combinations(ranked, size)


def _dominated(agent: int, others: Index, solved: Array, dollars: Array) -> bool:
    """Whether another agent is as able and as cheap, and better in one of the two."""
    abler, cheaper = solved[others] - solved[agent], dollars[agent] - dollars[others]
    return bool(((abler >= 0) & (cheaper >= 0) & ((abler > 0) | (cheaper > 0))).any())


def _thresholds(scores: Array) -> Iterator[tuple[float, ...]]:
    """The thresholds worth a try for a chain whose held-out scores have the shape (N, length)."""
    if len(scores):
        marks = [
            dict.fromkeys(float(np.quantile(one, q)) if q <= 1 else np.inf for q in MARKS)
            for one in scores.T[:-1]
        ]
        yield from product(*marks)


def _came(table: Executions, scores: Array, rows: Flags, chain: Chain) -> Came:
    """What a chain comes to on some tasks, by held-out scores."""
    *before, last = chain.agents
    solved, dollars = table.solved[rows, last], table.dollars[rows, last]
    for agent, mark in zip(reversed(before), reversed(chain.thresholds), strict=True):
        stops = scores[rows, agent] >= mark
        solved = np.where(stops, table.solved[rows, agent], solved)
        dollars = table.dollars[rows, agent] + np.where(stops, 0.0, dollars)
    return Came(float(solved.mean()), float(dollars.mean()))
