"""Why vLLM failed, as one line for a user: its own last words, and what to do about it."""

from __future__ import annotations

import re

from sale.agents.backends.wire import one_line

_LAST_WORD = re.compile(r"\b(?:\w+\.)*(\w*(?:Error|Exception)): (?=\S)(.+)$")
_EMPTY = ("Engine core initialization failed", "EngineCore encountered an issue")
"""What is said where the cause was said in another process."""
_REMEDIES = (
    (
        "Failed to infer device type|No CUDA GPUs are available|no NVIDIA driver|No HIP GPUs",
        "vLLM finds no GPU; give the agent `gpus` on a machine that has one, or take vLLM's "
        "build for CPUs (docs/vllm.md)",
    ),
    (
        "No available memory for the cache|Free memory on device|out of memory|OutOfMemory"
        "|To serve at least one request|Available memory on node|DefaultCPUAllocator",
        "too little memory for model {model!r}; lower `context` or `slots`, or set the options "
        "gpu_memory_utilization, kv_cache_memory_bytes or quantization",
    ),
    (
        "is not a valid model identifier|is not a local folder|Repo id must|Repository Not Found"
        "|couldn't connect to|Can't load the configuration|Invalid repository ID"
        "|LocalEntryNotFoundError|Cannot find .* in the local",
        "there is no model {model!r}; give a folder in Hugging Face's form, or a repository that "
        "can be fetched or is in the hub's cache",
    ),
    (
        "chat template",
        "model {model!r} has no chat template, so it can't be talked to; take its instruct form",
    ),
)


def explain(error: BaseException, heard: str, model: str) -> str:
    """Tell in a line what went wrong; `heard` is what vLLM's processes wrote as they ended."""
    cause = _cause(error, heard)
    everything = f"{type(error).__name__}: {error}\n{heard}"
    for signs, remedy in _REMEDIES:
        if re.search(signs, everything, re.I):
            return one_line(f"{remedy.format(model=model)} (vLLM: {cause})")
    return one_line(f"vLLM: {cause}")


def _cause(error: BaseException, heard: str) -> str:
    """The error's own words, or, where they point elsewhere, the last error of those heard."""
    said = str(error).strip()
    if said and not any(empty in said for empty in _EMPTY):
        return said
    for line in reversed(heard.splitlines()):
        found = _LAST_WORD.search(line)
        if found and not any(empty in line for empty in _EMPTY):
            return f"{found[1]}: {found[2]}"
    return said or type(error).__name__
