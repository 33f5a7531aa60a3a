"""A run as logs of Inspect (inspect.aisi.org.uk): one for each policy on each suite.

Written from the published form of `EvalLog`, version 2, so nothing has to be installed to write
them. Texts are there as far as the auction memory has them; a task without one has its name for
input. Orders and attempts of one task are Inspect's epochs.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sale.bench.report.folder import RunFolder
from sale.bench.report.tasks import Records
from sale.bench.samples import Sample, Spending
from sale.bench.statistics.results import PolicyResult, Results
from sale.errors import InputError
from sale.types import Step

SCORER = "solved"
_NAME = 60


@dataclass(frozen=True, slots=True)
class _Texts:
    """What was said on a task, as far as it is on record and no secret."""

    task: str | None = None
    answer: str | None = None
    steps: tuple[Step, ...] = ()


def export_inspect(
    run: RunFolder,
    results: Results,
    out: Path,
    *,
    created: datetime,
    records: Records | None = None,
) -> tuple[Path, ...]:
    """Write the logs into a folder, and say which; the same run gives the same files."""
    grouped: dict[tuple[str, str], list[Sample]] = defaultdict(list)
    for one in run.samples:
        grouped[one.suite, one.policy].append(one)
    written = []
    try:
        out.mkdir(parents=True, exist_ok=True)
        for (suite, policy), samples in grouped.items():
            log = _log(run, results, suite, policy, samples, created=created, records=records)
            spec = log["eval"]
            stamp = spec["created"].replace(":", "-")
            path = out / f"{stamp}_{_safe(suite)}-{_safe(policy)}_{spec['task_id']}.json"
            path.write_text(json.dumps(log, ensure_ascii=True, indent=1) + "\n")
            written.append(path)
    except OSError as error:
        raise InputError(
            f"--out {str(out)!r} can't be written: {error.strerror or error}; name another folder"
        ) from error
    return tuple(written)


def _log(
    run: RunFolder,
    results: Results,
    suite: str,
    policy: str,
    samples: Sequence[Sample],
    *,
    created: datetime,
    records: Records | None,
) -> dict[str, Any]:
    found = results.suite(suite)
    figures = found.policy(policy) if found else None
    stamp = created.astimezone(UTC).replace(microsecond=0).isoformat()
    tasks = list(dict.fromkeys(one.task for one in samples))
    epochs, texts = _epochs(samples), _texts(run, records)
    model = f"sale/{policy}"
    return {
        "version": 2,
        "status": "success",
        "eval": {
            "run_id": _id(run.path.resolve().name, stamp),
            "eval_id": _id(suite, policy, stamp),
            "created": stamp,
            "task": suite or "tasks",
            "task_id": _id(suite, policy),
            "dataset": {"name": suite or None, "samples": len(tasks), "sample_ids": tasks},
            "model": model,
            "config": {"epochs": max(epochs.values(), default=1)},
            "packages": {},
            "metadata": dict(run.settings),
            "scorers": [{"name": SCORER}],
        },
        "plan": {"name": policy, "steps": [{"solver": policy}]},
        "results": _results(samples, figures),
        "stats": {
            "started_at": stamp,
            "completed_at": stamp,
            "model_usage": _usage(
                model, _total([one for s in samples for one in s.stages.values()])
            ),
        },
        "samples": [
            _sample(one, model, epochs[one.task, one.order, one.attempt], texts(one))
            for one in samples
        ],
    }


def _epochs(samples: Sequence[Sample]) -> Mapping[tuple[str, int, int], int]:
    """The number of each order and attempt of a task, from 1."""
    runs: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for one in samples:
        runs[one.task].append((one.order, one.attempt))
    return {
        (task, *run): epoch
        for task, held in runs.items()
        for epoch, run in enumerate(sorted(held), start=1)
    }


def _results(samples: Sequence[Sample], figures: PolicyResult | None) -> dict[str, Any]:
    scored = sum(one.solved is not None for one in samples)
    metrics = {}
    if figures is not None and figures.quality is not None:
        metrics["accuracy"] = {"name": "accuracy", "value": figures.quality.value}
        if figures.stderr is not None:
            metrics["stderr"] = {"name": "stderr", "value": figures.stderr}
    return {
        "total_samples": len(samples),
        "completed_samples": len(samples),
        "scores": [
            {
                "name": SCORER,
                "scorer": SCORER,
                "scored_samples": scored,
                "unscored_samples": len(samples) - scored,
                "metrics": metrics,
            }
        ],
    }


def _sample(one: Sample, model: str, epoch: int, texts: _Texts) -> dict[str, Any]:
    answer = texts.answer
    told = one.model_dump(mode="json", exclude={"task", "solved", "kind"}, exclude_defaults=True)
    sample: dict[str, Any] = {
        "id": one.task,
        "epoch": epoch,
        "input": texts.task or one.task,
        "target": "",
        "messages": list(_messages(texts)),
        "output": {"model": model, "choices": _choices(answer)},
        "scores": {},
        "metadata": told,
        "model_usage": _usage(model, _total(list(one.stages.values()))),
        "total_time": sum(spent.wall_s for spent in one.stages.values()) or None,
    }
    if one.solved is not None:
        sample["scores"][SCORER] = {"value": "C" if one.solved else "I", "answer": answer}
    return sample


def _messages(texts: _Texts) -> Iterator[dict[str, Any]]:
    """The task, then what the agents said and what came back."""
    if texts.task and texts.steps:
        yield {"role": "user", "content": texts.task}
    for step in texts.steps:
        yield {"role": "assistant", "content": step.reply}
        if step.observation:
            yield {"role": "user", "content": step.observation}


def _choices(answer: str | None) -> list[dict[str, Any]]:
    if answer is None:
        return []
    return [{"message": {"role": "assistant", "content": answer}, "stop_reason": "stop"}]


def _usage(model: str, spent: Spending) -> dict[str, Any]:
    if not spent.calls and not spent.completion_tokens:
        return {}
    return {
        model: {
            "input_tokens": max(spent.prompt_tokens - spent.cached_tokens, 0),
            "input_tokens_cache_read": spent.cached_tokens,
            "output_tokens": spent.completion_tokens,
            "total_tokens": spent.prompt_tokens + spent.completion_tokens,
            "total_cost": spent.usd,
        }
    }


def _total(stages: Sequence[Spending]) -> Spending:
    dollars = [one.usd for one in stages]
    return Spending(
        prompt_tokens=sum(one.prompt_tokens for one in stages),
        cached_tokens=sum(one.cached_tokens for one in stages),
        completion_tokens=sum(one.completion_tokens for one in stages),
        calls=sum(one.calls for one in stages),
        usd=None if None in dollars else sum(usd for usd in dollars if usd is not None),
    )


def _texts(run: RunFolder, records: Records | None) -> Callable[[Sample], _Texts]:
    """Looks up what was said: in the auctions, in the trials, in the list of tasks."""
    played = {(one.task, one.agent): one.played for one in run.trials if one.played}

    def texts(one: Sample) -> _Texts:
        if run.secret(one.task):
            return _Texts()
        listed = run.tasks.get(one.task)
        found = records.find(one) if records and one.auction else None
        if found is not None:
            answer = found.outcome.answer if found.outcome else None
            return _Texts(found.task.text, answer, found.steps)
        work = None if one.auction or one.agent is None else played.get((one.task, one.agent))
        return _Texts(listed.text if listed else None, work.answer if work else None)

    return texts


def _safe(name: str) -> str:
    """A name as part of a file's name."""
    return re.sub(r"[^A-Za-z0-9.]+", "-", name).strip("-.")[:_NAME] or "x"


def _id(*parts: str) -> str:
    return hashlib.sha256("\x00".join(parts).encode(errors="replace")).hexdigest()[:22]
