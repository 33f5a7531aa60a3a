"""`stages = "auto"` at the command line: memory awards, and says why."""

import pytest

from sale.memory.store import Store
from sale.types import Bid, Call, Outcome, Stage, Step, StopReason, Verdict
from tests import auctions

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


def test_a_plan_is_lent_where_that_has_paid_and_the_user_is_told(sale):
    plan, wrong = "Return the sum.", RIGHT.replace("+", "-")
    by_plan = {"when": f"{plan}\n</plan>", "reply": RIGHT}
    scripts = {
        "small": [by_plan, {"when": ">>> add", "reply": wrong}, sale.plan()],
        "large": [{"when": "short plan", "reply": plan}, {"when": ">>> add", "reply": RIGHT}],
    }
    more = '[auction]\nstages = "auto"\nplan_in_prompt = "auto"\nvalue = 4e-4\nfallbacks = 0\n'
    path = sale.market(scripts, more=more)
    with Store.open(sale.environment["SALE_DB"]) as memory:
        for number in range(24):
            agent, planner = (("small", None), ("small", "large"), ("large", None))[number % 3]
            tokens, usd = (1, 1e-6) if agent == "small" else (50, 1e-4)
            calls = (Call(agent, Stage.EXECUTE, tokens, 0, 0, 1.0, usd),)
            asked = (Call(planner or "small", Stage.BID, 9, 0, 9, 1.0, 1e-5),)
            right = (agent, planner) != ("small", None)
            verdict = Verdict.PASSED if right else Verdict.FAILED
            memory.record(
                auctions.held(
                    f"{number:04}",
                    TEXT,
                    bids=(Bid(planner or "small", 1, "a plan", 50, 0.5, asked),),
                    outcome=Outcome(agent, "it", StopReason.ANSWERED, verdict, planner=planner),
                    steps=(Step(1, "", "", "", "", calls, 1.0),),
                )
            )
    held = sale.json("submit", TEXT, "--market", path, "--seed", "1")
    assert (held["award"]["agent"], held["award"]["planner"]) == ("small", "large")
    assert (held["outcome"]["planner"], held["outcome"]["verified"]) == ("large", "passed")
    assert [bid["agent"] for bid in held["bids"]] == ["large"]
    assert held["usage"]["total"]["usd"] > held["usage"]["execute"]["usd"]
    assert {(one["agent"], one["planner"]) for one in held["foreseen"]} >= {("small", "large")}
    shown = sale("show", held["auction_id"]).stdout
    assert "small with large's plan was sent" in shown
    assert "the plan of large" in shown
    assert plan in shown
