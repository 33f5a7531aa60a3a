"""vLLM's failures as a user reads them; the texts are what vLLM 0.32 wrote."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sale.agents.backends.vllm_faults import explain

ELSEWHERE = RuntimeError(
    "Engine core initialization failed. See root cause above. Failed core proc(s): {}"
)
MEMORY = """\
(EngineCore pid=7) ERROR 11-23 01:40:11 [core.py:1] EngineCore failed to start.
(EngineCore pid=7) ERROR 11-23 01:40:11 [core.py:1] Traceback (most recent call last):
(EngineCore pid=7) ValueError: To serve at least one request with the model's max seq len (8192), \
(0.18 GiB KV cache is needed, which is larger than the available KV cache memory (0.05 GiB).
RuntimeError: Engine core initialization failed. See root cause above.
"""


@pytest.mark.parametrize(
    ("error", "heard", "told"),
    [
        (RuntimeError("Failed to infer device type, please set"), "", "finds no GPU"),
        (ELSEWHERE, "RuntimeError: No CUDA GPUs are available", "give the agent `gpus`"),
        (ELSEWHERE, MEMORY, r"too little memory for model 'm'; lower `context`.*8192"),
        (ELSEWHERE, "torch.OutOfMemoryError: CUDA out of memory.", "too little memory"),
        (OSError("m is not a local folder and is not a valid"), "", "there is no model 'm'"),
        (ValueError("As of transformers v4.44, no chat template"), "", "no chat template"),
        (ELSEWHERE, "(EngineCore pid=3) KeyError: 'layers.0.mlp'", "vLLM: KeyError: 'layers"),
        (ELSEWHERE, "", "Engine core initialization failed"),
        (KeyError(), "", "vLLM: KeyError"),
    ],
)
def test_the_cause_and_a_way_out_are_named(error, heard, told):
    assert re.search(told, explain(error, heard, "m"))


@given(st.text(), st.text(), st.text(max_size=50))
def test_whatever_was_said_it_is_one_short_line(said, heard, model):
    line = explain(RuntimeError(said), heard, model)
    assert "\n" not in line
    assert 0 < len(line) < 400
