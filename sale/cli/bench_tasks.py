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
from sale.bench.listed import Listed
from sale.bench.run import settings
from sale.cli.options import missing_models
from sale.errors import InputError, ModelError
from sale.market_file import MarketFile
from sale.tasks.contents import content_hash
from sale.tasks.contexts import CorpusMode, placed
from sale.tasks.exam import SuiteTask
from sale.tasks.suites import open_suite, split

PACKAGES = ("numpy", "scikit-learn", "ray", "sentence-transformers", "xllamacpp", "vllm")


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
                typer.echo(f"sale: {task.id}: {notice}", err=True)
        return tasks


@dataclass(frozen=True)
class Asked:
    """The tasks of a run by their names in it, in order, and the market."""

    by_suite: Mapping[str, Sequence[SuiteTask]]
    file: MarketFile
    source: str
    seed: int

    @staticmethod
    def of(
        suites: Sequence[str], choice: Choice, file: MarketFile, source: str, *, seed: int
    ) -> Asked:
        """Read the suites; raises `InputError` for one that can't be read or is named twice."""
        if len(set(suites)) < len(suites):
            raise InputError("a suite is named twice; give each suite once")
        return Asked({name: choice.of(name) for name in suites}, file, source, seed)

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
                text=None if task.secret else task.task.text,
            )
            for name, suite, task in self._named()
        }

    @property
    def secret(self) -> bool:
        """Whether the authors of a suite ask that nothing of it is kept in clear."""
        return any(task.secret for task in self.tasks.values())

    @cached_property
    def seeds(self) -> dict[str, int]:
        """Of each task, by name."""
        return {name: self.seed + place for place, name in enumerate(self.tasks)}

    def settings(self) -> dict[str, Any]:
        """What makes another run the same."""
        apart = {"agent", "ray", "memory", "privacy"}
        rest = self.file.model_dump(mode="json", exclude=apart, exclude_defaults=True)
        return settings(
            list(self.by_suite),
            {name: content_hash([task]) for name, task in self.tasks.items()},
            self.file.roster,
            {spec.name: revision(spec) for spec in self.file.roster},
            seed=self.seed,
            market=hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest(),
        )

    def check_models(self) -> None:
        """Raise `ModelError` where a model isn't on this machine."""
        if missing := missing_models(self.file):
            names = ", ".join(missing)
            raise ModelError(f"models not on this machine: {names}; run `sale models pull`")

    def _named(self) -> list[tuple[str, str, SuiteTask]]:
        named = []
        for suite, held in self.by_suite.items():
            stem = Path(suite).name.removesuffix(".jsonl").removesuffix(".json")
            lead = f"{Path(suite).stem}/" if len(self.by_suite) > 1 else ""
            named += [(lead + task.id, stem, task) for task in held]
        counts = Counter(name for name, _, _ in named)
        if twice := next((name for name, count in counts.items() if count > 1), None):
            raise InputError(f"two suites hold a task {twice!r}; give each suite once")
        return named


def chosen_agents(file: MarketFile, names: Sequence[str]) -> MarketFile:
    """The market with some of its agents alone; raises `InputError` for a name it hasn't."""
    known = [agent.name for agent in file.agent]
    if unknown := next((name for name in names if name not in known), None):
        raise InputError(f"--agents: no agent {unknown!r}; choose from {', '.join(known)}")
    if not names:
        return file
    return file.model_copy(update={"agent": tuple(a for a in file.agent if a.name in names)})


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
