"""Routers, cascades and bounds on the trials of a run, as `sale replay` plays them on a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from sale.agents.backends.embedder import embedder_if_here
from sale.bench.executions import Executions
from sale.bench.listed import executions_of
from sale.bench.policies import Encoder, load_policy, play, quotas_of
from sale.bench.replay import MIXTURE, replay, splits_of
from sale.bench.run import Run
from sale.bench.samples import Sample
from sale.bench.streams import work_of
from sale.bench.trials import Trial
from sale.bench.variants import VARIANTS
from sale.cli.bars import bar
from sale.cli.bench_tasks import Asked
from sale.types import Stage

COPIED = "sale"


def play_others(
    asked: Asked,
    run: Run,
    names: Sequence[str],
    *,
    attempts: int,
    folds: int | None,
    split: float | None,
    quiet: bool,
) -> dict[str, str]:
    """Play everything that is no auction, and keep it; returns who was left out, and why."""
    made, left_out = [], dict[str, str]()
    for attempt in range(attempts):
        trials = [one for one in run.trials() if one.attempt == attempt]
        auctions = [one for one in run.samples() if one.attempt == attempt]
        samples, missing = _play(
            asked,
            trials,
            auctions,
            names,
            folds=folds,
            split=split,
            seed=asked.seed + attempt,
            quiet=quiet,
        )
        made += [one.model_copy(update={"attempt": attempt}) for one in samples]
        left_out |= missing
    run.keep(made)
    return left_out


def _play(
    asked: Asked,
    trials: Sequence[Trial],
    played: Sequence[Sample],
    names: Sequence[str],
    *,
    folds: int | None,
    split: float | None,
    seed: int,
    quiet: bool,
) -> tuple[list[Sample], dict[str, str]]:
    """What everything that is no auction comes to in one attempt, and who was left out."""
    listed = list(asked.listed.values())
    table = executions_of(trials, listed, asked.file.roster)
    splits = splits_of(table, folds=folds, split=split, seed=asked.seed)
    places = np.sort(np.concatenate([test for _, test in splits])) if splits else None
    reported = table if places is None else table.part(places)
    encoder = Encoder(embedder_if_here() if any(table.texts) else None, table.suites)
    auctions = _by_policy(played)
    named = [_copied(name, auctions) for name in names]
    mixed = [name for name in named if _is_mixed(name)]
    others = _expanded([name for name in named if name not in mixed], table)
    with bar(total=len(others), doing="starting", quiet=quiet) as shown:
        found = replay(
            table,
            others,
            splits=splits,
            encoder=encoder,
            seed=seed,
            doing=shown.doing,
            done=shown.done,
        )
    left_out = dict(found.left_out)
    mixtures = _mixtures(mixed, auctions, reported, left_out, seed=seed)
    samples = [*found.samples, *mixtures]
    told = {one.name: one for one in listed}
    by_cell = {(one.task, one.agent): one for one in trials}
    paid = [
        sample.model_copy(update={"kind": told[sample.task].kind, **_paid(sample, by_cell)})
        for sample in samples
    ]
    return paid, left_out


def _expanded(names: Sequence[str], table: Executions) -> list[str]:
    """`single` is one policy for each agent."""
    singles = [f"single:{agent}" for agent in table.agents]
    expanded = [one for name in names for one in (singles if name == "single" else [name])]
    return list(dict.fromkeys(expanded))


def _by_policy(samples: Sequence[Sample]) -> dict[str, list[Sample]]:
    found: dict[str, list[Sample]] = {}
    for sample in samples:
        if sample.policy in VARIANTS:
            found.setdefault(sample.policy, []).append(sample)
    return found


def _copied(name: str, auctions: Mapping[str, object]) -> str:
    """Whose quotas a mixture has: the auction's, unless it is told otherwise."""
    return f"{MIXTURE}:{COPIED}" if name == MIXTURE and COPIED in auctions else name


def _is_mixed(name: str) -> bool:
    """Whether it mixes agents as an auction did; routers are copied where they are played."""
    kind, _, copied = name.partition(":")
    return kind == MIXTURE and copied in VARIANTS


def _mixtures(
    names: Sequence[str],
    auctions: Mapping[str, Sequence[Sample]],
    table: Executions,
    left_out: dict[str, str],
    *,
    seed: int,
) -> list[Sample]:
    """Random choice with the quotas of auctions that were held; the others are left out."""
    made = []
    for name in dict.fromkeys(names):
        copied = name.partition(":")[2]
        if quotas := quotas_of(auctions.get(copied, ())):
            made += play(load_policy(MIXTURE, name=name, quotas=quotas), table, seed=seed)
        else:
            left_out[name] = f"no answer of {copied} is on record; add --policy {copied}"
    return made


def _paid(sample: Sample, by_cell: Mapping[tuple[str, str], Trial]) -> dict[str, object]:
    """The grade of what was kept, and the tokens of everybody who worked."""
    kept = by_cell.get((sample.task, sample.agent or ""))
    trials = [by_cell[sample.task, agent] for agent in sample.awards]
    grade: dict[str, object] = {"grade": None if kept is None else kept.grade}
    if any(one.played is None for one in trials):  # their calls are not on record
        return grade
    return {**grade, "stages": {Stage.EXECUTE: work_of(trials)}}
