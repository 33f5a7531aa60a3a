"""A model on vLLM, in this process: its engine runs on a loop of its own and is shared.

Agents that differ only in their LoRA adapter are served by one engine. Where a schema holds the
reply, log-probabilities are those of the tokens that it allows. Documented in docs/vllm.md.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ConfigDict, PositiveFloat

from sale.agents.backends.options import Options, read_options
from sale.agents.backends.vllm_engine import Adapter, Engine, Settings, acquire
from sale.agents.backends.wire import chat_request, one_line
from sale.errors import BackendError, ConfigError, ModelError
from sale.types import AgentSpec, Completion, Message, TokenChoice

GPU_SHARE = 0.9
"""Of a GPU's memory that vLLM takes unless told; of a part of a GPU, the same share of the part."""


class VLLMOptions(Options):
    """How patient to be; every other name goes to vLLM's engine as it is."""

    model_config = ConfigDict(extra="allow")

    timeout_s: PositiveFloat = 600.0
    """For one call, the time that it waits in the engine's queue included."""


class VLLM:
    """A model in vLLM's engine; calls from several threads and agents are batched there."""

    def __init__(self, spec: AgentSpec) -> None:
        options = read_options(spec, VLLMOptions)
        self._spec = spec
        self._timeout_s = options.timeout_s
        self._adapter = _adapter(spec)
        self._engine: Engine | None = None
        try:
            self._engine = acquire(_settings(spec, options.model_extra or {}))
            if self._adapter is not None:
                self._engine.learn(self._adapter)
        except BackendError as error:
            self.close()
            raise self._failure(error) from None

    def complete(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        logprobs: int = 0,
        schema: Mapping[str, Any] | None = None,
        temperature: float = 0.0,
        seed: int | None = None,
        stop: Sequence[str] = (),
    ) -> Completion:
        """Complete a conversation; a schema is held token by token, without white space."""
        request = chat_request(
            messages,
            max_tokens=max_tokens,
            logprobs=logprobs,
            temperature=temperature,
            seed=seed,
            stop=stop,
        )
        if self._engine is None:
            raise self._failure("the back end is closed")
        started = time.perf_counter()
        try:
            output = self._engine.generate(
                request, schema=schema, adapter=self._adapter, timeout_s=self._timeout_s
            )
        except BackendError as error:
            raise self._failure(error) from None
        return _completion(output, wall_s=time.perf_counter() - started)

    def close(self) -> None:
        """Leave the engine; the last agent that leaves it ends it."""
        if self._engine is not None:
            self._engine.release()
            self._engine = None

    def _failure(self, reason: object) -> BackendError:
        return BackendError(f"agent {self._spec.name!r}: {one_line(reason)}")


def _settings(spec: AgentSpec, extra: Mapping[str, Any]) -> Settings:
    given = dict(extra)
    if 0 < spec.gpus < 1:
        given.setdefault("gpu_memory_utilization", round(GPU_SHARE * spec.gpus, 4))
    adapters = spec.adapters or ((spec.adapter,) if spec.adapter else ())
    return Settings(
        agent=spec.name,
        model=spec.model,
        context=spec.context,
        slots=spec.slots,
        adapters=adapters,
        options=given,
    )


def _adapter(spec: AgentSpec) -> Adapter | None:
    """The agent's adapter, looked at before an engine is started for minutes."""
    if spec.adapter is None:
        return None
    folder = Path(spec.adapter)
    if not (folder / "adapter_config.json").is_file():
        raise ModelError(
            f"agent {spec.name!r}: {spec.adapter!r} is no LoRA adapter; "
            "give the folder that holds adapter_config.json and its weights"
        )
    try:
        return Adapter.read(folder)
    except ValueError as error:
        raise ConfigError(f"agent {spec.name!r}: adapter {spec.adapter!r}: {error}") from None


def _completion(output: Any, *, wall_s: float) -> Completion:
    """Read vLLM's `RequestOutput` of a finished request for one sample."""
    sample = output.outputs[0]
    return Completion(
        text=sample.text,
        prompt_tokens=len(output.prompt_token_ids),
        cached_tokens=output.num_cached_tokens or 0,
        completion_tokens=len(sample.token_ids),
        truncated=sample.finish_reason == "length",
        wall_s=wall_s,
        choices=None if sample.logprobs is None else _choices(sample),
    )


def _choices(sample: Any) -> tuple[TokenChoice, ...]:
    return tuple(
        TokenChoice(
            likely[chosen].decoded_token or "",
            likely[chosen].logprob,
            tuple(
                (token.decoded_token or "", token.logprob)
                for token in likely.values()
                if math.isfinite(token.logprob)  # what a schema forbids has none
            ),
        )
        for chosen, likely in zip(sample.token_ids, sample.logprobs, strict=True)
    )
