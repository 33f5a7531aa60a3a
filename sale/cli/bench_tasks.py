"""What `sale bench` is to work on: the tasks of its suites, and the market that it is asked of."""

from __future__ import annotations

import hashlib
import json
import platform
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil
import typer

from sale.agents.calls.key import revision
from sale.agents.kinds import check_inputs
from sale.bench.learning import Learnt
from sale.bench.listed import Listed
from sale.bench.run import settings
from sale.bench.statistics.results import ALL
from sale.cli.options import missing_models
from sale.cli.text import plain
from sale.errors import InputError, ModelError
from sale.market_file import MarketFile
from sale.tasks.contents import content_hash
from sale.tasks.contexts import CorpusMode, placed
from sale.tasks.exam import SuiteTask
from sale.tasks.suites import open_suite, split

PACKAGES = ("numpy", "scikit-learn", "ray", "sentence-transformers", "xllamacpp", "vllm")


@dataclass(frozen=True, slots=True)
class Means:
    """What a run may use."""

    calls: Path | None
    """The cache of model calls; None: every call is made anew."""
    judge: str | None
    attempts: int
    workers: int
    usd: float | None
    """Dollars at which it stops."""
    bids: bool = True
    """Whether there are to be auctions that ask for bids on every task."""
    warm: Learnt | None = None
    """What another run has taught, for memories that begin with it."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which tasks of each suite, and where they are looked at."""

    limit: int | None
    every: int
    mode: CorpusMode | None
    where: str | None

    def of(self, name: str) -> tuple[SuiteTask, ...]:
        """The tasks of a suite, or the one of `SUITE#ID`, with what they look at."""
        path, wanted = split(name)
        suite = open_suite(path)
        tasks = suite.read_all().tasks if wanted is None else (suite.read(wanted),)
        chosen = tasks[:: self.every][: self.limit]
        tasks = placed(chosen, suite, mode=self.mode, where=self.where)
        for task in tasks:
            for notice in check_inputs(task.task):
                typer.echo(f"sale: {plain(task.id)}: {plain(notice)}", err=True)
        return tasks


@dataclass(frozen=True)
class Asked:
    """The tasks of a run by their names in it, in order, and the market."""

    by_suite: Mapping[str, Sequence[SuiteTask]]
    file: MarketFile
    source: str
    seed: int
    judge: str | None

    @staticmethod
    def of(
        suites: Sequence[str],
        choice: Choice,
        file: MarketFile,
        source: str,
        *,
        seed: int,
        judge: str | None,
    ) -> Asked:
        """Read the suites; raises `InputError` for one that can't be read or is named twice."""
        stems = [stem(name) for name in suites]
        if twice := next((name for name in stems if stems.count(name) > 1), None):
            raise InputError(
                f"two suites are called {twice!r}; give each once, or rename the file of one"
            )
        if ALL in stems:
            raise InputError(f"a suite can't be called {ALL!r}; rename its file")
        by_suite = {name: choice.of(one) for name, one in zip(stems, suites, strict=True)}
        asked = Asked(by_suite, file, source, seed, judge)
        asked.check()
        return asked

    def check(self) -> None:
        """Raise `InputError` for what could not be compared later."""
        ids = Counter(task.task.id for task in self.tasks.values())
        if twice := next((n for n, t in self.tasks.items() if ids[t.task.id] > 1), None):
            raise InputError(f"task {twice!r} is there twice; give each task once")
        kinds = {task.task.kind for task in self.tasks.values()}
        jurors = [spec for spec in self.file.roster if spec.name in self.file.jury]
        if narrow := next((spec for spec in jurors if not kinds <= spec.kinds), None):
            raise InputError(
                f"agent {narrow.name!r} is a juror but doesn't take all tasks of this run, so its "
                "ratings could not be paid for; leave it out of [auction] jury, or run the kinds "
                "apart"
            )

    @cached_property
    def tasks(self) -> dict[str, SuiteTask]:
        """By name; with several suites an id is led by its suite's name."""
        return {name: task for name, _, task in self._named()}

    @cached_property
    def listed(self) -> dict[str, Listed]:
        """What the run keeps of each task, by name."""
        return {
            name: Listed(
                name=name,
                id=task.task.id,
                suite=suite,
                kind=task.task.kind,
                minutes=task.human_minutes,
                text=None if self.secret else task.task.text,
                in_one_reply=task.task.in_one_reply,
            )
            for name, suite, task in self._named()
        }

    @property
    def secret(self) -> bool:
        """Whether the authors of a suite, or the market, ask that nothing is kept in clear."""
        hidden = self.file.privacy != "none"
        return hidden or any(task.secret for task in self.tasks.values())

    @cached_property
    def seeds(self) -> dict[str, int]:
        """Of each task, by name."""
        return {name: self.seed + place for place, name in enumerate(self.tasks)}

    def settings(self, warm: Learnt | None) -> dict[str, Any]:
        """What makes another run the same; `warm` is what memories of it begin with."""
        apart = {"agent", "ray", "memory", "privacy"}
        rest = self.file.model_dump(mode="json", exclude=apart, exclude_defaults=True)
        if "without" in rest.get("auction", {}):
            rest["auction"]["without"] = sorted(rest["auction"]["without"])
        return settings(
            list(self.by_suite),
            {name: content_hash([task]) for name, task in self.tasks.items()},
            self.file.roster,
            {spec.name: revision(spec) for spec in self.file.roster},
            seed=self.seed,
            judge=self.judge,
            market=hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest(),
            warm=None if warm is None else warm.id,
        )

    def check_models(self) -> None:
        """Raise `ModelError` where a model isn't on this machine."""
        if missing := missing_models(self.file):
            names = ", ".join(missing)
            raise ModelError(f"models not on this machine: {names}; run `sale models pull`")

    def _named(self) -> list[tuple[str, str, SuiteTask]]:
        named = []
        for suite, held in self.by_suite.items():
            lead = f"{suite}/" if len(self.by_suite) > 1 else ""
            named += [(lead + task.id, suite, task) for task in held]
        counts = Counter(name for name, _, _ in named)
        if twice := next((name for name, count in counts.items() if count > 1), None):
            raise InputError(f"two suites hold a task {twice!r}; give each suite once")
        return named


def stem(suite: str) -> str:
    """What a suite is called in a run: the name of its file or folder up to the first dot."""
    name = Path(split(suite)[0]).absolute().name
    return name.partition(".")[0] or name


def chosen_agents(file: MarketFile, names: Sequence[str]) -> MarketFile:
    """The market with some of its agents alone; raises `InputError` for a name it hasn't."""
    known = [agent.name for agent in file.agent]
    if unknown := next((name for name in names if name not in known), None):
        raise InputError(f"--agents: no agent {unknown!r}; choose from {', '.join(known)}")
    if not names:
        return file
    return file.model_copy(update={"agent": tuple(a for a in file.agent if a.name in names)})


def check_means(file: MarketFile, workers: int, usd: float | None) -> None:
    """Raise `InputError` for workers or a budget that the market's agents can't keep."""
    busiest = min(file.roster, key=lambda spec: spec.slots * spec.replicas)
    if workers > (most := busiest.slots * busiest.replicas):
        raise InputError(
            f"--workers {workers}: agent {busiest.name!r} serves {most} at a time; give it more "
            "`slots` or `replicas` in the market file, or take fewer workers"
        )
    unpriced = next((spec.name for spec in file.roster if spec.price is None), None)
    if usd is not None and unpriced:
        raise InputError(
            f"--budget can't be kept: agent {unpriced!r} has no price; give one in the market "
            "file, or leave the budget out"
        )


def machine() -> dict[str, Any]:
    """What a run is made on, as far as its figures depend on it."""
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": psutil.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "packages": {name: found for name in PACKAGES if (found := _version(name))},
    }


def _version(name: str) -> str | None:
    try:
        return version(name)
    except ModuleNotFoundError:
        return None
