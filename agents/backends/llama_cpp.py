"""A quantised model in this process: the server of llama.cpp, called without its HTTP port.

Log-probabilities are those of the model before a grammar forbids tokens, so a caller that
constrains a reply to digits renormalises over the digits itself.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

from pydantic import Field

from sale.agents.backends.options import Options, read_options
from sale.agents.backends.wire import chat_request, one_line, read_completion
from sale.errors import BackendError, ConfigError, ModelError
from sale.types import AgentSpec, Completion, Message

CACHE_MIB = 256
"""Memory for prompts that left their slot; llama.cpp takes 8 GiB a model unless told."""
MOST_TOKENS = 4 * 1024 * 1024
"""Of context in one model: asked for much more, llama.cpp fills the memory before it gives up."""
MAGIC = b"GGUF"


class LlamaCppOptions(Options):
    """How llama.cpp uses this machine."""

    threads: Annotated[int, Field(ge=1, le=512)] | None = None
    """As many as there are cores, unless told."""


class LlamaCpp:
    """A GGUF model; calls from several threads share its slots."""

    def __init__(self, spec: AgentSpec) -> None:
        options = read_options(spec, LlamaCppOptions)
        self._spec = spec
        self._library = _library()
        self._server: Any = self._start(options.threads or os.cpu_count() or 1)
        # A server closed before its loop runs never ends; an answer shows that the loop runs.
        self.complete([Message("user", "Hi")], max_tokens=1)

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
        server, started = self._server, time.perf_counter()
        if server is None:
            raise self._failure("the back end is closed")
        try:
            if schema is not None:
                request["grammar"] = self._grammar(schema)
            reply = server.handle_chat_completions(request)
            if "error" in reply:
                raise BackendError(reply["error"].get("message", reply["error"]))
            return read_completion(reply, wall_s=time.perf_counter() - started)
        except (BackendError, RuntimeError, ValueError) as error:
            raise self._failure(error) from None

    def close(self) -> None:
        """Stop the server; its memory is free once the calls in flight have ended."""
        self._server = None

    def _start(self, threads: int) -> Any:
        try:
            return self._library.Server(self._params(threads))
        except (RuntimeError, ValueError):
            spec = self._spec
            adapter = f" with adapter {spec.adapter!r}" if spec.adapter else ""
            raise self._failure(
                f"llama.cpp can't load {spec.model!r}{adapter}: a file is damaged or of an unknown "
                f"kind, or memory for {spec.slots} x {spec.context} tokens of context is lacking; "
                "pull the model again, or lower `context` or `slots`"
            ) from None

    def _params(self, threads: int) -> Any:
        spec, params = self._spec, self._library.CommonParams()
        if not 0 < spec.context * spec.slots <= MOST_TOKENS:
            raise ConfigError(
                f"agent {spec.name!r}: {spec.slots} slots of {spec.context} tokens of `context` "
                f"can't be had; llama.cpp takes 1 to {MOST_TOKENS} tokens in all"
            )
        params.model.path = str(_model_file(spec))
        params.n_parallel = spec.slots
        params.n_ctx = spec.context * spec.slots
        params.cache_ram_mib = CACHE_MIB
        params.warmup = False
        params.verbosity = -1
        for pool in (params.cpuparams, params.cpuparams_batch):
            pool.n_threads = threads
        # The listener can't be turned off: nobody knows its key, so nobody else can use it.
        params.api_keys = [secrets.token_urlsafe(32)]
        params.ui = params.endpoint_slots = False
        if spec.adapter is not None:
            params.lora_adapters = [self._adapter(Path(spec.adapter))]
        return params

    def _adapter(self, path: Path) -> Any:
        if not path.is_file():
            raise ModelError(f"agent {self._spec.name!r}: there is no adapter file {str(path)!r}")
        adapter = self._library.CommonAdapterLoraInfo()
        adapter.path, adapter.scale = str(path), 1.0
        return adapter

    def _grammar(self, schema: Mapping[str, Any]) -> str:
        compact = {**schema, "x-guidance": {"whitespace_flexible": False}}
        grammar: str = self._library.json_schema_to_grammar(compact)
        return grammar

    def _failure(self, reason: object) -> BackendError:
        return BackendError(f"agent {self._spec.name!r}: {one_line(reason)}")


def _library() -> ModuleType:
    # Read once, when OpenMP loads: threads that wait by spinning made two models ten times slower.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("GOMP_SPINCOUNT", "0")
    try:
        return import_module("xllamacpp")
    except ImportError as error:
        raise ConfigError(
            f"back end 'llama_cpp' needs llama.cpp: pip install 'sale-market[local]' ({error})"
        ) from None


def _model_file(spec: AgentSpec) -> Path:
    path: Path | None
    if spec.model.endswith(".gguf"):
        path = Path(spec.model)
        remedy = "give the path of a GGUF file, or a catalogue name"
    else:
        from sale.agents.backends.pull import locate

        path = locate(spec.model)
        remedy = f"run `sale models pull {spec.model}`"
    if path is None or not path.is_file():
        raise ModelError(f"model {spec.model!r} is not here; {remedy}")
    try:
        with path.open("rb") as file:
            sound = file.read(len(MAGIC)) == MAGIC
    except OSError as error:
        raise ModelError(f"model {spec.model!r} can't be read: {error}") from None
    if not sound:
        raise ModelError(f"model {spec.model!r} is not a GGUF file; {remedy}")
    return path
