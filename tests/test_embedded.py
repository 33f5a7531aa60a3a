"""The embedded market: three real models bid, rate and work on this machine, without a key."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sale.agents.backends.pull import locate

AGENTS = ("smollm2-135m", "qwen2.5-coder-0.5b", "qwen2.5-coder-1.5b")
ROMAN = (
    "Write a Python function roman(n) that converts 1..3999 to Roman numerals; "
    "raise ValueError otherwise"
)
DOCUMENTS = {
    "lighthouse.md": "# Lighthouse\n\nThe lighthouse of Vardholm was lit for the first time in "
    "1874. It is 43 metres high.\n",
    "harbour.txt": "The harbour of Vardholm has room for 60 fishing boats.\n",
    "ferry.md": "# Ferry\n\nThe ferry to Vardholm leaves Norvik at eight in the morning.\n",
    "school.txt": "Vardholm's school was built of red brick in 1911 by Ida Lund.\n",
    "birds.md": "# Birds\n\nPuffins nest on the cliffs north of the village from April on.\n",
}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        any(locate(name) is None for name in AGENTS), reason="run `sale models pull` first"
    ),
]


def sale(folder: Path, *arguments: str):
    done = subprocess.run(
        [Path(sys.executable).parent / "sale", *arguments, "--json"],
        env=os.environ | {"SALE_DB": f"sqlite:///{folder / 'memory.db'}", "SALE_MARKET": ""},
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def assert_paid(held) -> None:
    """Three models bid and rated, one worked, and every one of these stages was paid for."""
    assert {bid["agent"] for bid in held["bids"]} == set(AGENTS)
    assert all(bid["plan"] for bid in held["bids"] if bid["error"] is None)
    assert set().union(*(bid["ratings"] for bid in held["bids"])) == set(AGENTS)
    assert held["award"]["agent"] in AGENTS
    for stage in ("bid", "rate", "execute"):
        assert held["usage"][stage]["usd"] > 0
        assert held["usage"][stage]["completion_tokens"] > 0


def test_a_function_is_written_and_the_auction_can_be_shown(tmp_path):
    held = sale(tmp_path, "submit", ROMAN, "--seed", "1")
    assert_paid(held)
    assert "def roman" in held["outcome"]["answer"]
    shown = sale(tmp_path, "show", held["auction_id"])
    assert {key: shown[key] for key in held} == held
    assert len(shown["trajectory"]) == held["outcome"]["steps"] > 0


def test_a_question_is_answered_with_the_passage_that_proves_it(tmp_path):
    folder = tmp_path / "documents"
    folder.mkdir()
    for name, text in DOCUMENTS.items():
        (folder / name).write_text(text)
    question = "In which year was the lighthouse of Vardholm lit for the first time?"
    held = sale(tmp_path, "submit", question, "--corpus", str(folder), "--seed", "1")
    assert_paid(held)
    assert "1874" in held["outcome"]["answer"]
    cited = {citation["source"]: citation["text"] for citation in held["outcome"]["citations"]}
    assert "1874" in next(text for source, text in cited.items() if "lighthouse" in source)
