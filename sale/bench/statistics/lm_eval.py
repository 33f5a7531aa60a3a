"""Results in the keys that lm-evaluation-harness writes: a line for each suite and policy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sale import __version__

if TYPE_CHECKING:
    from sale.bench.statistics.results import PolicyResult, Results

HIGHER_IS_BETTER = {"usd_per_task": False, "usd_per_solved": False}
"""Of every metric that isn't pass@k."""
NAMELESS = "-"
UNKNOWN = "N/A"
"""What lm-evaluation-harness writes for a standard error that can't be told."""


def as_lm_eval(results: Results) -> dict[str, Any]:
    """Arrange results as its `results.json`; the name of a line is `SUITE/POLICY`."""
    rows = {_name(one): one for suite in results.suites for one in suite.policies}
    return {
        "results": {name: _metrics(name, one) for name, one in rows.items()},
        "group_subtasks": {
            suite.suite or NAMELESS: [_name(one) for one in suite.policies]
            for suite in results.suites
        },
        "configs": {name: _config(results, one) for name, one in rows.items()},
        "versions": dict.fromkeys(rows, __version__),
        "n-shot": dict.fromkeys(rows, 0),
        "higher_is_better": {name: _directions(one) for name, one in rows.items()},
        "n-samples": {
            name: {"original": one.tasks, "effective": one.known} for name, one in rows.items()
        },
    }


def _name(one: PolicyResult) -> str:
    return f"{one.suite or NAMELESS}/{one.policy}"


def _metrics(name: str, one: PolicyResult) -> dict[str, Any]:
    """The figures of a line; the filter, `none`, stands behind the comma of every key."""
    found: dict[str, Any] = {"name": name, "alias": name, "sample_len": one.known}
    for k, figure in one.pass_at.items():
        found[f"pass@{k},none"] = figure.value
        found[f"pass@{k}_stderr,none"] = UNKNOWN
    if one.stderr is not None:
        found["pass@1_stderr,none"] = one.stderr
    for metric in HIGHER_IS_BETTER:
        if (figure := getattr(one, metric)) is not None:
            found[f"{metric},none"] = figure.value
            found[f"{metric}_stderr,none"] = UNKNOWN
    return found


def _config(results: Results, one: PolicyResult) -> dict[str, Any]:
    return {
        "task": one.suite,
        "policy": one.policy,
        "orders": one.orders,
        "repeats": one.attempts,
        "metadata": {"bootstrap_draws": results.draws, "seed": results.seed},
    }


def _directions(one: PolicyResult) -> dict[str, bool]:
    return {f"pass@{k}": True for k in one.pass_at} | HIGHER_IS_BETTER
