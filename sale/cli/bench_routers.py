"""Routers, cascades and bounds on the trials of a run, as `sale replay` plays them on a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import typer

from sale.agents.backends.embedder import embedder_if_here
from sale.bench.executions import Executions
from sale.bench.listed import executions_of
from sale.bench.policies import Encoder, load_policy, play, quotas_of
from sale.bench.replay import Replayed, Split, different, folds_of, replay, split_of
from sale.bench.run import Run
from sale.bench.samples import Sample
from sale.bench.streams import work_of
from sale.bench.trials import Trial
from sale.bench.variants import VARIANTS
from sale.cli.bars import bar
from sale.cli.bench_tasks import Asked
from sale.cli.text import plain
from sale.types import Stage

FOLDS = 5
MIXTURE = "mixture"
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
            asked, trials, auctions, names, folds=folds, split=split, quiet=quiet
        )
        made += [one.model_copy(update={"attempt": attempt}) for one in samples]
        left_out |= missing
    run.keep(made)
    for name, reason in left_out.items():
        typer.echo(f"sale: {plain(name)} is left out: {plain(reason)}", err=True)
    return left_out


def _play(
    asked: Asked,
    trials: Sequence[Trial],
    played: Sequence[Sample],
    names: Sequence[str],
    *,
    folds: int | None,
    split: float | None,
    quiet: bool,
) -> tuple[list[Sample], dict[str, str]]:
    """What everything that is no auction comes to in one attempt, and who was left out."""
    listed = list(asked.listed.values())
    table = executions_of(trials, listed, asked.file.roster)
    splits = _splits(table, folds, split, seed=asked.seed)
    encoder = Encoder(embedder_if_here() if any(table.texts) else None, table.suites)
    auctions = _by_policy(played)
    mixed = [_copied(name, auctions) for name in names if name.partition(":")[0] == MIXTURE]
    others = _expanded([name for name in names if name.partition(":")[0] != MIXTURE], table)
    with bar(total=len(others), doing="starting", quiet=quiet) as shown:
        found = replay(
            table,
            others,
            splits=splits,
            encoder=encoder,
            seed=asked.seed,
            doing=shown.doing,
            done=shown.done,
        )
    samples = [*found.samples, *_mixtures(mixed, auctions, found, table, seed=asked.seed)]
    told = {one.name: one for one in listed}
    by_cell = {(one.task, one.agent): one for one in trials}
    paid = [
        sample.model_copy(update={"kind": told[sample.task].kind, **_paid(sample, by_cell)})
        for sample in samples
    ]
    return paid, dict(found.left_out)


def _splits(
    table: Executions, folds: int | None, split: float | None, *, seed: int
) -> tuple[Split, ...]:
    if split is not None:
        return split_of(table, split, seed=seed)
    count = min(FOLDS, different(table)) if folds is None else folds
    return folds_of(table, count, seed=seed) if count > 1 else ()


def _expanded(names: Sequence[str], table: Executions) -> list[str]:
    """`single` is one policy for each agent."""
    singles = [f"single:{agent}" for agent in table.agents]
    return [one for name in names for one in (singles if name == "single" else [name])]


def _by_policy(samples: Sequence[Sample]) -> dict[str, list[Sample]]:
    found: dict[str, list[Sample]] = {}
    for sample in samples:
        if sample.policy in VARIANTS:
            found.setdefault(sample.policy, []).append(sample)
    return found


def _copied(name: str, auctions: Mapping[str, object]) -> str:
    """Whose quotas a mixture has: the auction's, unless it is told otherwise."""
    return name if ":" in name or COPIED not in auctions else f"{MIXTURE}:{COPIED}"


def _mixtures(
    names: Sequence[str],
    auctions: Mapping[str, Sequence[Sample]],
    found: Replayed,
    table: Executions,
    *,
    seed: int,
) -> list[Sample]:
    """Random choice with the quotas of a policy that was played; even ones where none is named."""
    made = []
    for name in dict.fromkeys(names):
        copied = name.partition(":")[2]
        samples = auctions.get(copied) or [one for one in found.samples if one.policy == copied]
        settings = {"quotas": quotas_of(samples)} if samples else {}
        made += play(load_policy(MIXTURE, name=name, **settings), table, seed=seed)
    return made


def _paid(sample: Sample, by_cell: Mapping[tuple[str, str], Trial]) -> dict[str, object]:
    """The grade of what was kept, and the tokens of everybody who worked."""
    kept = by_cell.get((sample.task, sample.agent or ""))
    trials = [by_cell[sample.task, agent] for agent in sample.awards]
    return {
        "grade": None if kept is None else kept.grade,
        "stages": {Stage.EXECUTE: work_of(trials)},
    }
