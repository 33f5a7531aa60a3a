"""What a run folder holds, read with care: its lines may come from another machine or program."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sale.bench.listed import Listed
from sale.bench.reading import described_in, lines_of
from sale.bench.run import MADE_ON, MEMORIES, RUN, SAMPLES, TASKS
from sale.bench.samples import Sample
from sale.bench.trials import TRIALS, Trial, read_trials
from sale.errors import InputError

MEMORY = "memory.db"
_SETTINGS = ("sale", "created", "seed", "split", "folds", "attempts", "orders", "limit", MADE_ON)
"""What of `run.json` is shown, as far as it is there."""
LARGEST = 10**15
"""Of dollars, seconds, minutes, tokens and places."""
_DEPTH = 3
"""To which settings inside settings are told."""
_FIGURES = ("usd", "minutes", "place")


@dataclass(frozen=True, slots=True)
class RunFolder:
    """A run: what its policies came to, and what is known of how it was made."""

    path: Path
    samples: tuple[Sample, ...]
    trials: tuple[Trial, ...]
    """Every agent on every task; empty where the run has none."""
    roster: Mapping[str, float | None]
    """Agent -> dollars per million output tokens, cheapest first; None unknown, and last."""
    tasks: Mapping[str, Listed]
    """By name, as far as the run lists them."""
    settings: tuple[tuple[str, str], ...]
    """How it was made, in words: (what, value)."""
    notes: tuple[str, ...]
    """What is missing, and why that matters."""

    @property
    def lengths(self) -> dict[str, int]:
        """The letters of each task's text, where it is known."""
        return {name: len(one.text) for name, one in self.tasks.items() if one.text is not None}

    def secret(self, task: str) -> bool:
        """Whether the authors of a task ask that its text is nowhere kept in clear."""
        return task in self.tasks and self.tasks[task].text is None

    def memory(self, sample: Sample) -> Path | None:
        """The database that has the auction of a sample: its policy's and order's, or the run's."""
        name = f"{sample.policy}-{sample.order}.db"
        paths = [self.path / MEMORY]
        if Path(name).name == name and "\0" not in name:
            paths.insert(0, self.path / MEMORIES / name)
        return next((path for path in paths if path.is_file()), None)


def read_run(folder: Path) -> RunFolder:
    """Read a run folder; a last line that a crash has cut off is left out.

    Raises `InputError` with file, line and field of the first mistake.
    """
    samples = read_samples(folder)
    path = folder / TRIALS
    trials = read_trials(path) if path.is_file() else ()
    listed = lines_of(folder / TASKS, Listed) if (folder / TASKS).is_file() else []
    described = described_in(folder / RUN)
    notes = []
    if not trials:
        notes.append(f"There is no {TRIALS}, so nothing is said of the jurors and the bids.")
    if not described:
        notes.append(f"There is no {RUN}, so how the run was made is not known.")
    return RunFolder(
        path=folder,
        samples=samples,
        trials=trials,
        roster=_roster(described.get("agents"), trials, samples),
        tasks={one.name: one for one in listed},
        settings=tuple(_told(described)),
        notes=tuple(notes),
    )


def read_samples(folder: Path) -> tuple[Sample, ...]:
    """Read what the policies of a run came to; of the same one twice the later one counts."""
    path = folder / SAMPLES
    samples = lines_of(path, Sample)
    for number, one in enumerate(samples, start=1):
        _check(one, f"{path}:{number}")
    if not samples:
        raise InputError(f"{path} holds no samples yet; go on with `sale bench --resume`")
    return tuple({_key(sample): sample for sample in samples}.values())


def _key(sample: Sample) -> tuple[str, int, int, str, str]:
    return (sample.policy, sample.order, sample.attempt, sample.suite, sample.task)


def _check(sample: Sample, place: str) -> None:
    """Refuse figures that are no measurements: sums of them would overflow."""
    figures = [(name, getattr(sample, name)) for name in _FIGURES]
    for spent in sample.stages.values():
        figures += spent
    for name, value in figures:
        if value is not None and value > LARGEST:
            raise InputError(
                f"{place}: {name}: beyond {LARGEST:.0e}, so no measurement; mend or remove the line"
            )


def _roster(
    described: object, trials: Sequence[Trial], samples: Sequence[Sample]
) -> dict[str, float | None]:
    """Prices as the run tells them, else as its trials do; who only worked has an unknown one."""
    prices: dict[str, float | None] = {}
    for agent in described if isinstance(described, list) else ():
        if isinstance(agent, dict) and isinstance(agent.get("name"), str):
            prices[agent["name"]] = _output_price(agent.get("price"))
    for trial in trials:
        prices.setdefault(trial.agent, trial.price)
    for sample in samples:
        for agent in (sample.agent, *sample.awards):
            if agent is not None:
                prices.setdefault(agent, None)
    last = float("inf")
    return dict(sorted(prices.items(), key=lambda one: last if one[1] is None else one[1]))


def _output_price(price: object) -> float | None:
    """The last of (input, cached, output), or the price itself."""
    if isinstance(price, list):
        price = price[-1] if price else None
    known = isinstance(price, int | float) and not isinstance(price, bool) and 0 <= price < 1e12
    return float(price) if known and isinstance(price, int | float) else None


def _told(described: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    for name in _SETTINGS:
        value = described.get(name)
        if value is not None:
            yield name.replace("_", " "), _words(value)


def _words(value: object, *, depth: int = 0) -> str:
    if depth > _DEPTH:
        return "…"
    if isinstance(value, dict):
        return ", ".join(f"{key} {_words(one, depth=depth + 1)}" for key, one in value.items())
    if isinstance(value, list):
        return ", ".join(_words(one, depth=depth + 1) for one in value)
    return str(value)
