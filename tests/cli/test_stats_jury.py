"""`sale stats jury` as its users meet it: dashes where little is known, numbers where much is."""

import json

import numpy as np
import pytest
from auctions import held

from sale.bench.trials import Trial, line_of
from sale.memory.store import Store
from sale.types import (
    Award,
    Bid,
    Call,
    Kind,
    Outcome,
    Ratings,
    Stage,
    StopReason,
    Verdict,
)

pytestmark = pytest.mark.slow
AGENTS = ("large", "medium", "small")


def fill(sale, count: int) -> None:
    """Put auctions on record whose jury knows what it does."""
    rng = np.random.default_rng(0)
    with Store.open(sale.environment["SALE_DB"]) as store:
        for number in range(count):
            worth = dict(zip(AGENTS, rng.uniform(0, 5, 3), strict=True))
            winner = AGENTS[number % 3]
            passed = rng.uniform(0, 5) < worth[winner]
            store.record(
                held(
                    f"{number:012x}",
                    f"task {number}",
                    seed=number,
                    started=1e9 + number,
                    ended=1e9 + number + 1,
                    bids=tuple(Bid(agent, 1, "a plan", 3, None) for agent in AGENTS),
                    ratings=tuple(
                        Ratings(juror, 1, worth, (Call(juror, Stage.RATE, 1, 0, 1, 0.1, 0.0),))
                        for juror in AGENTS
                    ),
                    award=Award(winner, 1, 0.0, winner),
                    outcome=Outcome(
                        winner,
                        "42",
                        StopReason.ANSWERED,
                        Verdict.PASSED if passed else Verdict.FAILED,
                    ),
                )
            )


def trials(sale, count: int) -> str:
    """Write a run in which two agents were tried on every task."""
    lines = [
        line_of(
            Trial(
                task=f"t{number}",
                kind=Kind.CODING,
                agent=agent,
                price=1.0,
                tokens=3,
                entropy=None,
                ratings=dict.fromkeys(AGENTS, 4.0 if (number + place) % 3 else 1.0),
                verified=Verdict.PASSED if (number + place) % 3 else Verdict.FAILED,
                stop_reason=StopReason.ANSWERED,
                usd=0.0,
                auction_usd=0.0,
                wall_s=1.0,
            )
        )
        for number in range(count)
        for place, agent in enumerate(AGENTS[:2])
    ]
    folder = sale.folder / "run"
    folder.mkdir()
    (folder / "trials.jsonl").write_text("".join(lines))
    return str(folder)


def test_a_memory_with_enough_in_it_gives_every_figure(sale):
    fill(sale, 60)
    told = sale.json("stats", "jury")
    assert told["source"] == "memory"
    assert [one["juror"] for one in told["jurors"]] == list(AGENTS)
    assert told["jury"]["labelled"] == 60
    assert told["jury"]["auc"]["low"] > 0.5
    assert sum(row["n"] for row in told["jury"]["reliability"]) == 60
    assert told["jury"]["position"]["draws"] == 180
    assert told["jury"]["self_preference"]["value"] == pytest.approx(0)
    assert sale.json("stats", "--json", "jury", "--since", "2999-01-01")["jury"] is None
    for width in ("80", "160"):
        done = sale("stats", "jury", COLUMNS=width)
        assert (done.returncode, done.stderr) == (0, "")
        assert "the awards" in " ".join(done.stdout.split())
        assert max(map(len, done.stdout.splitlines())) <= int(width)
        assert "…" not in done.stdout


def test_too_little_gives_dashes_and_says_what_is_needed(sale):
    fill(sale, 2)
    told = sale.json("stats", "jury")
    assert told["jury"]["brier"] is told["jury"]["auc"] is told["jury"]["position"] is None
    shown = " ".join(sale("stats", "jury").stdout.split())
    assert "need 20 plans with a known result" in shown
    assert "the jury has 2, " in shown
    assert "nan" not in shown


def test_an_empty_memory_has_no_ratings(sale):
    assert sale.json("stats", "jury") == {
        "source": "memory",
        "needed": {"labelled": 20, "solved": 5, "unsolved": 5},
        "jury": None,
        "jurors": [],
    }
    done = sale("stats", "jury")
    assert (done.returncode, done.stdout) == (0, "")
    assert "no ratings here" in done.stderr


def test_a_run_has_labels_for_all_and_no_letters(sale):
    told = sale.json("stats", "jury", "--run", trials(sale, 30))
    assert told["source"] == "run"
    assert told["jury"]["labelled"] == 60
    assert told["jury"]["auc"]["value"] == 1
    assert told["jury"]["auc"]["low"] is None
    assert told["jury"]["position"] is None
    assert "Every agent was tried" in sale("stats", "jury", "--run", "run").stdout


def test_options_before_and_after_the_command_are_the_same(sale):
    fill(sale, 2)
    url, other = sale.environment["SALE_DB"], f"sqlite:///{sale.folder / 'other.db'}"
    before = json.loads(sale("stats", "--json", "--db", url, "jury", SALE_DB=other).stdout)
    after = json.loads(sale("stats", "jury", "--db", url, "--json", SALE_DB=other).stdout)
    assert before == after
    assert before["jury"]["plans"] == 6


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--run", "gone"), ("'gone'", "sale bench")),
        (("--run", "gone", "--suite", "s"), ("--suite", "--run")),
        (("--since", "yesterday-ish"), ("--since", "7d")),
        (("--kind", "cooking"), ("cooking", "coding")),
    ],
)
def test_bad_input_is_one_line(sale, arguments, words):
    done = sale("stats", "jury", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1
    assert all(word in done.stderr for word in words), done.stderr


def test_stats_alone_is_as_it_was(sale):
    assert "no auctions yet" in sale("stats").stderr
    fill(sale, 1)
    assert "By agent" in sale("stats").stdout
    assert sale.json("stats")["states"] == {"finished": 1}
    done = sale("stats", "nobody")
    assert (done.returncode, done.stdout) == (2, "")
