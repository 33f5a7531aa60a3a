"""`sale whatif` at the command line."""

import pytest
from auctions import held

from sale.memory.store import Store
from sale.types import Award, Call, Kind, Outcome, Stage, Step, StopReason, Verdict

TEXT = "Write add(a, b).\n\n>>> add(1, 2)\n3"
RIGHT = "```python\ndef add(a, b):\n    return a + b\n```"


def market(sale, more: str = "") -> tuple[str, str]:
    script = [sale.plan(), {"when": ">>> add", "reply": RIGHT}]
    auction = f'[auction]\nstages = "auto"\nplan_in_prompt = "none"\n{more}\n'
    return "--market", sale.market({"small": script, "large": script}, more=auction)


@pytest.mark.slow
def test_it_tells_what_the_auctions_on_record_would_have_come_to(sale):
    asked = market(sale)
    for seed in ("1", "2", "3"):  # with a seed nobody is tried by chance
        assert sale("submit", TEXT, *asked, "--seed", seed).returncode == 0
    told = sale.json("whatif", *asked, "--policy", "single:small")["coding"]
    assert told["tasks"] == 3
    assert told["logged"]["solved"] == told["solved"]["value"] == 1.0
    assert told["usd"]["value"] < told["logged"]["usd"]  # nobody is asked for bids
    assert told["sentence"].startswith("Cheaper than what it was by")
    assert told["sentence"].endswith("too few tasks to tell.")
    dearer = sale.json("whatif", *asked, "--policy", "single:small", "--price", "small=9,9,9")
    assert dearer["coding"]["usd"]["value"] > told["usd"]["value"]
    for policy in ("random", "verify-cascade"):  # everybody is right at once, or not known
        other = sale.json("whatif", *asked, "--policy", policy)["coding"]
        assert other["tasks"] == 3
        assert other["direct"]["solved"] > 0.5
    winner = sale.json("log", *asked)[0]["winner"]
    gone = sale("whatif", *asked, "--without", winner)
    assert gone.returncode == 2
    assert "was checked so far, so nothing can be told of coding tasks" in gone.stderr
    shown = sale("whatif", *asked, "--prefer", "cheap")
    assert shown.returncode == 0
    assert "both (doubly robust)" in shown.stdout
    assert "nineteen times in twenty" not in shown.stdout  # three auctions foretell nothing
    assert sale.json("log", "--limit", "9", *asked)[3:] == []  # nothing was run


def test_a_memory_without_auctions_has_nothing_to_tell(sale):
    told = sale("whatif", *market(sale))
    assert (told.returncode, told.stdout) == (0, "")
    assert "no auctions yet" in told.stderr
    assert sale.json("whatif", *market(sale)) == {}
    assert "no auctions with these options" in sale("whatif", *market(sale), "--suite", "x").stderr


def test_a_kind_of_which_nothing_can_be_told_keeps_no_other_from_telling(sale):
    spent = Step(1, "", "", "", "", (Call("small", Stage.EXECUTE, 1, 0, 1, 1.0, 1e-6),), 1.0)
    told = {"award": Award("small", 0, 0.0, "small"), "steps": (spent,)}
    checked = Outcome("small", "an answer", StopReason.ANSWERED, Verdict.PASSED)
    unchecked = Outcome("small", "an answer", StopReason.ANSWERED)
    with Store.open(f"sqlite:///{sale.folder / 'both.db'}") as memory:
        memory.record(held("aa", outcome=checked, **told))
        alone = sale("whatif", *market(sale), "--db", "sqlite:///both.db")
        memory.record(held("ab", "another task", outcome=checked, **told))
        memory.record(held("bb", kind=Kind.SEARCH, outcome=unchecked, **told))
    asked = ("whatif", *market(sale), "--db", "sqlite:///both.db", "--without", "large")
    both = sale(*asked)
    assert both.returncode == 0
    assert "2 coding auctions" in both.stdout
    assert "no work of small was checked so far, so nothing can be told of search" in both.stderr
    assert (alone.returncode, alone.stdout) == (2, "")
    assert "in one coding auction alone work of small, large was checked so far" in alone.stderr
    search = sale(*asked, "--kind", "search")
    assert (search.returncode, search.stdout) == (2, "")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--value", "-1"], "--value -1: give dollars above 0"),
        (["--value", "nan"], "give dollars above 0"),
        (["--value", "1", "--prefer", "cheap"], "give one of them"),
        (["--without", "nobody"], "there is no agent 'nobody'; choose from small, large"),
        (["--without", "small", "--without", "large"], "leaves nobody"),
        (["--price", "small=1"], "give three numbers of 0 or more"),
        (["--price", "small=1,inf,1"], "give three numbers of 0 or more"),
        (["--price", "=1,1,1"], "there is no agent ''"),
        (["--policy", "magic"], "choose from auto, random, verify-cascade, single:AGENT"),
        (["--policy", "single:nobody"], "there is no agent 'nobody'"),
        (["--policy", "single:small", "--without", "small"], "there is no agent 'small'"),
        (["--since", "soon"], "is no moment"),
        (["--last", "0"], "--last"),
    ],
)
def test_settings_that_make_no_sense_are_refused(sale, options, words):
    told = sale("whatif", *options, *market(sale))
    assert told.returncode == 2
    assert words in told.stderr
    assert "Traceback" not in told.stderr
