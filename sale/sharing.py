"""Agents that differ in nothing but their adapter share one copy of their model."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from sale.types import AgentSpec

SHARERS = frozenset({"vllm"})
"""Back ends that serve a model with several adapters from one engine."""


def sharing(roster: Sequence[AgentSpec]) -> tuple[AgentSpec, ...]:
    """The roster with `engine` and `adapters` filled in for agents that share a model.

    Of one company are agents of equal model, context, slots, replicas, GPUs and options, on a back
    end that takes adapters; their engine goes by the name of the first. Prices, prompts and kinds
    may differ.
    """
    companies: dict[str, list[AgentSpec]] = {}
    for spec in roster:
        companies.setdefault(_company(spec), []).append(spec)
    return tuple(_placed(spec, companies[_company(spec)]) for spec in roster)


def _company(spec: AgentSpec) -> str:
    if spec.backend not in SHARERS:
        return spec.name
    settings = [spec.backend, spec.model, spec.context, spec.slots, spec.gpus, dict(spec.options)]
    scaling = [spec.replicas, spec.min_replicas, spec.idle_s, spec.queue]
    return json.dumps([settings, scaling], sort_keys=True)


def _placed(spec: AgentSpec, company: Sequence[AgentSpec]) -> AgentSpec:
    if spec.backend not in SHARERS:
        return spec
    adapters = tuple(dict.fromkeys(each.adapter for each in company if each.adapter))
    return replace(spec, engine=company[0].name, adapters=adapters)
