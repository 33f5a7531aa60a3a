"""Lessons: the plans that lost and won similar tasks, for the agents that made one."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from auctions import contested
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sqlalchemy import update

from sale.embedding import HashEmbedder
from sale.errors import ModelError
from sale.memory.database import Database
from sale.memory.lessons import NEAR, nearest
from sale.memory.recall_tables import EmbeddingRow
from sale.memory.store import Store
from sale.types import (
    Auction,
    Award,
    Bid,
    Kind,
    State,
    StopReason,
    Task,
    Verdict,
)

SMALL, MIDDLE, LARGE = "small", "middle", "large"
SCORES = {SMALL: -1.0, MIDDLE: 2.0, LARGE: -3.0}


class CountingEmbedder(HashEmbedder):
    """Remembers which texts it was asked for."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.texts += texts
        return super().embed(texts)


def past(
    text: str,
    *,
    winner: str = LARGE,
    bidders: Sequence[str] = (SMALL, MIDDLE, LARGE),
    verified: Verdict = Verdict.PASSED,
    started: float = 1.0,
    mark: str = "",
    **how: Any,
) -> Auction:
    """A past auction that passed, unless `how` says more."""
    return contested(
        f"{abs(hash((text, winner, verified, started, mark))):x}",
        text,
        scores={name: SCORES[name] for name in bidders},
        winner=winner,
        verified=verified,
        started=started,
        mark=mark,
        **how,
    )


@pytest.fixture
def embedder() -> CountingEmbedder:
    return CountingEmbedder()


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'memory.db'}"


@pytest.fixture
def store(url: str, embedder: CountingEmbedder) -> Iterator[Store]:
    with Store.open(url, embedder=lambda: embedder) as store:
        yield store


def record(store: Store, *auctions: Auction) -> None:
    for auction in auctions:
        store.record(auction)


def test_lessons_are_the_most_similar_tasks_nearest_first(store: Store):
    record(store, past("sort a list"), past("sort a list of numbers"), past("parse some dates"))
    lessons = store.lessons(Task(Kind.CODING, "sort a list of words"), agent=SMALL, k=2)
    assert [lesson.task for lesson in lessons] == ["sort a list of numbers", "sort a list"]
    assert lessons[0].similarity == pytest.approx(0.8)
    assert lessons[0].similarity > lessons[1].similarity


def test_a_loser_learns_from_its_own_plan_and_the_winners(store: Store):
    record(store, past("sort"))
    (lesson,) = store.lessons(Task(Kind.CODING, "sort"), agent=SMALL)
    assert (lesson.lost, lesson.won) == ("small: sort", "large: sort")
    assert lesson.verified is Verdict.PASSED


def test_a_winner_learns_from_the_worst_scored_of_the_others(store: Store):
    record(store, past("sort"))
    (lesson,) = store.lessons(Task(Kind.CODING, "sort"), agent=LARGE)
    assert (lesson.lost, lesson.won) == ("middle: sort", "large: sort")


def test_a_refined_plan_that_won_is_the_won_plan_and_one_that_lost_the_lost_plan(store: Store):
    auction = past("sort", winner=SMALL)
    refined = (Bid(SMALL, 2, "small, again", 3, None), Bid(MIDDLE, 2, "middle, again", 3, None))
    award = Award(SMALL, 2, -4.0, provisional=LARGE)
    store.record(replace(auction, bids=auction.bids + refined, award=award))
    (lesson,) = store.lessons(auction.task, agent=MIDDLE)
    assert (lesson.lost, lesson.won) == ("middle, again", "small, again")


def test_only_the_same_kind_teaches(store: Store):
    record(store, past("who sorts", kind=Kind.SEARCH))
    assert store.lessons(Task(Kind.CODING, "who sorts"), agent=SMALL) == []
    assert not store.has_lessons(Kind.CODING, SMALL)
    assert store.has_lessons(Kind.SEARCH, SMALL)


@pytest.mark.parametrize(
    "auction",
    [
        past("sort", bidders=(MIDDLE, LARGE)),
        past("sort", bidders=(SMALL,), winner=SMALL),
        past("sort", state=State.INTERRUPTED),
    ],
    ids=["the agent made no plan", "nobody lost", "not finished"],
)
def test_what_teaches_nothing_is_left_out_before_a_model_is_loaded(
    store: Store, embedder: CountingEmbedder, auction: Auction
):
    record(store, auction)
    assert not store.has_lessons(Kind.CODING, SMALL)
    assert store.lessons(auction.task, agent=SMALL) == []
    assert embedder.texts == []


@pytest.mark.parametrize(
    "bad",
    [
        past("sort a list", verified=Verdict.FAILED),
        past("sort a list", verified=Verdict.NONE, stop_reason=StopReason.CRASHED),
    ],
)
def test_a_plan_that_failed_or_crashed_teaches_only_where_nothing_better_is_known(
    store: Store, bad: Auction
):
    task = Task(Kind.CODING, "sort a list")
    record(store, bad)
    assert [lesson.won for lesson in store.lessons(task, agent=SMALL)] == ["large: sort a list"]
    record(store, past("parse some dates", verified=Verdict.NONE))
    assert [lesson.task for lesson in store.lessons(task, agent=SMALL)] == ["parse some dates"]


def test_of_one_task_the_award_that_passed_teaches_and_then_the_newest(store: Store):
    record(
        store,
        past("sort", verified=Verdict.NONE, started=9.0, mark=" unchecked"),
        past("sort", started=1.0, mark=" old"),
        past("sort", started=2.0, mark=" new"),
    )
    (lesson,) = store.lessons(Task(Kind.CODING, "sort"), agent=SMALL)
    assert lesson.won == "large: sort new"


def test_near_duplicates_of_a_task_teach_once_and_the_passed_one_stays(store: Store):
    record(
        store,
        past("Sort a list!", verified=Verdict.NONE),
        past("sort, a list"),
        past("sort a tree"),
    )
    lessons = store.lessons(Task(Kind.CODING, "sort a list"), agent=SMALL)
    assert [lesson.task for lesson in lessons] == ["sort, a list", "sort a tree"]


def test_equal_plans_teach_nothing(store: Store):
    auction = past("sort")
    same = tuple(Bid(name, 1, "the same", 2, None) for name in (SMALL, LARGE))
    store.record(replace(auction, bids=same))
    assert store.lessons(auction.task, agent=SMALL) == []


def test_every_text_is_embedded_once_and_the_model_loaded_once(url: str):
    loaded: list[CountingEmbedder] = []

    def load() -> CountingEmbedder:
        loaded.append(CountingEmbedder())
        return loaded[-1]

    task = Task(Kind.CODING, "sort a tree")
    with Store.open(url, embedder=load) as store:
        record(store, past("sort"), past("parse"))
        assert loaded == []
        for agent in (SMALL, MIDDLE, SMALL):
            store.lessons(task, agent=agent)
    with Store.open(url, embedder=load) as store:
        record(store, past("sort a tree"))
        assert store.lessons(task, agent=SMALL)[0].task == "sort a tree"
    assert len(loaded) == 2
    assert sorted(loaded[0].texts) == ["parse", "sort", "sort a tree"]
    assert loaded[1].texts == []


def test_a_missing_model_does_not_touch_the_record_and_lessons_embed_later(url: str):
    def missing() -> HashEmbedder:
        raise ModelError("no model")

    with Store.open(url, embedder=missing) as store:
        record(store, past("sort"))
        with pytest.raises(ModelError, match="no model"):
            store.lessons(Task(Kind.CODING, "sort"), agent=SMALL)
    with Store.open(url, embedder=HashEmbedder) as store:
        assert len(store.lessons(Task(Kind.CODING, "sort"), agent=SMALL)) == 1


def test_a_damaged_vector_is_embedded_anew(url: str, store: Store, embedder: CountingEmbedder):
    record(store, past("sort"))
    task = Task(Kind.CODING, "parse")
    before = store.lessons(task, agent=SMALL)
    database = Database.open(url, wait_s=1)
    with database.write() as session:
        session.execute(update(EmbeddingRow).values(vector=b"\x00\x01\x02"))
    database.close()
    assert store.lessons(task, agent=SMALL) == before
    assert sorted(embedder.texts) == ["parse", "parse", "sort", "sort"]


def test_text_that_no_database_can_keep_still_finds_its_lessons(store: Store):
    record(store, past("sort \ud800\x00 this"))
    lessons = store.lessons(Task(Kind.CODING, "sort \ud800\x00 this"), agent=SMALL)
    assert lessons[0].similarity == pytest.approx(1.0)


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 40))
def test_what_is_nearest_is_sorted_and_distinct(seed: int, n: int):
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(n, 3)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    found = nearest(rows[0], rows, ranks=rng.integers(0, 3, size=n).tolist())
    cosines = [cosine for _, cosine in found]
    kept = rows[[row for row, _ in found]]
    assert cosines == sorted(cosines, reverse=True)
    assert 1 <= len(found) <= n
    assert (np.triu(kept @ kept.T, 1) <= NEAR + 1e-6).all()
    assert all(-1.0 <= cosine <= 1.0 for cosine in cosines)
