"""A whole auction on vLLM: two agents, one model, one engine, on real Ray."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("vllm", reason="vLLM is in an environment of its own: make vllm")
pytestmark = pytest.mark.slow

MARKET = """
[auction]
stages = "full"

[limits]
steps = 2
reply_tokens = 64

[[agent]]
name = "base"
model = "{model}"
backend = "vllm"
context = 2048
slots = 2
plan_tokens = 24
price = {{ input = 0.004, cached = 0.0004, output = 0.004 }}
options = {{ enforce_eager = true }}

[[agent]]
name = "tuned"
model = "{model}"
backend = "vllm"
adapter = "{adapter}"
prompt = "You are terse."
context = 2048
slots = 2
plan_tokens = 24
price = {{ input = 0.008, cached = 0.0008, output = 0.008 }}
options = {{ enforce_eager = true }}
"""

TASK = "Write add(a, b), which adds two numbers." + " Numbers may be of any kind." * 40
"""Longer than a block of the engine's cache."""


def test_agents_with_and_without_an_adapter_bid_rate_and_work(
    model: str, adapter: str, tmp_path: Path
):
    (market := tmp_path / "market.toml").write_text(MARKET.format(model=model, adapter=adapter))
    done = subprocess.run(
        [
            Path(sys.executable).with_name("sale"),
            *("submit", TASK),
            *("--market", market, "--db", f"sqlite:///{tmp_path / 'memory.db'}", "--json"),
        ],
        env=os.environ | {"SALE_STATE": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=500,
    )
    assert done.returncode in (0, 1), done.stderr  # so small a model may fail at the task
    auction = json.loads(done.stdout)
    bids = {bid["agent"]: bid for bid in auction["bids"] if bid["round"] == 1}
    assert {name: bid["error"] for name, bid in bids.items()} == {"base": None, "tuned": None}
    assert all(bid["plan"] and bid["entropy"] > 0 for bid in bids.values())
    assert bids["base"]["plan"] != bids["tuned"]["plan"]
    assert any(bid["ratings"] for bid in bids.values())
    assert auction["award"]["agent"] in bids
    assert auction["usage"]["execute"]["calls"] >= 1
    assert auction["usage"]["total"]["usd"] > 0
    # The second stage asks with the same beginning, so the engine has most of it in its cache.
    assert auction["usage"]["rate"]["cached_tokens"] > 0
