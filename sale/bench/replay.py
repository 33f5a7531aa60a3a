"""Policies on a table of outcomes: nothing runs, and each is fitted on other tasks than it gets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from sale.bench.executions import Executions, Index
from sale.bench.policies import (
    POLICIES,
    Encoder,
    Hindsight,
    Need,
    Policy,
    lacking,
    load_policy,
    play,
    quotas_of,
)
from sale.bench.samples import Sample
from sale.errors import InputError

FOLDS = 5
"""Unless told otherwise."""
MIXTURE = "mixture"
COPIED = "carrot"
"""Whose quotas the mixture has that is played where no policy is named."""
Split = tuple[Index, Index]
"""Places of the tasks that are learnt from, and of those that are allocated."""
Doing = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Replayed:
    """What the policies came to."""

    samples: tuple[Sample, ...]
    left_out: Mapping[str, str] = field(default_factory=dict)
    """Policy -> why it could not run."""


def named(names: Sequence[str], agents: Sequence[str]) -> tuple[str, ...]:
    """The policies of some names, each once; no names are all policies.

    `single` is one for each agent.
    """
    everything = [name if name != MIXTURE else f"{MIXTURE}:{COPIED}" for name in POLICIES]
    singles = [f"single:{agent}" for agent in agents]
    found: list[str] = []
    for name in names or everything:
        found += singles if name == "single" else [name]
    return tuple(dict.fromkeys(found))


def folds_of(table: Executions, count: int, *, seed: int) -> tuple[Split, ...]:
    """Cut the tasks into folds, each allocated by what was learnt from the others.

    Tasks with the same text, or with the same name where there are no texts, stay together, so
    that none is learnt by heart under the name of another suite.
    """
    from sklearn.model_selection import GroupKFold

    groups = _groups(table)
    there = different(table)
    if there < count:
        raise InputError(
            f"{there} different tasks can't be cut into {count} folds; give fewer folds or more "
            "tasks"
        )
    folds = GroupKFold(count, shuffle=True, random_state=seed)
    return tuple(folds.split(groups, groups=groups))


def split_of(table: Executions, share: float, *, seed: int) -> tuple[Split, ...]:
    """Learn from a share of the tasks, and allocate the rest alone."""
    from sklearn.model_selection import GroupShuffleSplit

    groups = _groups(table)
    there = different(table)
    if not 1 <= round(share * there) < there:
        raise InputError(
            f"--split {share:g} of {there} different tasks leaves none to learn from or none to "
            "report; give another share, or more tasks"
        )
    cut = GroupShuffleSplit(1, train_size=round(share * there), random_state=seed)
    return tuple((train, np.sort(test)) for train, test in cut.split(groups, groups=groups))


def splits_of(
    table: Executions, *, folds: int | None, split: float | None, seed: int
) -> tuple[Split, ...]:
    """A split, else folds: so many, or as many as are usual and possible; a single one is none."""
    if split is not None:
        return split_of(table, split, seed=seed)
    count = min(FOLDS, different(table)) if folds is None else folds
    return folds_of(table, count, seed=seed) if count > 1 else ()


def different(table: Executions) -> int:
    """How many tasks there are that nobody could learn by heart from another."""
    return len(np.unique(_groups(table)))


def _groups(table: Executions) -> Index:
    names = table.texts if any(table.texts) else table.tasks
    known = {name: place for place, name in enumerate(dict.fromkeys(names))}
    # A task without a text is like no other.
    alone = len(known)
    return np.array(
        [known[name] if name else alone + place for place, name in enumerate(names)], dtype=np.intp
    )


def replay(
    table: Executions,
    names: Sequence[str],
    *,
    splits: Sequence[Split],
    encoder: Encoder,
    seed: int = 0,
    doing: Doing = lambda _: None,
    done: Doing = lambda _: None,
) -> Replayed:
    """Play policies on all tasks that some split allocates.

    A policy that learns is played once for each split; the others at once. Without splits
    nothing can be learnt. `mixture:NAME` has the quotas of the policy NAME, which is played
    for them where it isn't named.
    """
    tasks = np.sort(np.concatenate([test for _, test in splits])) if splits else None
    stage = _Stage(table, splits, tasks, encoder, seed)
    played: dict[str, list[Sample]] = {}
    left_out: dict[str, str] = {}
    for name in names:
        doing(name)
        try:
            _play(stage, name, played)
        except InputError as error:
            left_out[name] = str(error)
        done(name)
    samples = [sample for name in names for sample in played.get(name, ())]
    return Replayed(tuple(samples), left_out)


@dataclass(frozen=True, slots=True)
class _Stage:
    """What all policies of a replay are played on."""

    table: Executions
    splits: Sequence[Split]
    tasks: Index | None
    encoder: Encoder
    seed: int

    def samples(self, policy: Policy | Hindsight) -> list[Sample]:
        if reason := lacking(policy, self.table, self.encoder, trained=bool(self.splits)):
            raise InputError(reason)
        return [
            sample.model_copy(update={"place": int(places[sample.place])})
            for train, places in self._parts(policy)
            for sample in play(
                policy,
                self.table.part(places),
                None if train is None else self.table.part(train),
                seed=self.seed,
                encoder=self.encoder,
            )
        ]

    def _parts(self, policy: Policy | Hindsight) -> Iterator[tuple[Index | None, Index]]:
        if Need.TRAINING in getattr(policy, "needs", ()):
            yield from self.splits
        else:
            yield None, np.arange(len(self.table.tasks)) if self.tasks is None else self.tasks


def _play(stage: _Stage, name: str, played: dict[str, list[Sample]]) -> None:
    """Play a policy, and first the one that it copies."""
    kind, _, copied = name.partition(":")
    if name in played:
        return
    if kind == MIXTURE and copied:
        if copied.partition(":")[0] == MIXTURE:
            raise InputError(f"{name}: a mixture copies no mixture; name a policy that chooses")
        _play(stage, copied, played)
        policy = load_policy(MIXTURE, quotas=quotas_of(played[copied]), name=name)
    else:
        policy = load_policy(name)
    samples = stage.samples(policy)
    played[name] = sorted(samples, key=lambda sample: sample.place)
