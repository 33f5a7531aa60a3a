"""Questions of suites on the command line: where they look, how they are graded, what is kept."""

import json
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

DATA = Path(__file__).parents[1] / "data" / "questions"
AREA = "```answer\n412 square kilometres [1]\n```"


@pytest.fixture
def asked(sale):
    """Runs a command with one agent that says the same to every question."""
    sale.environment["SALE_CACHE"] = str(sale.folder / "cache")

    def ask(reply, *arguments, more=""):
        rating = {"when": "Rate how likely", "reply": '{"A": 3}'}
        word = {"when": '{"answer": "..."}', "reply": '{"answer": "412 square kilometres"}'}
        ada = [sale.plan("Look."), rating, word, {"when": "", "reply": reply}]
        return sale(*arguments, "--market", sale.market({"ada": ada}, more=more))

    return ask


def test_bench_grades_questions_by_their_keys_with_f1_beside(sale, asked):
    done = asked(AREA, "bench", str(DATA / "hotpotqa.json"), "--out", "run", "--json", "-q")
    (ada,) = json.loads(done.stdout)["agents"]
    assert (ada["n"], ada["pass@1"], ada["f1"]) == (2, 0.5, 0.5)
    rows = [json.loads(line) for line in (sale.folder / "run/trials.jsonl").open()]
    assert [(row["grade"], row["f1"]) for row in rows] == [(1.0, 1.0), (0.0, 0.0)]


def test_an_honest_not_found_solves_what_can_not_be_answered(asked):
    task = f"{DATA / 'own' / 'own.jsonl'}#depth"
    done = asked("not_found: its depth", "submit", "--task", task, "--json", "-q")
    outcome = json.loads(done.stdout)["outcome"]
    assert (outcome["answer"], outcome["grade"], done.returncode) == (None, 1.0, 1)


def test_submit_grades_a_question_of_a_pool_and_show_tells_it_again(sale, asked):
    task = f"{DATA / 'hotpotqa.json'}#q1"
    done = asked(AREA, "submit", "--task", task, "--corpus-mode", "pooled", "--json", "-q")
    held = json.loads(done.stdout)
    (pages,) = Path(held["task"]["corpus"]).iterdir()
    assert len(pages.read_text().splitlines()) == 4
    assert held["outcome"]["grade"] == 1.0
    assert sale.json("show", held["auction_id"])["outcome"]["grade"] == 1.0
    assert "graded 1.00" in sale("show", held["auction_id"]).stdout


def test_questions_without_documents_are_refused_in_one_line(sale, asked):
    told = "1 comes with no documents; give --corpus DIR, or --web ENGINE"
    for name in ("nq_open.jsonl", "simpleqa.csv", "frames.tsv", "browsecomp.csv"):
        done = asked(AREA, "bench", str(DATA / name), "--out", "run", "-q")
        assert (done.returncode, done.stderr) == (2, f"sale: {DATA / name}: {told}\n")
    docs = str(DATA / "own" / "docs")
    done = asked(AREA, "bench", str(DATA / "simpleqa.csv"), "--out", "run", "--corpus", docs, "-q")
    assert done.returncode == 0


def test_encrypted_questions_are_kept_as_hashes_or_not_at_all(sale, asked):
    docs, task = str(DATA / "own" / "docs"), f"{DATA / 'browsecomp.csv'}#2"
    done = asked(AREA, "submit", "--task", task, "--corpus", docs, "-q")
    assert done.returncode == 2
    assert 'put `privacy = "hash"` into the market file' in done.stderr
    assert not (sale.folder / "memory.db").exists()
    done = asked(
        "```answer\nLake Brede [1]\n```",
        *("submit", "--task", task, "--corpus", docs, "-q", "--answer"),
        more='privacy = "hash"',
    )
    assert (done.returncode, done.stdout) == (0, "Lake Brede [1]\n")
    kept = b"".join(path.read_bytes() for path in sale.folder.glob("memory.db*"))
    assert b"sha256:" in kept
    for secret in (b"Which lake", b"Lake Brede", b"412 square"):
        assert secret not in kept


def test_a_run_of_encrypted_questions_writes_none_of_them(sale, asked):
    docs = str(DATA / "own" / "docs")
    done = asked(AREA, "bench", str(DATA / "browsecomp.csv"), "--out", "run", "--corpus", docs)
    assert done.returncode == 0
    written = done.stdout + done.stderr
    written += "".join(path.read_text() for path in (sale.folder / "run").glob("*.json*"))
    for secret in ("Which", "climber", "Holm", "Brede"):
        assert secret not in written


def test_show_makes_the_corpora_that_are_asked_for_and_tells_the_key(sale):
    sale.environment["SALE_CACHE"] = str(sale.folder / "cache")
    name = str(DATA / "hotpotqa.json")
    plain = sale.json("suites", "show", name, "q1")
    assert (plain["corpus"], plain["paragraphs"]) == (None, ["Osk (river)", "Lake Brede", "Sund"])
    assert "hidden" not in plain
    assert not (sale.folder / "cache").exists()
    shown = sale.json("suites", "show", name, "q1", "--corpus-mode", "pooled", "--hidden")
    assert Path(shown["corpus"]).is_dir()
    assert shown["hidden"]["answers"] == ["412 square kilometres"]
    assert len(shown["gold"]) == 2
    assert (
        "Key, compared by f1: 412 square" in sale("suites", "show", name, "q1", "--hidden").stdout
    )


def test_a_judge_decides_where_there_is_no_key_and_is_marked_in_every_output(sale, asked):
    docs, judging = str(DATA / "own" / "docs"), ("--judge", "ada", "-q")
    (sale.folder / "open.jsonl").write_text(
        json.dumps({"id": "open", "kind": "search", "prompt": "How large is Lake Brede?"}) + "\n"
    )
    task = ("submit", "--task", "open.jsonl#open", "--corpus", docs, *judging)
    held = json.loads(asked(AREA, *task, "--json").stdout)
    assert (held["judged"]["judge"], held["judged"]["right"]) == ("ada", True)
    assert held["judged"]["usd"] > 0
    assert held["outcome"]["grade"] is None
    total = sum(part["usd"] for stage, part in held["usage"].items() if stage != "total")
    assert held["usage"]["total"]["usd"] == pytest.approx(total)
    assert "Judged by ada, as there is no key: right (it" in asked(AREA, *task).stdout
    only = asked(AREA, *task, "--answer")
    assert only.stdout == "412 square kilometres [1]\n"
    assert "Judged by ada" in only.stderr
    run = ("bench", "open.jsonl", "--out", "run", "--corpus", docs, *judging)
    (ada,) = json.loads(asked(AREA, *run, "--json").stdout)["agents"]
    assert (ada["pass@1"], ada["judged"]["tasks"], ada["f1"]) == (1.0, 1, None)
    assert ada["judged"]["usd"] > 0
    (row,) = [json.loads(line) for line in (sale.folder / "run/trials.jsonl").open()]
    assert (row["grade"], row["judge"]) == (1.0, "ada")
    again = asked(AREA, *run, "--resume")
    assert "ada: on 1 of 1 known tasks by a judge's word, as they have no key" in again.stdout


def test_a_judge_that_is_no_agent_is_refused_and_a_key_goes_before_any_judge(asked):
    task = ("submit", "--task", f"{DATA / 'own' / 'own.jsonl'}#area", "-q", "--json")
    unknown = asked(AREA, *task, "--judge", "eve")
    assert unknown.returncode == 2
    assert unknown.stderr == "sale: --judge: no agent 'eve'; choose from ada\n"
    keyed = json.loads(asked(AREA, *task, "--judge", "ada").stdout)
    assert keyed["outcome"]["grade"] == 1.0
    assert "judged" not in keyed
