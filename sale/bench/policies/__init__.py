"""Who works on which task: every policy that needs no plan, behind one Protocol.

A policy is fitted on a training split and then allocates tasks whose truth it is never shown:
`Unseen` has no outcomes, and a cascade sees the work it has paid for at the `Desk`, not whether
it is right.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from sale.bench.policies.encoding import Encoder
from sale.bench.policies.fixed import quotas_of
from sale.bench.policies.playing import lacking, play
from sale.bench.policies.protocol import Allocator, Hindsight, Need, Policy
from sale.bench.policies.views import Allocation, Desk, Training, Unseen
from sale.errors import InputError

POLICIES: Mapping[str, str] = {
    "single": "sale.bench.policies.fixed:Single",
    "random": "sale.bench.policies.fixed:Random",
    "mixture": "sale.bench.policies.fixed:Mixture",
    "knn": "sale.bench.policies.routers:knn",
    "wtp": "sale.bench.policies.routers:wtp",
    "carrot": "sale.bench.policies.routers:carrot",
    "to-router": "sale.bench.policies.routers:ToRouter",
    "routellm-mf": "sale.bench.policies.factors:RouteLlm",
    "frugalgpt": "sale.bench.policies.frugal:FrugalGpt",
    "verify-cascade": "sale.bench.policies.cascades:VerifyCascade",
    "oracle": "sale.bench.policies.fixed:Oracle",
}
"""Name -> `module:factory`. The factory is called with what is to be set."""

DIALS: Mapping[str, str] = {
    "knn": "value",
    "wtp": "value",
    "carrot": "value",
    "routellm-mf": "threshold",
    "frugalgpt": "budget",
}
"""Name -> what `NAME@NUMBER` sets; without it the training split does."""

__all__ = [
    "DIALS",
    "POLICIES",
    "Allocation",
    "Allocator",
    "Desk",
    "Encoder",
    "Hindsight",
    "Need",
    "Policy",
    "Training",
    "Unseen",
    "lacking",
    "load_policy",
    "play",
    "quotas_of",
]


def load_policy(name: str, /, **settings: Any) -> Policy | Hindsight:
    """Build a policy by its name; more settings are those of its factory.

    `single:AGENT` names its agent; `carrot@0.5` sets what is else chosen on the training split.
    """
    kind, _, agent = name.partition(":")
    if kind == "single" and agent:
        return _built("single", agent=agent)
    kind, at, dial = name.partition("@")
    if kind not in POLICIES or kind == "single" or (at and kind not in DIALS):
        known = ", ".join(_shown(one) for one in POLICIES)
        raise InputError(f"unknown policy {name[:60]!r}; choose from {known}")
    if at:
        settings |= {"name": name, DIALS[kind]: _number(name, dial)}
    return _built(kind, **settings)


def _built(kind: str, **settings: Any) -> Policy | Hindsight:
    module, _, attribute = POLICIES[kind].partition(":")
    policy: Policy | Hindsight = getattr(import_module(module), attribute)(**settings)
    return policy


def _number(name: str, dial: str) -> float:
    try:
        number = float(dial)
    except ValueError:
        number = math.nan
    if math.isnan(number) or number < 0:
        raise InputError(f"policy {name[:60]!r}: give a number of 0 or more after the @, or inf")
    return number


def _shown(name: str) -> str:
    return "single:AGENT" if name == "single" else f"{name}[@NUMBER]" if name in DIALS else name
