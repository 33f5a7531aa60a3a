"""`sale replay` as its users meet it."""

import pytest

pytestmark = pytest.mark.slow

ROWS = [
    f"{'xy'[n % 2]},t{n},{agent},{int(right)},{usd},write a {'graph' if n % 2 else 'list'} {n}"
    for n in range(20)
    for agent, right, usd in (("small", n % 2 == 0, 0.1), ("large", n % 5 != 0, 1.0))
]
HEAD = "suite,task_id,agent,resolved,cost_usd,text\n"


@pytest.fixture
def outcomes(sale):
    path = sale.folder / "outcomes.csv"
    path.write_text(HEAD + "\n".join(ROWS) + "\nx,t99,small,1,,\n")
    (sale.folder / "prices.json").write_text('{"small": 0.5, "large": 5}')
    return ("replay", "outcomes.csv", "--embedder", "words", "--prices", "prices.json")


def test_a_table_is_played_shown_and_kept(sale, outcomes):
    done = sale(*outcomes, "--out", "run")
    assert done.returncode == 0
    assert "\nlarge " in done.stdout
    assert "carrot: cheaper than" in done.stdout
    assert "runs without dollars: 1 (small 1)" in done.stderr
    assert "1 of 21 tasks are left out" in done.stderr
    assert "frugalgpt is left out: frugalgpt needs the agents' answers" in done.stderr
    assert "sale bench report run" in done.stderr
    assert {path.name for path in (sale.folder / "run").iterdir()} == {
        *("samples.jsonl", "run.json", "results.json")
    }
    again = sale(*outcomes, "--out", "run")
    assert (again.returncode, "holds something already" in again.stderr) == (2, True)


def test_the_json_has_every_suite_and_what_was_left_out(sale, outcomes):
    said = sale.json(*outcomes, "-q")
    assert said["suites"] == ["x", "y"]
    assert (said["tasks"], said["largest"]) == (20, "large")
    assert set(said["left_out"]) == {"frugalgpt", "verify-cascade"}
    by = {(one["suite"], one["policy"]): one for one in said["policies"]}
    assert by["x", "single:small"]["pass@1"] == 1.0
    assert by["y", "single:small"]["pass@1"] == 0.0
    assert by["all", "single:large"]["usd_per_task"] == pytest.approx(1.0)
    assert by["all", "oracle"]["pass@1"] == pytest.approx(0.9)
    assert by["all", "oracle"]["allocation"] == {"small": pytest.approx(0.6), "large": 0.4}
    assert sale.json(*outcomes, "-q") == said


def test_policies_agents_suites_and_a_limit_choose_a_part(sale, outcomes):
    said = sale.json(
        *outcomes,
        "-q",
        "--policy",
        "single",
        "--policy",
        "carrot@2",
        "--suite",
        "x",
        "--limit",
        "6",
    )
    assert [one["policy"] for one in said["policies"] if one["suite"] == "x"] == [
        *("single:small", "single:large", "carrot@2")
    ]
    assert said["tasks"] == 6
    alone = sale.json(*outcomes, "-q", "--agents", "large", "--policy", "random")
    assert (alone["agents"], alone["tasks"]) == (["large"], 20)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--policy", "nothing"), "no policy could be played"),
        (("--agents", "small,nobody"), "no agent 'nobody' in the table"),
        (("--suite", "z"), "no suite 'z' in the table"),
        (("--folds", "3", "--split", "0.5"), "two ways of one thing"),
        (("--split", "1.5"), "a share between 0 and 1"),
        (("--folds", "30"), "can't be cut into 30 folds"),
        (("--prices", "outcomes.csv"), "expected"),
        (("--out", "outcomes.csv"), "holds something already"),
    ],
)
def test_what_can_not_be_played_is_refused_in_one_line(sale, outcomes, options, words):
    done = sale(*outcomes, "-q", *options)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_names_from_a_table_are_never_markup_or_control_characters(sale):
    (sale.folder / "t.csv").write_text(
        'task,agent,resolved\n"[red]t",[bold]evil[/bold],1\nu,"\x1b[31mworse\x07",0\n'
        'u,[bold]evil[/bold],1\n"[red]t","\x1b[31mworse\x07",1\n'
    )
    done = sale("replay", "t.csv", "--policy", "single")
    assert done.returncode == 0
    assert "[bold]evil[/bold]" in done.stdout
    assert "\x1b" not in done.stdout + done.stderr
    assert "\x07" not in done.stdout + done.stderr


def test_without_the_embedding_model_the_suites_are_what_routers_see(sale, outcomes):
    arguments = [one for one in outcomes if one not in ("--embedder", "words")]
    done = sale(*arguments, "-q", "--policy", "knn", XDG_CACHE_HOME=str(sale.folder))
    assert done.returncode == 0
    assert "no text is looked at, as the embedding model is not here" in done.stderr
    assert "knn" in done.stdout
    alone = sale(*arguments, "-q", "--suite", "x", XDG_CACHE_HOME=str(sale.folder))
    assert "carrot is left out: carrot needs task texts with an embedding model" in alone.stderr
