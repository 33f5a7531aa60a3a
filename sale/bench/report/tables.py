"""The tables of policies and agents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sale.auction.calibration import Estimate
from sale.bench.report.cells import (
    Cell,
    Table,
    agent_cell,
    dollars_cell,
    points_cell,
    policy_cell,
    saved_cell,
    share_cell,
)
from sale.bench.report.plane import PER, SINGLE, frontier
from sale.bench.report.words import NONE, UNKNOWN, count, money, number, percent, plain, points
from sale.bench.statistics.results import Baseline, Comparison, PolicyResult, SuiteResult

_AGAINST = {
    Baseline.LARGEST: "the largest",
    Baseline.BEST: "the best single",
    Baseline.HULL: "the mixture hull",
}


def policies_table(suite: SuiteResult, agents: Sequence[str]) -> Table:
    """Every policy: what it solved, what it cost, whom it relied on."""
    best = {one.policy for one in frontier(suite)}
    rows = [
        (
            policy_cell(one.policy, agents),
            Cell(f"{one.known:,}" if one.known == one.tasks else f"{one.known:,} of {one.tasks:,}"),
            share_cell(one.quality),
            dollars_cell(one.usd_per_task),
            Cell(_each_solved(one)),
            Cell(percent(one.overhead.usd, 0)),
            Cell(percent(one.reliance, 0)),
            points_cell(one.hull_gain),
            Cell(percent(one.oracle_capture, 0)),
            Cell(number(one.arena, 3)),
            Cell("yes" if one.policy in best else NONE),
        )
        for one in suite.policies
    ]
    return Table(
        f"Every policy on {count(suite.tasks, 'task')}",
        (
            ("policy", "A name, or single:AGENT for an agent alone"),
            ("tasks", "With a known outcome"),
            ("solved %", "pass@1 with its 95 % interval"),
            ("$ per 1,000", "Dollars for 1,000 tasks, everything paid, with 95 % interval"),
            ("$ per 1,000 solved", "Dollars for 1,000 solved tasks"),
            ("auction %", "Part of the dollars that went to bids, ratings and refinement"),
            ("largest %", "Share of tasks on which the largest agent worked"),
            ("over the hull", "Points above random mixing of singles at the same cost"),
            ("oracle %", "Part of the way from the best single to the oracle"),
            ("arena", "RouterArena score"),
            ("frontier", "Whether none is both cheaper and better"),
        ),
        tuple(rows),
    )


def differences_table(policies: Sequence[PolicyResult], agents: Sequence[str]) -> Table:
    """Policies less the baselines, on the same tasks."""
    rows = [
        (
            policy_cell(one.policy, agents),
            Cell(against),
            Cell(f"{found.tasks:,}"),
            points_cell(found.quality),
            saved_cell(found.saving),
            Cell(verdict(found)),
        )
        for one in policies
        for against, found in differences(one).items()
    ]
    return Table(
        "Differences on the same tasks, with 95 % intervals of a paired bootstrap over tasks",
        (
            ("policy", ""),
            ("against", "The agent, or random mixing of agents, that it is held against"),
            ("tasks", "On which both are known"),
            ("solved, points", "Difference in pass@1, in percentage points"),
            ("saved %", "Part of the other's dollars that it saves; below 0 where it is dearer"),
            ("shown", "What the intervals leave no doubt of"),
        ),
        tuple(rows),
        frozenset({0, 1, 5}),
    )


def differences(one: PolicyResult) -> Mapping[str, Comparison]:
    """What a policy is compared with -> how; where two baselines are one, it is named by both."""
    named: dict[str, list[str]] = {}
    found: dict[str, Comparison] = {}
    for each in one.comparisons:
        itself = each.against == one.policy
        if itself or (one.policy.startswith(SINGLE) and each.baseline is Baseline.HULL):
            continue
        word = _AGAINST[each.baseline] if each.baseline else plain(each.against)
        named.setdefault(each.against, []).append(word)
        found.setdefault(each.against, each)
    return {" and ".join(words): found[against] for against, words in named.items()}


def verdict(found: Comparison) -> str:
    """What the intervals show, in two words."""
    better = _sign(found.quality, "better", "worse")
    cheaper = _sign(found.usd, "dearer", "cheaper")
    told = " and ".join(word for word in (cheaper, better) if word)
    return told or "no difference shown"


def agents_table(
    suite: SuiteResult, agents: Sequence[str], price: Mapping[str, float | None]
) -> Table:
    """Every agent: alone, and what it is worth beside the others."""
    worth = {one.rule: one for one in suite.worth}
    rows = []
    for agent in agents:
        alone = suite.policy(SINGLE + agent)
        rows.append(
            (
                agent_cell(agent, agents),
                Cell(number(price.get(agent), 3) if price.get(agent) is not None else UNKNOWN),
                share_cell(alone.quality if alone else None),
                dollars_cell(alone.usd_per_task) if alone else Cell(NONE),
                *(Cell(points(one.values.get(agent))) for one in worth.values()),
            )
        )
    return Table(
        "The agents",
        (
            ("agent", "Its colour is the same in every figure"),
            ("$ per M", "Dollars for a million output tokens"),
            ("alone, solved %", "pass@1 of the agent alone"),
            ("alone, $ per 1,000", "Dollars of the agent alone for 1,000 tasks"),
            *(
                (f"worth ({rule})", f"Shapley value in points; together {points(one.total)}")
                for rule, one in worth.items()
            ),
        ),
        tuple(rows),
    )


def allocation_table(suite: SuiteResult, agents: Sequence[str]) -> Table:
    """Whom each policy gave the work, and how those answers were."""
    rows = [
        (
            policy_cell(one.policy, agents),
            agent_cell(agent, agents),
            Cell(percent(share.kept)),
            Cell(percent(share.awards)),
            Cell(percent(share.solved)),
        )
        for one in suite.policies
        if not one.policy.startswith(SINGLE)
        for agent, share in one.allocation.items()
    ]
    return Table(
        "Who got the work",
        (
            ("policy", ""),
            ("agent", ""),
            ("kept %", "Share of the tasks whose kept answer is its"),
            ("awards %", "Share of all awards"),
            ("right %", "Of its kept answers; of the tasks it was chosen for, so no fair sample"),
        ),
        tuple(rows),
        frozenset({0, 1}),
    )


def overhead_table(suite: SuiteResult, agents: Sequence[str]) -> Table:
    """What each stage used, by policy."""
    rows = [
        (
            policy_cell(one.policy, agents),
            Cell(str(stage)),
            Cell(f"{used.tokens / one.samples:,.0f}"),
            Cell(percent(used.tokens_share, 0)),
            Cell(money(None if used.usd is None else PER * used.usd / one.samples)),
            Cell(percent(used.usd_share, 0)),
            Cell(number(used.wall_s / one.samples, 1)),
            Cell(percent(used.wall_share, 0)),
        )
        for one in suite.policies
        for stage, used in one.stages.items()
    ]
    return Table(
        "What each stage used, a task",
        (
            ("policy", ""),
            ("stage", ""),
            ("tokens", "Prompt and completion, cached ones included"),
            ("tokens %", "Of all stages"),
            ("$ per 1,000", "Dollars for 1,000 tasks"),
            ("$ %", "Of all stages"),
            ("seconds", "Wall time a task"),
            ("seconds %", "Of all stages"),
        ),
        tuple(rows),
        frozenset({0, 1}),
    )


def curves_table(suite: SuiteResult) -> Table:
    """The policies that have a setting, as curves."""
    rows = [
        (
            Cell(plain(one.name, limit=48)),
            Cell(str(len(one.points))),
            Cell(number(one.aiq, 3)),
            Cell(number(one.apgr, 3)),
            Cell(", ".join(f"{x} %: {percent(y, 0)}" for x, y in one.cpt.items()) or NONE),
        )
        for one in suite.curves
    ]
    return Table(
        f"Policies with a setting; AIQ of random mixing is {number(suite.hull_aiq, 3)}",
        (
            ("policy", ""),
            ("points", "Settings"),
            ("AIQ", "RouterBench: area under the curve"),
            ("APGR", "RouteLLM: part of the gap closed"),
            ("CPT", "Share of calls of the largest that closes so much of the gap"),
        ),
        tuple(rows),
    )


def _each_solved(one: PolicyResult) -> str:
    """Without a solved task it isn't defined; without prices it is unknown."""
    if one.usd_per_solved is None:
        return UNKNOWN if one.usd_per_task is None else NONE
    return money(PER * one.usd_per_solved.value)


def _sign(found: Estimate | None, above: str, below: str) -> str:
    if found is None or found.low is None or found.high is None:
        return ""
    return above if found.low > 0 else below if found.high < 0 else ""
