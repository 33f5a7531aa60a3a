"""vLLM as a back end, as far as it goes without vLLM; tests/on_vllm has the rest."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from sale.agents.backends import load_backend
from sale.agents.backends.vllm_engine import Adapter
from sale.errors import ConfigError, ModelError
from sale.types import AgentSpec

SPEC = AgentSpec("ada", "org/model", "vllm", None)


def test_without_vllm_the_way_to_get_it_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "vllm", None)
    with pytest.raises(ConfigError, match=r"pip install 'sale-market\[vllm\]'.*docs/vllm.md"):
        load_backend(SPEC)


def test_an_adapter_that_is_none_is_told_before_an_engine_starts(tmp_path: Path):
    with pytest.raises(ModelError, match=r"is no LoRA adapter; give the folder"):
        load_backend(replace(SPEC, adapter=str(tmp_path)))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"r": 0}', '{"r": "8"}', '{"r": 9999}'])
def test_an_adapter_that_cannot_be_read_is_named(tmp_path: Path, text: str):
    (tmp_path / "adapter_config.json").write_text(text)
    with pytest.raises(ConfigError, match=r"agent 'ada': adapter .*(rank|can't be read)"):
        load_backend(replace(SPEC, adapter=str(tmp_path)))


def test_the_rank_of_an_adapter_is_read(tmp_path: Path):
    (tmp_path / "adapter_config.json").write_text(json.dumps({"r": 12}))
    assert Adapter.read(tmp_path) == Adapter(str(tmp_path), 12)


@pytest.mark.parametrize("seconds", [0, -1, "soon"])
def test_a_wrong_patience_is_named(seconds):
    with pytest.raises(ConfigError, match="option 'timeout_s'"):
        load_backend(replace(SPEC, options={"timeout_s": seconds}))
