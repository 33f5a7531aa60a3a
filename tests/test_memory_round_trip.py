"""Whatever an auction holds, it comes back from the memory as it was."""

from collections.abc import Iterator
from dataclasses import replace
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sale.memory.store import Store
from sale.types import (
    Appraisal,
    Auction,
    Award,
    Bid,
    Call,
    Check,
    Citation,
    Kind,
    Outcome,
    Ratings,
    Stage,
    State,
    Step,
    StopReason,
    Task,
    Term,
    Usage,
    Verdict,
)

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=30)
counts = st.integers(0, 2**31 - 1)
numbers = st.floats(allow_nan=False)
dollars = st.none() | numbers
errors = st.none() | texts
calls = st.lists(
    st.builds(
        Call,
        agent=texts,
        stage=st.sampled_from(Stage),
        prompt_tokens=counts,
        cached_tokens=counts,
        completion_tokens=counts,
        wall_s=numbers,
        usd=dollars,
        error=errors,
    ),
    max_size=2,
).map(tuple)


def several(one: st.SearchStrategy) -> st.SearchStrategy:
    return st.lists(one, max_size=3).map(tuple)


bids = st.builds(
    Bid,
    agent=texts,
    round=st.integers(1, 2),
    plan=texts,
    tokens=counts,
    entropy=dollars,
    calls=calls,
    error=errors,
)
ratings = st.builds(
    Ratings,
    juror=texts,
    round=st.integers(1, 2),
    by_agent=st.dictionaries(texts, numbers, max_size=3),
    calls=calls,
    error=errors,
)
terms = st.builds(Term, name=texts, feature=numbers, weight=numbers, contribution=numbers)
appraisals = st.builds(
    Appraisal,
    agent=texts,
    round=st.integers(1, 2),
    cost=numbers,
    value=numbers,
    score=numbers,
    terms=several(terms),
)
awards = st.builds(
    Award,
    agent=texts,
    round=st.integers(1, 2),
    score=numbers,
    provisional=texts,
    propensity=st.floats(0, 1),
)
outcomes = st.builds(
    Outcome,
    agent=texts,
    answer=errors,
    stop_reason=st.sampled_from(StopReason),
    verified=st.sampled_from(Verdict),
    checks=several(st.builds(Check, name=texts, passed=st.booleans(), detail=texts)),
    citations=several(st.builds(Citation, ref=texts, title=texts, source=texts, text=texts)),
    error=errors,
    grade=st.none() | st.floats(0, 1),
)
steps = st.builds(
    Step,
    index=counts,
    action=texts,
    argument=texts,
    reply=texts,
    observation=texts,
    calls=calls,
    wall_s=numbers,
)
usages = st.builds(
    Usage,
    prompt_tokens=counts,
    cached_tokens=counts,
    completion_tokens=counts,
    calls=counts,
    tool_calls=counts,
    wall_s=numbers,
    usd=dollars,
)
tasks = st.builds(
    Task,
    kind=st.sampled_from(Kind),
    text=texts,
    workspace=errors,
    corpus=errors,
    suite=errors,
)
auctions = st.builds(
    Auction,
    id=st.uuids().map(lambda uuid: uuid.hex),
    task=tasks,
    state=st.sampled_from([State.FINISHED, State.FAILED, State.INTERRUPTED]),
    seed=st.integers(-(2**63), 2**63 - 1),
    market=texts,
    sandbox=texts,
    started=numbers,
    ended=dollars,
    bids=several(bids),
    ratings=several(ratings),
    appraisals=several(appraisals),
    award=st.none() | awards,
    outcome=st.none() | outcomes,
    steps=several(steps),
    usage=st.dictionaries(st.sampled_from(Stage), usages),
    error=errors,
    weights=texts,
)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Store]:
    url = f"sqlite:///{tmp_path_factory.mktemp('memory') / 'memory.db'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres").new_memory()
    with Store.open(url) as store:
        yield store


@given(auction=auctions)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_an_auction_comes_back_as_it_was_recorded(shared: Store, auction: Auction):
    auction = replace(auction, id=uuid4().hex)
    shared.record(auction)
    assert shared.get(auction.id) == auction
