"""Run folders made up by a seed: what a benchmark of some policies could have come to."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sale.bench.listed import Listed
from sale.bench.samples import Sample, Spending
from sale.bench.trials import Trial
from sale.types import Kind, Stage, StopReason, Verdict

AGENTS = ("tiny-0.1b", "small-0.5b", "large-1.5b")
PRICES = (0.01, 0.06, 0.2)
SKILLS = (-2.0, 0.3, 1.6)
AUCTIONS = ("sale", "sale-nomem", "sale-norefine")
STAGES = ("bid", "rate", "refine", "execute", "verify")


@dataclass(frozen=True)
class World:
    """The truth behind a run: who solves what, and what it costs; arrays of tasks x agents."""

    tasks: tuple[tuple[str, str], ...]
    minutes: np.ndarray
    solved: np.ndarray
    usd: np.ndarray
    rng: np.random.Generator

    @staticmethod
    def of(tasks: int, *, seed: int = 0) -> World:
        rng = np.random.default_rng(seed)
        hard = rng.normal(size=tasks)
        odds = np.array(SKILLS)[None] - 1.6 * hard[:, None]
        solved = rng.random((tasks, len(AGENTS))) < 1 / (1 + np.exp(-odds))
        usd = np.array(PRICES)[None] * rng.lognormal(4.6, 0.5, (tasks, len(AGENTS))) / 1e6
        names = tuple(
            (("humaneval", f"HumanEval/{n}") if n % 3 else ("coding", f"merge-{n}"))
            for n in range(tasks)
        )
        return World(names, np.round(np.exp(1.2 + 1.3 * hard), 2), solved, usd, rng)


def samples(world: World, *, orders: int = 3, more: int = 0) -> list[Sample]:
    """Singles, a few routers, a cascade, auctions that learn over the stream, and the oracle."""
    count = len(world.tasks)
    found = []
    for place, agent in enumerate(AGENTS):
        found += _routed(world, f"single:{agent}", np.full(count, place))
    names = ["random", "knn", "carrot", *(f"router-{n}" for n in range(more))]
    for skew, name in enumerate(names):
        odds = np.array([1.0, 1.0 + skew % 4, 1.0 + 2 * (skew % 4)])
        chosen = world.rng.choice(3, count, p=odds / odds.sum())
        found += _routed(world, name, chosen, router_usd=1e-7 if skew else 0.0)
    found += _cascade(world)
    for name in AUCTIONS:
        for order in range(orders):
            found += _auctions(world, name, order)
    best = np.where(world.solved.any(axis=1), world.solved.argmax(axis=1), 0)
    return found + _routed(world, "oracle", best)


def _sample(world: World, policy: str, task: int, agent: int | None, **more) -> Sample:
    suite, name = world.tasks[task]
    more = {
        "place": task,
        "awards": () if agent is None else (AGENTS[agent],),
        "solved": False if agent is None else bool(world.solved[task, agent]),
        "kind": Kind.CODING,
        "minutes": float(world.minutes[task]),
        **more,
    }
    kept = None if agent is None else AGENTS[agent]
    return Sample(policy=policy, suite=suite, task=name, agent=kept, **more)


def _routed(world: World, policy: str, chosen: np.ndarray, router_usd: float = 0.0) -> list[Sample]:
    return [
        _sample(
            world,
            policy,
            task,
            int(agent),
            usd=float(world.usd[task, agent]) + router_usd,
            stages={Stage.EXECUTE: _spent(world.usd[task, agent], 400)},
        )
        for task, agent in enumerate(chosen)
    ]


def _cascade(world: World) -> list[Sample]:
    found = []
    for task in range(len(world.tasks)):
        tried = next((n for n in range(3) if world.solved[task, n]), 2)
        usd = float(world.usd[task, : tried + 1].sum())
        awards = AGENTS[: tried + 1]
        stages = {Stage.EXECUTE: _spent(usd, 600)}
        verified = Verdict.PASSED if world.solved[task, tried] else Verdict.FAILED
        found.append(
            _sample(
                world,
                "verify-cascade",
                task,
                tried,
                awards=awards,
                usd=usd,
                stages=stages,
                verified=verified,
            )
        )
    return found


def _auctions(world: World, policy: str, order: int) -> list[Sample]:
    found, count = [], len(world.tasks)
    stream = world.rng.permutation(count)
    for place, task in enumerate(stream):
        wise = 0.35 + (0.4 * place / count if policy == "sale" else 0.0)
        best = int(world.solved[task].argmax())
        agent = best if world.rng.random() < wise else int(world.rng.integers(3))
        work = float(world.usd[task, agent])
        bids = 0.9e-5 * float(world.rng.lognormal(0, 0.2))
        stages = {
            Stage.BID: _spent(bids, 260),
            Stage.RATE: _spent(0.6 * bids, 42),
            Stage.REFINE: _spent(0.0 if policy == "sale-norefine" else 0.2 * bids, 80),
            Stage.EXECUTE: _spent(work, 400),
            Stage.VERIFY: Spending(wall_s=0.3),
        }
        found.append(
            _sample(
                world,
                policy,
                int(task),
                agent,
                order=order,
                place=place,
                stages=stages,
                usd=sum(one.usd or 0.0 for one in stages.values()),
                auction=f"{policy[-4:]}{order}{task:08x}".replace("-", "0"),
                verified=Verdict.PASSED if world.solved[task, agent] else Verdict.FAILED,
            )
        )
    return found


def _spent(usd: float, tokens: int) -> Spending:
    return Spending(
        prompt_tokens=4 * tokens,
        cached_tokens=2 * tokens,
        completion_tokens=tokens,
        calls=3,
        wall_s=tokens / 60,
        usd=float(usd),
    )


def trials(world: World) -> list[Trial]:
    """Every agent's bid, its ratings by three jurors that know a little, and its work."""
    found = []
    for task, (_, name) in enumerate(world.tasks):
        for place, agent in enumerate(AGENTS):
            right = bool(world.solved[task, place])
            noise = world.rng.normal(size=3)
            ratings = np.clip(2.4 + np.array([0.1, 0.5, 1.0]) * right + 0.8 * noise, 0, 5)
            found.append(
                Trial(
                    task=name,
                    kind=Kind.CODING,
                    agent=agent,
                    price=PRICES[place],
                    tokens=int(world.rng.integers(40, 120)),
                    entropy=float(world.rng.gamma(3, 0.2)),
                    ratings=dict(zip(AGENTS, ratings.tolist(), strict=True)),
                    verified=Verdict.PASSED if right else Verdict.FAILED,
                    grade=float(right),
                    stop_reason=StopReason.ANSWERED,
                    usd=float(world.usd[task, place]),
                    auction_usd=1e-5,
                    wall_s=6.0,
                )
            )
    return found


def write_run(
    folder: Path,
    lines: Sequence[Sample],
    tried: Sequence[Trial] = (),
    *,
    described: bool = True,
    listed: Sequence[Listed] = (),
) -> Path:
    """Put a run into a folder as `sale bench` does."""
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "samples.jsonl", lines)
    if tried:
        _write(folder / "trials.jsonl", tried)
    if listed:
        _write(folder / "tasks.jsonl", listed)
    if described:
        agents = [
            {"name": name, "model": name, "price": [price / 4, price / 40, price]}
            for name, price in zip(AGENTS, PRICES, strict=True)
        ]
        told = {"sale": "0.1.0", "seed": 7, "agents": agents, "made_on": {"cpu": {"cores": 2}}}
        (folder / "run.json").write_text(json.dumps(told))
    return folder


def made_run(folder: Path, tasks: int = 60, *, seed: int = 0, orders: int = 3, more: int = 0):
    """A whole run folder."""
    world = World.of(tasks, seed=seed)
    listed = [
        Listed(name=name, id=f"{n}", suite=suite, kind=Kind.CODING, text="x" * (n + 1))
        for n, (suite, name) in enumerate(world.tasks)
    ]
    held = samples(world, orders=orders, more=more)
    return write_run(folder, held, trials(world), listed=listed)


def _write(path: Path, lines: Sequence[Sample | Trial | Listed]) -> None:
    path.write_text("".join(f"{line.model_dump_json()}\n" for line in lines))
