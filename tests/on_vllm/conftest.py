"""A small real model in Hugging Face's form, and two adapters for it, made once."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

MODEL = "smollm2-135m"


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    from sale.agents.backends.pull import locate

    if locate(MODEL) is None:
        pytest.skip(f"the model is not here; run `sale models pull {MODEL}`")
    folder = tmp_path_factory.mktemp("models") / MODEL
    # In a process of its own: PyTorch's threads don't go well with vLLM's forks.
    done = subprocess.run(
        [Path(sys.executable).with_name("sale"), "models", "convert", MODEL, "--out", folder],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return str(folder)


@pytest.fixture(scope="session")
def adapter(model: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    return write_adapter(tmp_path_factory.mktemp("adapter"), model, scale=0.5)


@pytest.fixture(scope="session")
def misfit(model: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """An adapter made for a model of another width."""
    return write_adapter(tmp_path_factory.mktemp("misfit"), model, scale=0.5, width=24)


def write_adapter(folder: Path, model: str, *, scale: float, width: int | None = None) -> str:
    """A LoRA adapter of rank 4 on the query projections, random but for its seed."""
    import torch
    from safetensors.torch import save_file

    config = json.loads(Path(model, "config.json").read_text())
    hidden = width or config["hidden_size"]
    chance = torch.Generator().manual_seed(7)
    tensors = {}
    for layer in range(config["num_hidden_layers"]):
        name = f"base_model.model.model.layers.{layer}.self_attn.q_proj.lora"
        tensors[f"{name}_A.weight"] = scale * torch.randn(4, hidden, generator=chance)
        tensors[f"{name}_B.weight"] = scale * torch.randn(hidden, 4, generator=chance)
    save_file(tensors, folder / "adapter_model.safetensors")
    table = {"peft_type": "LORA", "r": 4, "lora_alpha": 8, "target_modules": ["q_proj"]}
    (folder / "adapter_config.json").write_text(json.dumps(table))
    return str(folder)
