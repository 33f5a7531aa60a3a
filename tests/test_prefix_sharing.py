"""The stages of an auction share a prefix, and find it in the cache of a real model."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

from sale.agents.backends.pull import locate

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
    # A process of its own: an abort inside llama.cpp then tells its reason, and ends no other test.
    command = [sys.executable, SOURCE, "--agents", "smollm2-135m", "--tasks", "2", "--json"]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert ran.returncode == 0, ran.stderr
    calls = json.loads(ran.stdout)["calls"]
    assert {call["stage"] for call in calls} == SHARING | {"bid"}
    assert [call for call in calls if call["stage"] in SHARING and call["hit"] < 0.95] == []
