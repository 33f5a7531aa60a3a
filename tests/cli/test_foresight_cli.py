"""`stages = "auto"` at the command line: memory awards, and says why."""

import pytest

pytestmark = pytest.mark.slow

TEXT = "Write add(a, b).\n\n>>> add(1, 2)\n3"
RIGHT = "```python\ndef add(a, b):\n    return a + b\n```"


def market(sale, more: str) -> tuple[str, str]:
    script = [sale.plan(), {"when": ">>> add", "reply": RIGHT}]
    auction = f'[auction]\nstages = "auto"\nplan_in_prompt = "none"\n{more}\n'
    return "--market", sale.market({"small": script, "large": script}, more=auction)


def test_bids_are_asked_for_once_and_then_memory_tells(sale):
    # With a seed nobody is tried by chance.
    asked = ("submit", TEXT, *market(sale, 'prefer = "cheap"'), "--seed", "1")
    first, second = sale.json(*asked), sale.json(*asked)
    assert (len(first["bids"]), first["foreseen"]) == (2, [])
    assert second["bids"] == []
    assert [one["agent"] for one in second["foreseen"]] == ["small", "large"]
    for one in second["foreseen"]:
        assert one["score"] == pytest.approx(one["usd"] - one["worth_usd"] * one["chance"])
    assert second["award"]["agent"] == "small"
    assert second["usage"]["total"]["usd"] == second["usage"]["execute"]["usd"]
    assert second["usage"]["total"]["usd"] < first["usage"]["total"]["usd"] / 2
    shown = sale("show", second["auction_id"])
    assert shown.returncode == 0
    assert "Foreseen" in shown.stdout
    assert "it promises most for its price" in shown.stdout
    assert sale.json("show", second["auction_id"])["foreseen"] == second["foreseen"]
    third = sale.json(*asked, "--stages", "full")
    assert (len(third["bids"]), third["foreseen"]) == (2, [])


def test_who_is_not_worth_its_price_is_not_sent_and_nothing_is_spent(sale):
    assert sale("submit", TEXT, *market(sale, 'prefer = "cheap"')).returncode == 0
    refused = sale("submit", TEXT, *market(sale, "value = 1e-9"))
    assert refused.returncode == 3
    assert "no agent is worth its price" in refused.stderr
    assert "`value` under [auction]" in refused.stderr
    assert "Traceback" not in refused.stderr
    newest = sale.json("log")[0]
    assert (newest["state"], newest["usd"]) == ("failed", 0)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ('stages = "some"', "stages"),
        ("value = -1", "value"),
        ('prefer = "best"', "prefer"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused(sale, more, words):
    path = sale.market({"small": [sale.plan()]}, more=f"[auction]\n{more}\n")
    refused = sale("submit", TEXT, "--market", path)
    assert refused.returncode == 2
    assert f"auction.{words}" in refused.stderr
