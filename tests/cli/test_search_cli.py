"""A question on the command line: its answer with the passages, or a plain "not found"."""

import pytest

pytestmark = pytest.mark.slow


@pytest.fixture
def ask(sale):
    """Puts a question to one agent that says these things, over two pages."""
    folder = sale.folder / "docs"
    folder.mkdir()
    (folder / "tower.md").write_text("# The tower\n\nThe tower of Arle is 42 metres high.\n")
    (folder / "town.md").write_text("# Arle\n\nArle is a town on the Senn.\n")

    def put(*rules):
        rating = {"when": "Rate how likely", "reply": '{"A": 3}'}
        ada = [sale.plan("Look."), rating, *rules]
        question = "How high is the tower of Arle?"
        return sale("submit", question, "--corpus", "docs", "--market", sale.market({"ada": ada}))

    return put


def test_an_answer_comes_with_its_passages_under_their_numbers(ask):
    done = ask({"when": "", "reply": "It is 42 metres high [1]."})
    assert done.returncode == 0
    assert "It is 42 metres high [1]." in done.stdout
    assert "[1] The tower (tower.md)" in done.stdout
    assert "verified: its visible checks passed" in done.stdout
    assert "cited passages are in the corpus" in done.stdout


def test_what_is_not_found_says_so_and_what_was_looked_at(ask):
    unsure = {"when": "", "reply": "It is 42 metres high [1].", "confidence": 0.3}
    done = ask(unsure)
    assert done.returncode == 1
    assert "Not found." in done.stdout
    assert "Looked at: search How high is the tower of Arle" in done.stdout
    assert "The tower (tower.md)" in done.stdout
    assert "sale: not found; all that was done: sale show " in done.stderr
