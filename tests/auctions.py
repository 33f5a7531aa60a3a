"""What the tests of the memory are about: auctions, a small one and any at all."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from sale.types import (
    Appraisal,
    Auction,
    Award,
    Bid,
    Call,
    Check,
    Citation,
    Kind,
    Offer,
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


def held(
    name: str = "aa", text: str = "a task", *, kind: Kind = Kind.CODING, **changes: Any
) -> Auction:
    """A finished auction that holds as little as it can; `changes` are its other fields."""
    plain = Auction(
        id=name,
        task=Task(kind, text),
        state=State.FINISHED,
        seed=0,
        market="m",
        sandbox="s",
        started=1.0,
    )
    return replace(plain, **changes)


def contested(
    name: str,
    text: str,
    *,
    scores: Mapping[str, float],
    winner: str,
    verified: Verdict = Verdict.NONE,
    stop_reason: StopReason = StopReason.ANSWERED,
    mark: str = "",
    **changes: Any,
) -> Auction:
    """An auction that `winner` executed; each plan says whose it is, for which task, and `mark`."""
    return held(
        name,
        text,
        bids=tuple(Bid(agent, 1, f"{agent}: {text}{mark}", 3, None) for agent in scores),
        appraisals=tuple(Appraisal(agent, 1, 0, 0, score, ()) for agent, score in scores.items()),
        award=Award(winner, 1, scores[winner], provisional=winner),
        outcome=Outcome(winner, "42", stop_reason, verified),
        **changes,
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
    planner=errors,
)
offers = st.builds(
    Offer, stage=st.sampled_from(Stage), gain=numbers, usd=numbers, bought=st.booleans()
)
awards = st.builds(
    Award,
    agent=texts,
    round=st.integers(1, 2),
    score=numbers,
    provisional=texts,
    propensity=st.floats(0, 1),
    planner=errors,
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
    planner=errors,
    version=errors,
    feedback=st.none() | st.booleans(),
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
    name=errors,
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
    offers=several(offers),
    appraisals=several(appraisals),
    award=st.none() | awards,
    outcome=st.none() | outcomes,
    steps=several(steps),
    usage=st.dictionaries(st.sampled_from(Stage), usages),
    error=errors,
    weights=texts,
)
