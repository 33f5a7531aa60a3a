"""From a run of `sale bench` to its page, its comparison and its logs, with scripted agents."""

import json
import re

import pytest
from lxml import html

pytestmark = pytest.mark.slow

TASKS = [
    {"id": f"add-{n}", "prompt": f"Write add(a, b).\n\n>>> add({n}, 2)\n{n + 2}"}
    for n in range(1, 4)
]


@pytest.fixture(scope="module")
def run(shared):
    """A finished run of the auction and of the agents alone."""
    (shared.folder / "suite.jsonl").write_text("".join(json.dumps(task) + "\n" for task in TASKS))
    wrong = "```python\ndef add(a, b):\n    return a - b\n```"
    market = shared.market(
        {
            "small": [shared.plan(), shared.work(wrong)],
            "large": [shared.plan("Return a + b."), shared.work()],
        }
    )
    policies = ("--policy", "single", "--policy", "sale")
    done = shared("bench", "suite.jsonl", "--out", "run", "--market", market, *policies)
    assert done.returncode == 0, done.stderr
    return shared.folder / "run"


def test_every_task_of_the_page_leads_to_an_auction_that_sale_show_knows(shared, run):
    tree = html.document_fromstring((run / "report.html").read_text())
    auctions = tree.xpath("//section[@id='auctions']/details")
    assert len(auctions) == len(TASKS)
    for auction in auctions:
        assert "Return a + b." in auction.text_content()
        assert auction.xpath(".//span[@class='won']")
        _, _, name, _, url = auction.xpath(".//code")[0].text.split()
        shown = shared.json("show", name, "--db", url)
        assert {bid["agent"] for bid in shown["bids"]} == {"small", "large"}
    assert (run / "plane.png").is_file()


def test_the_report_is_drawn_again_compared_and_exported_from_the_folder_alone(shared, run):
    told = shared.json("bench", "report", "run", "--out", "again/page.html")
    assert {"page.html", "plane.png"} <= {path.name for path in (run.parent / "again").iterdir()}
    assert told["files"][0] == "again/page.html"
    compared = shared.json("bench", "compare", "run", "run")
    assert {one["policy"] for one in compared["policies"]} == {
        "single:small",
        "single:large",
        "sale",
    }
    assert all(one["gained"] == one["lost"] == [] for one in compared["policies"])
    logs = shared.json("bench", "export-inspect", "run", "--out", "logs")["files"]
    held = [json.loads((shared.folder / path).read_text()) for path in logs]
    assert {log["eval"]["model"] for log in held} == {
        "sale/single:small",
        "sale/single:large",
        "sale/sale",
    }
    for log in held:
        assert re.match("Write add", log["samples"][0]["input"])
