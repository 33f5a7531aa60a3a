"""The stages of an auction share a prefix, and find it in the cache of a real model."""

import importlib.util
import sys
from pathlib import Path

import pytest

from sale.agents.backends.pull import locate
from sale.config import load_market
from sale.types import Kind, Task

SOURCE = Path(__file__).parents[1] / "benchmarks" / "prefix_sharing.py"
spec = importlib.util.spec_from_file_location("prefix_sharing", SOURCE)
prefix_sharing = sys.modules["prefix_sharing"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(prefix_sharing)

SHARING = {"rate", "refine", "rate again", "execute"}


def reading(*, prompt: int, cached: int):
    return prefix_sharing.Reading("a", "rate", 0, 100, prompt, cached)


def test_a_hit_is_the_share_of_the_prefix_that_was_cached() -> None:
    assert reading(prompt=300, cached=95).hit == 0.95
    assert reading(prompt=300, cached=95).uncached_tokens == 205


def test_cached_tokens_beyond_the_prefix_make_no_hit_above_one() -> None:
    assert reading(prompt=300, cached=180).hit == 1.0


@pytest.mark.slow
def test_rate_refine_and_execute_find_their_prefix_in_the_cache() -> None:
    if locate("smollm2-135m") is None:
        pytest.skip("run `sale models pull` first")
    _, market = load_market("embedded")
    agent = next(agent for agent in market.roster if agent.name == "smollm2-135m")
    tasks = [Task(Kind.CODING, text) for text in prefix_sharing.TASKS[:2]]
    rows = prefix_sharing.readings(agent, tasks)
    assert {row.stage for row in rows} == SHARING | {"bid"}
    assert [row for row in rows if row.stage in SHARING and row.hit < 0.95] == []
