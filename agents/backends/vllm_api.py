"""The names of vLLM's that the back end uses, and the modules that they stand in."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib import import_module
from types import SimpleNamespace

from sale.errors import ConfigError

NAMES: Mapping[str, str] = {
    "AsyncEngineArgs": "vllm.engine.arg_utils",
    "AsyncLLM": "vllm.v1.engine.async_llm",
    "ChatParams": "vllm.renderers",
    "EngineDeadError": "vllm.v1.engine.exceptions",
    "LoRARequest": "vllm.lora.request",
    "RequestOutputKind": "vllm.sampling_params",
    "SamplingParams": "vllm.sampling_params",
    "StructuredOutputsConfig": "vllm.config",
    "StructuredOutputsParams": "vllm.sampling_params",
    "current_platform": "vllm.platforms",
}


def load_vllm() -> SimpleNamespace:
    """Import vLLM, which takes seconds; raises `ConfigError` where it isn't, or has changed."""
    os.environ.setdefault("VLLM_NO_USAGE_STATS", "1")  # nothing is told to anybody unasked
    try:
        return SimpleNamespace(
            **{name: getattr(import_module(module), name) for name, module in NAMES.items()}
        )
    except (ImportError, AttributeError) as error:
        raise ConfigError(
            f"back end 'vllm' needs vLLM: pip install 'sale-market[vllm]' ({error}); "
            "docs/vllm.md tells which versions, and how to get its build for CPUs"
        ) from None
