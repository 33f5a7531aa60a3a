"""All figures of a run, from its samples."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sale.auction.calibration import Estimate
from sale.bench.executions import Array
from sale.bench.samples import Sample
from sale.bench.statistics import scores
from sale.bench.statistics.bootstrap import Question, answers, ratio
from sale.bench.statistics.cells import Cells, cells
from sale.bench.statistics.comparing import (
    Pair,
    hull_comparison,
    hull_mask,
    hull_question,
)
from sale.bench.statistics.curves import curves, largest_cost
from sale.bench.statistics.hull import aiq
from sale.bench.statistics.results import (
    ALL,
    Baseline,
    Comparison,
    PolicyResult,
    Results,
    SuiteResult,
)
from sale.bench.statistics.shares import allocation, bins, reliance, stream, weights
from sale.bench.statistics.singles import Singles, hull_points, largest_of, mean, singles, worth
from sale.bench.statistics.spending import overhead, per_task, stages
from sale.errors import InputError

ORACLE = "oracle"
KS = (1, 2, 3, 4, 5, 10, 20, 50, 100)
"""Of pass@k, as far as there are attempts."""

Key = tuple[str, int, str]
Answers = Mapping[Key, Estimate | None]


@dataclass(frozen=True, slots=True)
class _Scope:
    """What is known of one suite, or of all."""

    suite: str
    found: Cells
    field: Singles
    by_policy: Mapping[str, Sequence[Sample]]
    largest: str | None
    seed: int
    draws: int

    def rivals(self, row: int) -> dict[Baseline, int]:
        """The single agents that a policy is held against."""
        ends = {Baseline.LARGEST: self.field.largest, Baseline.BEST: self.field.best}
        return {name: one for name, one in ends.items() if one is not None and one != row}


def summarise(
    samples: Sequence[Sample],
    *,
    roster: Mapping[str, float | None],
    seed: int = 0,
    draws: int = 10_000,
) -> Results:
    """Work out every figure by policy and suite, and over all suites.

    `roster`: agent -> dollars per million output tokens, None where unknown; the dearest is the
    largest. The order of the samples changes nothing. Raises `InputError` where a sample is there
    twice, or where a suite has the name of all suites together.
    """
    _check(samples)
    suites = list(dict.fromkeys(one.suite for one in samples))
    policies = list(dict.fromkeys(one.policy for one in samples))
    ordered = sorted(samples, key=_place)
    found = []
    for suite in suites:
        own = [one for one in ordered if one.suite == suite]
        found.append(_suite(suite, own, policies, roster, seed, draws))
    if len(suites) == 1:
        found.append(_renamed(found[0]))
    elif suites:
        found.append(_suite(ALL, ordered, policies, roster, seed, draws))
    return Results(
        seed=seed, draws=draws, prices=roster, largest=largest_of(roster), suites=tuple(found)
    )


def _place(one: Sample) -> tuple[str, str, str, int, int]:
    return (one.policy, one.suite, one.task, one.attempt, one.order)


def _check(samples: Sequence[Sample]) -> None:
    if any(one.suite == ALL for one in samples):
        raise InputError(f"a suite is called {ALL!r}, which means all suites; give it another name")
    for place, many in Counter(map(_place, samples)).most_common(1):
        if many > 1:
            policy, _, task, attempt, order = place
            raise InputError(
                f"{many} samples of policy {policy!r} on task {task!r} have attempt {attempt} and "
                f"order {order}; give each once"
            )


def _renamed(suite: SuiteResult) -> SuiteResult:
    """The only suite as all of them."""
    policies = tuple(one.model_copy(update={"suite": ALL}) for one in suite.policies)
    return suite.model_copy(update={"suite": ALL, "policies": policies})


def _suite(
    name: str,
    samples: Sequence[Sample],
    policies: Sequence[str],
    roster: Mapping[str, float | None],
    seed: int,
    draws: int,
) -> SuiteResult:
    unpriced = {agent for agent, price in roster.items() if price is None}
    by_policy: dict[str, list[Sample]] = {policy: [] for policy in policies}
    for one in samples:
        by_policy[one.policy].append(one)
    found = cells(samples, unpriced=unpriced)
    field = singles(found, roster)
    scope = _Scope(name, found, field, by_policy, largest_of(roster), seed, draws)
    rows = {policy: found.rows([policy])[0] for policy, own in by_policy.items() if own}
    told = answers(_questions(scope), draws=draws, seed=seed)
    results = tuple(_policy(scope, row, told) for row in rows.values())
    most = largest_cost(found)
    corners, tasks = hull_points(found, field.hull)
    usd, quality = (
        np.array([getattr(one, axis) for one in corners]) for axis in ("usd", "quality")
    )
    shares = {one.policy: one.reliance for one in results}
    return SuiteResult(
        suite=name,
        tasks=len(found.tasks),
        common=_common(found),
        best=None if field.best is None else field.agents[field.rows.index(field.best)],
        left_out=field.left_out,
        hull=corners,
        hull_tasks=tasks,
        hull_aiq=aiq(usd, quality, most),
        curves=curves(found, field, shares, largest_usd=most),
        worth=worth(found, field, seed=seed),
        policies=results,
    )


def _common(found: Cells) -> int:
    """The tasks that every policy has, at whatever attempt."""
    each = [found.counted(row) > 0 for row in found.there]
    return int(np.logical_and.reduce(each).sum())


def _questions(scope: _Scope) -> dict[Key, Question]:
    """Everything that the bootstrap is asked, in one drawing."""
    found, asked = scope.found, {}
    for row in range(len(found.policies)):
        known, priced = found.known([row]), found.priced([row])
        counted, both = found.counted(priced), found.counted(known)
        usd = found.column(found.usd[row], priced)
        asked["usd", row, ""] = ratio(usd, counted, counted)
        if not (known & ~priced).any():
            spent = found.column(found.usd[row], known)
            asked["solved", row, ""] = ratio(spent, found.column(found.solved[row], known), both)
        for name, rival in scope.rivals(row).items():
            pair = Pair.of(found, row, rival)
            asked |= {(key, row, name): one for key, one in pair.questions().items()}
        if scope.field.hull:
            asked["hull", row, ""] = hull_question(found, row, scope.field.hull)
    return asked


def _policy(scope: _Scope, row: int, told: Answers) -> PolicyResult:
    found, name = scope.found, scope.found.policies[row]
    own = scope.by_policy[name]
    priced = found.there[row] & found.priced([row])
    unpriced = found.counted(found.there[row] & ~priced)
    each, tasks = weights(own), int(found.counted(found.there[row]).sum())
    used = stages(own)
    tokens, wall = per_task(own, each)
    usd = told["usd", row, ""]
    attempts, pass_at, stderr = _quality(found, row, own)
    quality = pass_at.get(1)
    everywhere = None if unpriced.any() else usd
    return PolicyResult(
        policy=name,
        suite=scope.suite,
        tasks=tasks,
        known=int(found.counted(found.known([row])).sum()),
        usd_known=tasks - int(unpriced.sum()),
        samples=len(own),
        orders=len({one.order for one in own}),
        attempts=attempts,
        pass_at=pass_at,
        stderr=stderr,
        usd_per_task=everywhere,
        usd_per_solved=told.get(("solved", row, "")),
        usd_per_known_task=usd,
        wall_s_per_task=wall,
        tokens_per_task=tokens,
        stages=used,
        overhead=overhead(used),
        allocation=allocation(own),
        reliance=reliance(own, scope.largest),
        bins=bins(own),
        stream=stream(own),
        hull_gain=told.get(("hull", row, "")),
        oracle_capture=_capture(scope, row),
        arena=(
            scores.arena(quality.value, everywhere.value)
            if quality is not None and everywhere is not None
            else None
        ),
        comparisons=_comparisons(scope, row, told),
    )


def _quality(
    found: Cells, row: int, own: Sequence[Sample]
) -> tuple[int, dict[int, Estimate], float | None]:
    """The least attempts, pass@k by k, and the standard error of pass@1."""
    known = found.known([row])
    counted = found.counted(known) > 0
    if not counted.any():
        return 0, {}, None
    first: Array = found.column(found.solved[row], known)[counted]
    tasks = len(first)
    attempts, right, task = _attempts(own)
    least = int(attempts.min())
    pass_at = {1: scores.wilson(float(first.mean()), tasks)}
    for k in KS[1:]:
        if k <= least:
            each = np.bincount(task, scores.pass_at(attempts, right, k)) / np.bincount(task)
            pass_at[k] = scores.wilson(float(each.mean()), tasks)
    stderr = float(first.std(ddof=1) / np.sqrt(tasks)) if tasks > 1 else None
    return least, pass_at, stderr


def _attempts(own: Sequence[Sample]) -> tuple[Array, Array, np.ndarray]:
    """Attempts with a known outcome and those right, by task and order, and each one's task."""
    known = [one for one in own if one.solved is not None]
    tried = Counter((one.suite, one.task, one.order) for one in known)
    right = Counter((one.suite, one.task, one.order) for one in known if one.solved)
    code = {task: place for place, task in enumerate(dict.fromkeys(key[:2] for key in tried))}
    return (
        np.array(list(tried.values()), dtype=np.float64),
        np.array([right[key] for key in tried], dtype=np.float64),
        np.array([code[key[:2]] for key in tried], dtype=np.intp),
    )


def _capture(scope: _Scope, row: int) -> float | None:
    """The oracle capture, on the tasks where everything it needs is known."""
    oracle, best, found = scope.found.rows([ORACLE]), scope.field.best, scope.found
    if not oracle or best is None:
        return None
    mask = hull_mask(found, [row, best]) & found.known(oracle)
    if not mask.any():
        return None
    quality, single, most = (mean(found, found.solved[one], mask) for one in (row, best, *oracle))
    usd, paid = (mean(found, found.usd[one], mask) for one in (row, best))
    return scores.oracle_capture(quality, usd, (single, paid), most)


def _comparisons(scope: _Scope, row: int, told: Answers) -> tuple[Comparison, ...]:
    found, compared = scope.found, []
    for name, rival in scope.rivals(row).items():
        pair = Pair.of(found, row, rival)
        own = {key: told[key, row, name] for key in ("quality", "usd", "saving")}
        names = (found.policies[row], found.policies[rival])
        compared.append(pair.comparison(own, names=names, baseline=name))
    if scope.field.hull:
        gain = told["hull", row, ""]
        compared.append(hull_comparison(found, row, scope.field.hull, gain))
    return tuple(compared)
