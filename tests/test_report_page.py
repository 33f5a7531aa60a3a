"""The page of a run: what it holds, that it loads nothing, and that text from outside is text."""

import base64
import hashlib
import re
from collections import Counter

import made_runs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import html
from made_runs import AGENTS, World, made_run, write_run

from sale.bench.report import read_run, write_report
from sale.bench.report.curves import jurors
from sale.bench.report.figures import shades_of
from sale.bench.report.page import render
from sale.bench.report.tasks import LISTED, by_task
from sale.bench.samples import Sample
from sale.bench.statistics import summarise
from sale.bench.statistics.signals import signals
from sale.types import Auction, Award, Bid, Kind, Ratings, State, Task

HOSTILE = (
    "</script><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "<svg onload=alert(1)><style>*{display:none}</style>",
    "{{ 7 * 7 }}{% raw %}",
    "javascript:alert(1)",
    "--><!--",
    "</title></head><body onload=alert(1)>",
    "'; DROP TABLE auctions; --",
    "$\\frac{1}{$",
)
ALLOWED = set(
    re.findall(
        r"\w+",
        """html head meta title style body header h1 h2 p ul li i bdi span nav a main section div
        table caption thead tbody tr th td small details summary input label code dl dt dd script
        figure figcaption img""",
    )
)


def page_of(folder, *, records=None, draws=50, listed=LISTED):
    """The page without its figures, which take longest."""
    run = read_run(folder)
    results = summarise(run.samples, roster=run.roster, draws=draws)
    tasks = by_task(run.samples, tuple(run.roster), records=records, listed=listed)
    told = signals(run.trials, lengths=run.lengths, draws=draws)
    shades = shades_of(results, tuple(run.roster))
    return render(
        run,
        results,
        shades=shades,
        pictures={},
        tasks=tasks,
        jurors=jurors(run.trials),
        signals=told,
    )


def parsed(page):
    return html.document_fromstring(page)


def check_inert(page):
    """Nothing of the page can run or load anything, but the one script that is ours."""
    tree = parsed(page)
    [script] = tree.iter("script")
    [style] = tree.iter("style")
    [policy] = tree.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    for name, element in (("script", script), ("style", style)):
        digest = base64.b64encode(hashlib.sha256(element.text.encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    for element in tree.iter():
        if not isinstance(element.tag, str):
            continue  # a comment
        assert element.tag in ALLOWED, element.tag
        for name, value in element.attrib.items():
            assert not name.startswith("on")
            assert name not in {"style", "srcdoc", "action", "formaction", "background"}
            if name == "href":
                assert re.fullmatch(r"#[a-z0-9]+", value)
            if name == "src":
                assert value.startswith("data:image/svg+xml;base64,")
    return tree


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return made_run(tmp_path_factory.mktemp("runs") / "one", tasks=24, orders=2)


@pytest.fixture(scope="module")
def page(folder):
    return page_of(folder)


def test_the_page_loads_nothing_and_knows_its_one_script_by_its_hash(page):
    check_inert(page)


def test_the_plain_sentences_stand_at_the_top(folder, page):
    run = read_run(folder)
    results = summarise(run.samples, roster=run.roster, draws=50)
    tree = parsed(page)
    told = [item.text_content() for item in tree.xpath("//section[@id='short']//li")]
    for one in results.suites[-1].policy("sale").comparisons:
        assert f"sale: {one.sentence}" in told
    assert len(told) == len(set(told))
    assert tree.xpath("//main/section[1]/@id") == ["short"]


def test_every_table_of_figures_can_be_sorted_and_names_its_rows(page):
    tree = parsed(page)
    tables = tree.xpath("//table[contains(@class, 'sortable')]")
    assert len(tables) >= 6
    for table in tables:
        heads = table.xpath("./thead/tr/th[@scope='col']")
        for row in table.xpath("./tbody/tr"):
            assert len(row.xpath("./td|./th")) == len(heads)
            assert row.xpath("./*[1]/self::th[@scope='row']")


def test_every_task_has_a_mark_for_every_policy_and_leads_to_its_auctions(folder, page):
    run = read_run(folder)
    tree = parsed(page)
    rows = tree.xpath("//table[@id='all-tasks']/tbody/tr")
    policies = list(dict.fromkeys(one.policy for one in run.samples))
    heads = [head.text_content() for head in tree.xpath("//table[@id='all-tasks']/thead//th")]
    assert heads == ["task", "suite", "minutes", *policies]
    assert len(rows) == 24
    for row in rows:
        [link] = row.xpath("./th/a/@href")
        [section] = tree.xpath(f"//details[@id='{link[1:]}']")
        assert row.xpath("./th")[0].text_content() in section.xpath("./summary")[0].text_content()
        assert section.xpath(".//code[starts-with(., 'sale show ')]")
        for mark in row.xpath("./td")[2:]:
            assert re.fullmatch(r"[✓✗]|[1]/2", mark.text_content().strip())


def test_a_mark_tells_how_many_orders_solved_it_and_whose_answer_it_was():
    one = {"policy": "sale", "task": "t", "usd": 0.0}
    held = [
        Sample(**one, order=0, agent="b", awards=("b",), solved=True),
        Sample(**one, order=1, agent="a", awards=("a",), solved=False),
        Sample(**one, order=2, agent="b", awards=("b",), solved=True),
        Sample(policy="mute", task="t", agent=None, solved=None, usd=None),
    ]
    [row] = by_task(held, ("a", "b"), records=None).rows
    assert [(mark.text, mark.agent) for mark in row.marks] == [("2/3", 1), ("?", None)]


def test_an_agent_has_one_colour_and_one_letter_everywhere(page):
    tree = parsed(page)
    legend = tree.xpath("//ul[@class='agents']/li")
    assert [item.xpath("./bdi")[0].text for item in legend] == list(AGENTS)  # cheapest first
    shades = {}
    for place, item in enumerate(legend):
        assert item.xpath("./i/@class") == [f"a{place}"]
        [shades[place]] = re.findall(rf"\.a{place}{{--c:(#\w+)}}", page)
    assert len(set(shades.values())) == len(AGENTS)
    for agent in tree.xpath("//section[@id='quality']//th[i]"):
        name = agent.text_content().removeprefix("single:")
        assert agent.xpath("./i/@class") == [f"a{AGENTS.index(name)}"]


def test_auctions_at_hand_are_shown_with_bids_ratings_and_award(folder):
    tree = check_inert(page_of(folder, records=Remembered()))
    first = tree.xpath("//div[@class='auction']")[0]
    told = first.text_content()
    assert "<b>Use a heap.</b>" in told
    assert "judge<i> 3.2" in told
    assert "no bid: out of order" in told
    assert first.xpath(".//tr[.//span[@class='won']]//bdi")[0].text == AGENTS[0]
    assert re.search(r"sale show sale0\w+ --db 'sqlite:///a b.db'", told)


class Remembered:
    """A memory that has every auction."""

    def url(self, sample):
        return "sqlite:///a b.db"

    def find(self, sample):
        return Auction(
            id=sample.auction,
            task=Task(Kind.CODING, "Write it."),
            state=State.FINISHED,
            seed=1,
            market="",
            sandbox="",
            started=0.0,
            bids=(
                Bid(AGENTS[0], 1, "<b>Use a heap.</b>", 5, 0.5),
                Bid(AGENTS[1], 1, "", 0, None, error="out of order"),
            ),
            ratings=(Ratings("judge<i>", 1, {AGENTS[0]: 3.25}),),
            award=Award(AGENTS[0], 1, -0.2, AGENTS[0]),
        )


def hostile_run(folder, texts):
    """A run in which every name is one of some texts."""
    first, second, third = (texts[n % len(texts)] for n in range(3))
    held = [
        Sample(
            policy=policy,
            suite=third,
            task=f"{first}{n}",
            agent=second,
            awards=(second,),
            solved=n > 0,
            usd=0.1,
            auction=first or None,
        )
        for policy in (f"single:{second}", first or "p")
        for n in range(2)
    ]
    write_run(folder, held, described=False)
    return page_of(folder, draws=20)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_name_is_shown_as_it_is_and_does_nothing(tmp_path, text):
    tree = check_inert(hostile_run(tmp_path / "run", [text]))
    shown = [one.text_content() for one in tree.xpath("//table[@id='all-tasks']//tbody//bdi")]
    assert shown == [f"{' '.join(text.split())}{n}" for n in range(2)]


def test_names_that_turn_or_hide_what_follows_lose_their_power(tmp_path):
    page = hostile_run(tmp_path / "run", ["a\u202eb\u2066\x00\x1b[2Jc\u200b"])
    check_inert(page)
    assert not set("\u202e\u2066\x00\x1b\u200b") & set(page)


def test_a_very_long_name_is_cut(tmp_path):
    page = hostile_run(tmp_path / "run", ["x" * 100_000])
    assert len(page) < 60_000


@pytest.mark.slow
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), min_size=1))
def test_no_name_changes_the_structure_of_the_page(tmp_path, texts):
    """Every element is there as often as with harmless names."""
    plain = [f"n{n}" for n in range(min(len(texts), 3))]
    alike = {text: plain[n] for n, text in enumerate(texts[:3])}
    harmless = [alike[text] for text in texts[:3]]
    pages = [hostile_run(tmp_path / "run", names) for names in (texts[:3], harmless)]
    counts = [Counter(one.tag for one in parsed(page).iter()) for page in pages]
    for page in pages:
        check_inert(page)
    assert counts[0]["tr"] == counts[1]["tr"]
    assert counts[0]["td"] == counts[1]["td"]
    assert counts[0]["script"] == counts[1]["script"] == 1


def test_a_run_without_trials_memory_minutes_prices_or_outcomes_says_what_is_missing(tmp_path):
    held = [
        Sample(policy=policy, task=f"t{n}", agent="a", awards=("a",), solved=None, usd=None)
        for policy in ("single:a", "other")
        for n in range(3)
    ]
    page = page_of(write_run(tmp_path / "run", held, described=False))
    told = check_inert(page).xpath("//section[@id='notes']")[0].text_content()
    assert "There is no trials.jsonl" in told
    assert "There is no run.json" in told
    assert "Dollars are not known of: single:a, other." in told
    assert "No price is known" in told
    assert "No task says how long it takes a human" in told
    assert "the outcome of 3 is not known" in told
    assert "$0" not in parsed(page).xpath("//section[@id='quality']")[0].text_content()


def test_more_auctions_than_there_is_room_for_are_counted_and_each_task_has_its_first(tmp_path):
    page = page_of(made_run(tmp_path / "run", tasks=20, orders=2), listed=30)
    tree = parsed(page)
    assert len(tree.xpath("//div[@class='auction']")) == 30
    assert len(tree.xpath("//section[@id='auctions']/details")) == 20
    told = tree.xpath("//section[@id='auctions']/p")[0].text_content()
    assert "120 auctions in all; 30 are listed" in told


@pytest.mark.slow
def test_the_whole_report_is_written_with_its_figures_beside_it(folder, tmp_path):
    run = read_run(folder)
    results = summarise(run.samples, roster=run.roster, draws=50)
    written = write_report(run, results, out=tmp_path / "new" / "page.html")
    assert [path.name for path in written] == [
        "page.html",
        *(
            f"{name}.png"
            for name in (
                "plane",
                "frontier",
                "allocation",
                "bins",
                "learning",
                "overhead",
                "calibration",
            )
        ),
    ]
    tree = check_inert(written[0].read_text())
    images = tree.xpath("//figure/img")
    assert len(images) == 7
    assert all(len(image.get("alt")) > 40 for image in images)
    again = write_report(run, results, out=tmp_path / "again" / "page.html")
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in written]


@pytest.mark.slow
def test_a_thousand_tasks_and_twenty_policies_make_a_page_of_less_than_two_megabytes(tmp_path):
    world = World.of(1_000)
    held = made_runs.samples(world, more=9)
    run = read_run(write_run(tmp_path / "run", held, made_runs.trials(world)))
    assert len({one.policy for one in run.samples}) == 20
    results = summarise(run.samples, roster=run.roster, draws=200)
    page = write_report(run, results)[0]
    assert page.stat().st_size < 2_000_000
