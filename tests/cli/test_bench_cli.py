"""`sale bench` and what is left of it when it is killed."""

import json
import signal
import time

import pytest
from made_suites import laid

pytestmark = pytest.mark.slow

RIGHT = "```python\ndef add(a, b):\n    return a + b\n```"
WRONG = RIGHT.replace("+", "-")
TASKS = [
    {"id": f"add-{n}", "prompt": f"Write add(a, b).\n\n>>> add({n}, 2)\n{n + 2}"}
    for n in range(1, 5)
]


@pytest.fixture
def suite(sale):
    (sale.folder / "suite.jsonl").write_text("".join(json.dumps(task) + "\n" for task in TASKS))
    market = sale.market(
        {
            "small": [sale.plan(), sale.work(WRONG)],
            "large": [sale.plan("Return a + b."), sale.work()],
        }
    )
    return ("bench", "suite.jsonl", "--out", "run", "--market", market)


def rows(sale):
    return [json.loads(line) for line in (sale.folder / "run/trials.jsonl").open()]


def killed_once(sale, path, *asked):
    """Start a command and kill it as soon as a path is there."""
    process = sale.start(*asked)
    until = time.monotonic() + 120
    while not path.exists() and time.monotonic() < until:
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert path.exists()


def test_every_agent_does_every_task_and_the_run_says_how_it_went(sale, suite):
    said = sale.json(*suite)
    small, large = said["agents"]
    assert (small["agent"], small["n"], small["pass@1"]) == ("small", 4, 0.0)
    assert (large["agent"], large["n"], large["pass@1"]) == ("large", 4, 1.0)
    assert large["usd_per_solved"] == pytest.approx(large["usd_per_task"])
    assert {(row["task"], row["agent"]) for row in rows(sale)} == {
        (task["id"], agent) for task in TASKS for agent in ("small", "large")
    }
    again = sale(*suite)
    assert again.returncode == 2
    assert "--resume" in again.stderr
    assert bare(sale.json(*suite, "--resume")) == bare(said)
    other = sale(*suite, "--resume", "--seed", "9")
    assert (other.returncode, "was made with other seed" in other.stderr) == (2, True)


def test_hidden_tests_decide_where_a_suite_has_some(sale):
    hidden = {"function": "add", "cases": [{"args": [n, 2], "returns": n + 2} for n in (1, 7)]}
    text = "".join(json.dumps(task | {"tests": hidden}) + "\n" for task in TASKS[:2])
    (sale.folder / "suite.jsonl").write_text(text)
    by_heart = "```python\ndef add(a, b):\n    return {1: 3, 2: 4}[a]\n```"
    market = sale.market(
        {
            "parrot": [sale.plan(), sale.work(by_heart)],
            "honest": [sale.plan("Return a + b."), sale.work()],
        }
    )
    arguments = ("bench", "suite.jsonl", "--out", "run", "--market", market)
    parrot, honest = sale.json(*arguments, "--policy", "single")["agents"]
    assert (parrot["pass@1"], honest["pass@1"]) == (0.0, 1.0)
    assert parrot["visible_checks"] == {"passed_but_wrong": 2, "failed_but_right": 0}
    assert {row["agent"]: (row["verified"], row["grade"]) for row in rows(sale)} == {
        "parrot": ("passed", 0.5),
        "honest": ("passed", 1.0),
    }
    (sale.folder / "suite.jsonl").write_text(text.replace('"returns": 9', '"returns": 8'))
    other = sale(*arguments, "--resume")
    assert (other.returncode, "was made with other tasks" in other.stderr) == (2, True)


def test_a_change_in_a_folder_is_graded_apart_from_its_own_tests(sale):
    laid(
        sale.folder / "own",
        {
            "fix/task.toml": 'kind = "coding"\n',
            "fix/instruction.md": "Make add(a, b) right.\n",
            "fix/workspace/answer.py": "def add(a, b):\n    return a\n",
            "fix/tests/calls.json": json.dumps(
                {"function": "add", "cases": [{"args": [1, 2], "returns": 3}]}
            ),
        },
    )
    work = {
        "when": "answer.py",
        "reply": "```write answer.py\ndef add(a, b):\n    return a + b\n```\n```done\n```",
    }
    market = sale.market({"small": [sale.plan(), work]})
    (small,) = sale.json("bench", "own", "--out", "run", "--market", market)["agents"]
    assert small["pass@1"] == 1.0
    (row,) = rows(sale)
    assert (row["verified"], row["grade"]) == ("none", 1.0)


def bare(said):
    """All but seconds."""
    said = json.loads(json.dumps(said))
    for one in said["agents"]:
        one["wall_s_per_task"] = None
    for one in said["policies"]:
        one["overhead"]["wall"] = None
    return said


def test_every_policy_is_played_on_the_same_executions(sale, suite):
    said = sale.json(*suite, "--orders", "2")
    found = {one["policy"]: one for one in said["policies"] if one["suite"] == "all"}
    assert found.keys() >= {
        *("sale", "sale-published", "sale-nomem", "single:small", "single:large"),
        *("random", "mixture:sale", "verify-cascade", "oracle"),
    }
    assert set(said["left_out"]) <= {"knn", "wtp", "carrot", "to-router", "frugalgpt"}
    assert found["oracle"]["pass@1"] == found["single:large"]["pass@1"] == 1.0
    assert found["verify-cascade"]["pass@1"] == 1.0
    assert found["verify-cascade"]["usd_per_task"] == pytest.approx(
        found["single:small"]["usd_per_task"] + found["single:large"]["usd_per_task"]
    )
    assert found["sale-nomem"]["usd_per_task"] > found["single:large"]["usd_per_task"]
    assert 0 < found["sale"]["overhead"]["usd"] < 1
    samples = [json.loads(line) for line in (sale.folder / "run/samples.jsonl").open()]
    orders = {(one["policy"], one["order"]) for one in samples}
    assert {("sale", 0), ("sale", 1), ("sale-nomem", 0)} <= orders
    assert ("sale-nomem", 1) not in orders
    for name in ("results.json", "report.html", "plane.png", "memory/sale-1.db"):
        assert (sale.folder / "run" / name).stat().st_size > 0


def test_an_auction_of_a_run_can_be_looked_at(sale, suite):
    sale.json(*suite, "--policy", "sale", "--no-report")
    samples = [json.loads(line) for line in (sale.folder / "run/samples.jsonl").open()]
    where = f"sqlite:///{sale.folder / 'run/memory/sale-0.db'}"
    shown = sale.json("show", samples[-1]["auction"], "--db", where)
    assert shown["award"]["agent"] == samples[-1]["awards"][0]
    assert shown["usage"]["total"]["usd"] == pytest.approx(samples[-1]["usd"])
    assert not (sale.folder / "run/report.html").exists()


def test_a_killed_run_goes_on_and_comes_to_what_an_undisturbed_one_does(sale, suite):
    trials = sale.folder / "run/trials.jsonl"
    killed_once(sale, trials, *suite, "--fresh")
    before = trials.read_text().splitlines()
    said = sale.json(*suite, "--resume", "--fresh")
    assert [one["n"] for one in said["agents"]] == [4, 4]
    assert trials.read_text().splitlines()[: len(before)] == before
    arguments = ["other" if one == "run" else one for one in suite]
    undisturbed = sale.json(*arguments, "--fresh")
    assert bare(said) | {"run": ""} == bare(undisturbed) | {"run": ""}


def test_a_run_killed_among_its_auctions_goes_on_and_comes_to_the_same(sale, suite):
    asked = (*suite, "--fresh", "--policy", "sale", "--orders", "3")
    killed_once(sale, sale.folder / "run/memory/sale-2.db", *asked)
    samples = [json.loads(line) for line in (sale.folder / "run/samples.jsonl").open()]
    assert {one["order"] for one in samples} == {0, 1}
    said = sale.json(*asked, "--resume")
    undisturbed = sale.json(*["other" if one == "run" else one for one in asked])
    assert bare(said) | {"run": ""} == bare(undisturbed) | {"run": ""}


def test_work_alone_is_paid_for_until_an_auction_is_asked_for(sale, suite):
    script = [
        sale.plan(),
        {"when": ">>> add", "reply": RIGHT},
    ]
    sale.market({"small": script, "large": script}, more='[auction]\nplan_in_prompt = "none"\n')
    kept = (*suite, "--calls", "calls.db")

    def made():
        return sale.json("calls", "list", "--calls", "calls.db")["calls"]

    alone = sale.json(*kept, "--policy", "single", "--policy", "verify-cascade")
    assert made() == 4 * 2
    assert [one["bids_and_ratings_usd_per_task"] for one in alone["agents"]] == [0, 0]
    assert "`sale bench --policy sale --resume`" in sale("fit", "run").stderr
    whole = sale.json(*kept, "--policy", "single", "--policy", "sale", "--resume")
    assert made() >= 4 * (2 + 2 + 2)
    figures = ("agent", "pass@1", "usd_per_task")
    told = [[{key: one[key] for key in figures} for one in run["agents"]] for run in (alone, whole)]
    assert told[0] == told[1]
    before = made()
    sale.json(*kept, "--policy", "single", "--resume")
    assert made() == before


def test_model_calls_are_made_once_for_all_runs(sale, suite):
    calls = ("--calls", "calls.db", "--policy", "single")
    first = sale.json(*suite, *calls)
    made = sale.json("calls", "list", "--calls", "calls.db")["calls"]
    assert made == 4 * (2 + 2 + 3 + 1)  # bids, ratings, three tries that fail, one that is right
    other = ["other" if one == "run" else one for one in suite]
    again = sale.json(*other, *calls)
    assert sale.json("calls", "list", "--calls", "calls.db")["calls"] == made
    assert again | {"run": ""} == first | {"run": ""}
    sale.json(*[*other[:3], "third", *other[4:]], "--fresh", "--policy", "single")
    assert sale.json("calls", "list", "--calls", "calls.db")["calls"] == made


def test_a_run_stops_at_its_budget_and_goes_on_with_a_larger_one(sale, suite):
    stopped = sale(*suite, "--budget", "0.0000001")
    assert stopped.returncode == 4
    assert "go on with --resume and a larger --budget" in stopped.stderr
    assert len({row["task"] for row in rows(sale)}) == 1
    said = sale.json(*suite, "--resume", "--budget", "1", "--policy", "single")
    assert [one["n"] for one in said["agents"]] == [4, 4]


def test_what_auctions_ask_for_beyond_the_trials_is_on_the_budget(sale, suite):
    auctions = (*suite, "--policy", "sale-full")
    sale.json(*auctions)
    whole = sum(row["usd"] + row["auction_usd"] for row in rows(sale))
    live = sum(json.loads(line)["live_usd"] for line in (sale.folder / "run/samples.jsonl").open())
    assert live > 0  # refined bids, and ratings of them
    other = ["other" if word == "run" else word for word in auctions]
    stopped = sale(*other, "--budget", str(whole + live / 2))
    assert stopped.returncode == 4
    assert "auctions of sale-full are left" in stopped.stderr
    sale.json(*other, "--resume", "--budget", str(whole + live * 1.01))


def test_tasks_side_by_side_come_to_the_same(sale, suite):
    market = sale.folder / "market.toml"
    refused = sale(*suite, "--workers", "4")
    assert (refused.returncode, "serves 1 at a time" in refused.stderr) == (2, True)
    market.write_text(market.read_text().replace("backend =", "slots = 4\nbackend ="))
    one = sale.json(*suite, "--policy", "single", "--fresh")
    other = ["other" if word == "run" else word for word in suite]
    four = sale.json(*other, "--policy", "single", "--fresh", "--workers", "4")
    assert bare(four)["agents"] == bare(one)["agents"]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--policy", "magic"), "unknown policy 'magic'"),
        (("--agents", "nobody"), "no agent 'nobody'; choose from small, large"),
        (("--folds", "2", "--split", "0.5"), "give one of them"),
        (("--split", "2"), "between 0 and 1"),
        (("--calls", "suite.jsonl"), "call cache"),
        (("--judge", "nobody"), "no agent 'nobody'"),
        (("--policy", "mixture:magic"), "unknown policy 'magic'"),
        (("--budget", "nan"), "'--budget'"),
        (("--folds", "9"), "can't be cut into 9 folds"),
        (("./suite.jsonl",), "two suites are called 'suite'"),
        (("--out", "a?b"), "can't be part of its path"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_starts(sale, suite, more, words):
    done = sale(*suite, *more)
    assert done.returncode in (1, 2)
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert not (sale.folder / "run").exists()


def test_a_run_of_a_market_that_leaves_parts_out_goes_on_in_another_process(sale, suite):
    market = sale.folder / "market.toml"
    parts = 'without = ["entropy", "length", "peers", "price"]'
    market.write_text(f"[auction]\n{parts}\n" + market.read_text())
    few = ("--policy", "single", "--no-report", "--limit", "1")
    sale.json(*suite, *few)
    for seed in ("1", "2", "3"):
        done = sale(*suite, *few, "--resume", PYTHONHASHSEED=seed)
        assert done.returncode == 0, done.stderr


def test_a_run_that_grows_forgets_what_policies_came_to_on_fewer_tasks(sale, suite):
    sale.json(*suite, "--limit", "2", "--policy", "sale-nomem", "--no-report")
    said = sale.json(*suite, "--resume", "--policy", "single", "--no-report")
    assert {one["policy"] for one in said["policies"]} == {"single:small", "single:large"}
    assert {one["n"] for one in said["policies"]} == {4}


def test_a_mixture_copies_an_auction_or_is_left_out(sale, suite):
    said = sale.json(*suite, "--policy", "mixture:sale", "--policy", "mixture:single:large")
    assert list(said["left_out"]) == ["mixture:sale"]
    assert {one["policy"] for one in said["policies"]} == {"mixture:single:large"}


def test_some_agents_of_a_market_can_be_tried_alone(sale, suite):
    said = sale.json(*suite, "--agents", "large", "--policy", "single", "--limit", "2")
    assert [(one["agent"], one["n"]) for one in said["agents"]] == [("large", 2)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "suite.jsonl is empty"),
        ('{"id": "a", "prompt": "x"}\n' * 2, "'a' is there twice"),
        ('{"id": "a", "prompt": " "}', "line 1: prompt: the task is empty"),
        ('{"id": "a"}', "line 1: no known format has just the keys 'id'"),
        ("{", "not valid JSON"),
    ],
)
def test_a_suite_that_cannot_be_used_is_refused_before_anything_starts(sale, suite, text, words):
    (sale.folder / "suite.jsonl").write_text(text)
    done = sale(*suite)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert not (sale.folder / "run").exists()


def test_attempts_are_counted_as_pass_at_k(sale, suite):
    market = sale.folder / "market.toml"
    refused = sale(*suite, "--attempts", "2")
    assert (refused.returncode, "temperature 0" in refused.stderr) == (2, True)
    market.write_text("[limits]\ntemperature = 0.8\n" + market.read_text())
    said = sale.json(*suite, "--attempts", "2", "--limit", "2", "--policy", "sale-nomem")
    assert [one["n"] for one in said["agents"]] == [4, 4]
    samples = [json.loads(line) for line in (sale.folder / "run/samples.jsonl").open()]
    assert [one["attempt"] for one in samples] == [0, 0, 1, 1]
    results = json.loads((sale.folder / "run/results.json").read_text())
    assert any(key.startswith("pass@2") for key in results["results"]["all/sale-nomem"])
