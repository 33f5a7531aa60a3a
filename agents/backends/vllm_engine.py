"""vLLM's asynchronous engine on a loop and a thread of its own, one for each model and process.

An engine that died is started anew by the next call that needs it.
"""

from __future__ import annotations

import asyncio
import dataclasses
import difflib
import json
import threading
from collections.abc import Coroutine, Iterator, Mapping
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any, Self

from sale.agents.backends.overheard import Overheard, overheard
from sale.agents.backends.vllm_api import load_vllm
from sale.agents.backends.vllm_faults import explain
from sale.errors import BackendError, ConfigError, SaleError

RANKS = (8, 16, 32, 64, 128, 256, 320, 512)
"""The ranks of adapters that vLLM can make room for."""
OURS = {
    *("model", "max_model_len", "max_num_seqs"),
    *("enable_lora", "max_loras", "max_lora_rank", "max_cpu_loras"),
}
"""Settings of the engine that follow from an agent's other keys."""


MEMORY = frozenset({"gpu_memory_utilization", "kv_cache_memory_bytes"})
CPU_CACHE_BYTES = 256 << 20
"""For each slot where there is no GPU; vLLM would take nine tenths of the machine's memory."""


@dataclass(frozen=True, slots=True)
class Adapter:
    """A LoRA adapter: a folder in the form of PEFT."""

    path: str
    rank: int

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read how large an adapter is; raises `ValueError` with the reason."""
        try:
            rank = json.loads((folder / "adapter_config.json").read_text())["r"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ValueError(f"its adapter_config.json can't be read ({error!r})") from None
        if not isinstance(rank, int) or not 0 < rank <= RANKS[-1]:
            raise ValueError(f"its rank is {rank!r}; vLLM takes 1 to {RANKS[-1]}")
        return cls(str(folder), rank)


@dataclass(frozen=True)
class Settings:
    """What an engine is started with; engines of equal settings are one."""

    agent: str = field(compare=False)
    """Who asked for it first, for messages."""
    model: str
    context: int
    slots: int
    adapters: tuple[str, ...]
    """Folders of all adapters that it is to serve."""
    options: Mapping[str, Any]

    @cached_property
    def key(self) -> str:
        """The settings as one text."""
        parts = [self.model, self.context, self.slots, self.adapters, dict(self.options)]
        return json.dumps(parts, sort_keys=True, default=str)


_engines: dict[str, Engine] = {}
_lock = threading.Lock()


def acquire(settings: Settings) -> Engine:
    """Share the engine of these settings, started if nobody has it; `release` gives it back."""
    with _lock:
        engine = _engines.get(settings.key)
        if engine is None:
            engine = _engines[settings.key] = Engine(settings)
        engine.users += 1
    try:
        engine.start()
    except SaleError:
        engine.release()
        raise
    return engine


class Engine:
    """One engine of vLLM and what it takes to call it from any thread."""

    def __init__(self, settings: Settings) -> None:
        self.users = 0
        self._settings = settings
        self._vllm = load_vllm()
        self._engine: Any = None
        self._starting = threading.RLock()
        self._numbers = count(1)
        self._adapters = {path: place for place, path in enumerate(settings.adapters, 1)}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def start(self) -> None:
        """Load the model, for seconds or minutes; raises `BackendError` with the cause in a line.

        Where the engine runs already nothing happens.
        """
        with self._starting:
            if self._engine is not None:
                return
            with overheard() as heard, self._told(heard):
                self._engine = self._await(self._load())

    def learn(self, adapter: Adapter) -> None:
        """Load an adapter now, so that a wrong one is told before the first auction."""
        try:
            with self._told():
                self._await(self._engine.add_lora(self._request_for(adapter)))
        except BackendError as error:
            raise BackendError(f"adapter {adapter.path!r} can't be used: {error}") from None

    def generate(
        self,
        request: Mapping[str, Any],
        *,
        schema: Mapping[str, Any] | None,
        adapter: Adapter | None,
        timeout_s: float,
    ) -> Any:
        """Complete a chat request; returns vLLM's `RequestOutput`, or raises `BackendError`."""
        self.start()
        try:
            with self._told():
                return self._await(self._generate(request, schema, adapter), timeout_s=timeout_s)
        except FutureTimeoutError:
            raise BackendError(f"no answer within {timeout_s:g} s; see option timeout_s") from None

    def release(self) -> None:
        """Give the engine back; with its last user it ends, and its memory is free."""
        with _lock:
            self.users -= 1
            if self.users > 0:
                return
            _engines.pop(self._settings.key, None)
        self._discard(self._engine)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)

    @contextmanager
    def _told(self, heard: Overheard | None = None) -> Iterator[None]:
        """Turn what vLLM, torch or a model's own code raises into one line."""
        running = self._engine
        try:
            yield
        except (SaleError, FutureTimeoutError):
            raise
        except self._vllm.EngineDeadError:
            self._discard(running)
            raise BackendError("vLLM's engine died; the next call starts it anew") from None
        except Exception as error:  # noqa: BLE001 - the boundary to a library without a family
            said = heard.text if heard else ""
            raise BackendError(explain(error, said, self._settings.model)) from None

    def _discard(self, engine: Any) -> None:
        """End an engine, unless that was done already and perhaps another one runs by now."""
        with self._starting:
            if engine is None or engine is not self._engine:
                return
            self._engine = None
        engine.shutdown()

    async def _load(self) -> Any:
        """Inside the loop, as the engine's tasks belong to the loop that it is made in."""
        arguments = self._vllm.AsyncEngineArgs(**_engine_options(self._settings, self._vllm))
        return self._vllm.AsyncLLM.from_engine_args(arguments)

    async def _generate(
        self, request: Mapping[str, Any], schema: Mapping[str, Any] | None, adapter: Adapter | None
    ) -> Any:
        vllm, engine = self._vllm, self._engine
        if engine is None:
            raise BackendError("the back end is closed")
        asked = vllm.ChatParams(
            chat_template_kwargs={"add_generation_prompt": True, "tokenize": False}
        )
        _, (prompt,) = await engine.renderer.render_chat_async([request["messages"]], asked)
        outputs = engine.generate(
            prompt,
            self._sampling(request, schema),
            request_id=f"{self._settings.agent}-{next(self._numbers)}",
            lora_request=adapter and self._request_for(adapter),
        )
        async for output in outputs:
            if output.finished:
                return output
        raise BackendError("vLLM gave no output")

    def _sampling(self, request: Mapping[str, Any], schema: Mapping[str, Any] | None) -> Any:
        vllm = self._vllm
        held = None
        if schema is not None:
            held = vllm.StructuredOutputsParams(json=dict(schema))
        return vllm.SamplingParams(
            max_tokens=request["max_tokens"],
            temperature=request["temperature"],
            seed=request.get("seed"),
            stop=request.get("stop"),
            logprobs=request.get("top_logprobs"),
            structured_outputs=held,
            output_kind=vllm.RequestOutputKind.FINAL_ONLY,
        )

    def _request_for(self, adapter: Adapter) -> Any:
        place = self._adapters[adapter.path]
        return self._vllm.LoRARequest(f"adapter-{place}", place, adapter.path)

    def _await(self, coroutine: Coroutine[Any, Any, Any], timeout_s: float | None = None) -> Any:
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        try:
            return future.result(timeout_s)
        finally:
            future.cancel()  # a call that is given up is taken out of the engine's queue


def _engine_options(settings: Settings, vllm: Any) -> dict[str, Any]:
    """All that the engine is started with; raises `ConfigError` for a name that it doesn't know."""
    known = {each.name for each in dataclasses.fields(vllm.AsyncEngineArgs)} - OURS
    for name in settings.options:
        if name in OURS:
            raise ConfigError(
                f"agent {settings.agent!r}: option {name!r} follows from the agent's model, "
                "context, slots and adapter; set those"
            )
        if name not in known:
            close = difflib.get_close_matches(name, sorted(known | {"timeout_s"}), n=3)
            hint = f"did you mean {', '.join(close)}?" if close else "see docs/vllm.md"
            raise ConfigError(f"agent {settings.agent!r}: vLLM has no option {name!r}; {hint}")
    options: dict[str, Any] = {
        "model": settings.model,
        "max_model_len": settings.context,
        "max_num_seqs": settings.slots,
        "disable_log_stats": True,
        "distributed_executor_backend": "mp",
        "structured_outputs_config": {"backend": "xgrammar", "disable_any_whitespace": True},
    }
    if settings.adapters:
        largest = max(Adapter.read(Path(path)).rank for path in settings.adapters)
        options |= {
            "enable_lora": True,
            "max_loras": len(settings.adapters),
            "max_lora_rank": next(rank for rank in RANKS if rank >= largest),
        }
    if vllm.current_platform.is_cpu() and not settings.options.keys() & MEMORY:
        options["kv_cache_memory_bytes"] = max(4, settings.slots) * CPU_CACHE_BYTES
    options |= settings.options
    held = options["structured_outputs_config"]
    if isinstance(held, Mapping):  # the one table that vLLM doesn't read by itself
        options["structured_outputs_config"] = vllm.StructuredOutputsConfig(**held)
    return options
