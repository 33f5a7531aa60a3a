"""A GGUF model of the catalogue as a folder in Hugging Face's form, for engines that want that.

The weights are unpacked to bfloat16: the model stays as good as its quantised file, and needs four
times the room.
"""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path

from sale.agents.backends.catalogue import ModelKind, catalogue, find
from sale.agents.backends.pull import free_bytes, locate
from sale.errors import ConfigError, InputError, ModelError

NEEDED = ("transformers", "torch", "gguf", "accelerate")
GROWTH = 5
"""Bytes that are needed for each byte of the quantised file."""


def convert(name: str, out: Path) -> Path:
    """Write model `name` to the folder `out`, whole or not at all; returns the folder.

    Raises `InputError` for a folder that is there or a model that is no GGUF file, `ModelError`
    where the model isn't here or can't be unpacked, `ConfigError` where packages are missing.
    """
    if find(name, catalogue()).kind is not ModelKind.GGUF:
        raise InputError(f"model {name!r} is no GGUF file; there is nothing to convert")
    if out.exists():
        raise InputError(f"{str(out)!r} is there already; give a folder that isn't")
    if missing := [package for package in NEEDED if find_spec(package) is None]:
        raise ConfigError(
            f"to convert a model, packages are missing ({', '.join(missing)}): "
            "pip install 'sale-market[local,convert]'"
        )
    if (source := locate(name)) is None:
        raise ModelError(f"model {name!r} is not here; run `sale models pull {name}`")
    out.parent.mkdir(parents=True, exist_ok=True)
    if free_bytes(out.parent) < (needed := GROWTH * source.stat().st_size):
        raise ModelError(f"{str(out.parent)!r} has no room for {needed / 1e9:.1f} GB; free some")
    unfinished = out.with_name(f"{out.name}.part")
    try:
        _unpack(source, unfinished)
        unfinished.rename(out)
    except (OSError, ValueError, RuntimeError, KeyError) as error:
        raise ModelError(f"model {name!r} can't be converted: {error}") from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return out


def _unpack(source: Path, folder: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    tokenizer = AutoTokenizer.from_pretrained(source.parent, gguf_file=source.name)
    model = AutoModelForCausalLM.from_pretrained(
        source.parent,
        gguf_file=source.name,
        dtype=torch.bfloat16,
        quantization_config=GgufConfig(dequantize=True),
    )
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
