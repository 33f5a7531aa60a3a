"""What a memory is told from outside of its auctions: trials of runs, and the user's word."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from auctions import contested, held
from sqlalchemy import select

from sale.embedding import HashEmbedder
from sale.errors import InputError, StoreError
from sale.memory.exchange import Conflict, export_records, import_records
from sale.memory.privacy import Privacy
from sale.memory.recall_tables import LessonRow
from sale.memory.remasking import remask
from sale.memory.runs import Run
from sale.memory.store import Store
from sale.memory.tables import TaskRow
from sale.types import Kind, Outcome, StopReason, Task, Tokens, Tried, Verdict

TASK = Task(Kind.CODING, "Count the words of a text.")
OTHER = Task(Kind.CODING, "Fold a map.")
RUN = Run("bench-1", "bench", 1.0, "{}")
ANSWER = Outcome("small", "an answer", StopReason.ANSWERED, Verdict.PASSED)


def tried(task: Task = TASK, agent: str = "small", **more: Any) -> Tried:
    plain = {"version": "v1", "solved": True, "certain": True, "failed": False, "usd": 2e-6}
    return Tried(task, agent, **plain | {"tokens": Tokens(7, 3, 2)} | more)


@pytest.fixture
def memory(memory_url: str) -> Iterator[Store]:
    with Store.open(memory_url, embedder=HashEmbedder) as store:
        yield store


def test_trials_are_experience_of_their_kind(memory: Store) -> None:
    memory.learn(RUN, [tried(), tried(OTHER, solved=None, certain=False, usd=None, again=2)])
    near, far = sorted(memory.experience(TASK).works, key=lambda one: -one.nearness)
    assert near.nearness == pytest.approx(1.0)
    assert far.nearness < 0.9
    assert (near.agent, near.version, near.solved, near.certain) == ("small", "v1", True, True)
    assert (near.tokens, near.usd) == (Tokens(7, 3, 2), 2e-6)
    assert (far.solved, far.certain, far.usd, far.before) == (None, False, None, ("small", "small"))
    assert memory.experience(Task(Kind.SEARCH, TASK.text)).works == ()


def test_the_tries_of_a_task_are_laid_out_as_if_they_had_followed_each_other(
    memory: Store,
) -> None:
    agents = ("one", "two", "three")
    tasks = [Task(Kind.CODING, f"Task {number}.") for number in range(40)]
    works = [tried(task, agent, failed=agent != "one") for task in tasks for agent in agents]
    memory.learn(RUN, works)
    known = [(one.agent, len(one.before)) for one in memory.experience(TASK).works]
    assert {agent: {n for one, n in known if one == agent} for agent in agents} == {
        "one": {0, 1, 2},  # after nobody, one of the others or both
        "two": {0, 1},
        "three": {0, 1},
    }
    assert sum(n for _, n in known) == pytest.approx(40 * 2, abs=20)
    memory.learn(replace(RUN, id="bench-2"), [tried(agent=one, failed=True) for one in agents])
    again = [len(one.before) for one in memory.experience(TASK).works if one.nearness > 0.99]
    assert sorted(again) == [0, 1, 2]


def test_they_stand_beside_auctions_and_are_none(memory: Store) -> None:
    memory.record(held("aa", TASK.text, outcome=ANSWER))
    before, counts = memory.log(), memory.stats()
    memory.learn(RUN, [tried(), tried(agent="large")])
    assert sorted(one.agent for one in memory.experience(TASK).works) == ["large", "small", "small"]
    assert (memory.log(), memory.stats()) == (before, counts)
    assert memory.past(Kind.CODING)[0] == []


def test_what_is_learnt_again_is_learnt_once_and_can_be_forgotten(memory: Store) -> None:
    memory.learn(RUN, [tried(), tried(OTHER)])
    memory.learn(replace(RUN, id="bench-2"), [tried(solved=False)])
    memory.learn(RUN, [tried(), tried(attempt=1)])
    assert sorted(one.solved for one in memory.experience(TASK).works) == [False, True, True]
    assert memory.forget(RUN.id) == 2
    assert [one.solved for one in memory.experience(TASK).works] == [False]
    assert memory.forget(RUN.id) == 0


def test_a_run_is_learnt_as_a_whole_or_not_at_all(memory: Store) -> None:
    memory.learn(RUN, [tried()])
    with pytest.raises(StoreError):
        memory.learn(RUN, [tried(OTHER), tried(OTHER)])
    assert [one.nearness for one in memory.experience(TASK).works] == [pytest.approx(1.0)]


def test_texts_of_trials_are_kept_as_those_of_auctions_are(memory_url: str) -> None:
    with Store.open(memory_url, embedder=HashEmbedder, privacy=Privacy.HASH) as memory:
        memory.learn(RUN, [tried()])
        (one,) = memory.experience(TASK).works
        assert (one.agent, one.nearness) == ("small", 0.0)
        with memory._database.read() as session:
            assert TASK.text not in session.scalars(select(TaskRow.text)).all()


def test_masking_leaves_the_tasks_of_trials(memory: Store) -> None:
    memory.learn(RUN, [tried()])
    key = "sk-" + "ant-api03-" + "a1B2c3D4e5F6g7H8" * 3
    memory.record(held("aa", f"Call it with {key}.", outcome=ANSWER))
    remask(memory)
    assert len(memory.experience(TASK).works) == 2


def test_the_users_word_counts_more_than_checks_and_can_be_taken_back(memory: Store) -> None:
    memory.record(held("aa", TASK.text, outcome=ANSWER))

    def known() -> list[tuple[bool | None, bool]]:
        return [(one.solved, one.certain) for one in memory.experience(TASK).works]

    assert known() == [(True, False)]
    assert memory.say("a", right=False).outcome.feedback is False
    assert memory.get("aa").outcome == replace(ANSWER, feedback=False)
    assert known() == [(False, True)]
    memory.say("aa", right=True)
    assert known() == [(True, True)]
    memory.say("aa", right=None)
    assert known() == [(True, False)]
    assert memory.get("aa").outcome == ANSWER


def test_failures_before_a_wrong_answer_stay_before_it(memory: Store) -> None:
    failed = Outcome("tiny", "no", StopReason.ANSWERED, Verdict.FAILED)
    memory.record(held("aa", TASK.text, outcome=ANSWER, discarded=(failed,)))
    memory.say("aa", right=False)
    told = [(one.agent, one.solved, one.before) for one in memory.experience(TASK).works]
    assert told == [("tiny", False, ()), ("small", False, ("tiny",))]


def test_nobody_learns_from_a_plan_whose_answer_was_wrong(memory: Store) -> None:
    scores = {"small": 2.0, "large": 1.0}
    memory.record(
        contested("aa", TASK.text, scores=scores, winner="large", verified=Verdict.PASSED)
    )

    def ranks() -> set[int]:
        with memory._database.read() as session:
            return set(session.scalars(select(LessonRow.rank)))

    assert ranks() == {0}
    memory.say("aa", right=False)
    assert ranks() == {2}
    memory.say("aa", right=None)
    assert ranks() == {0}


def test_there_is_nothing_to_say_of_no_answer(memory: Store) -> None:
    memory.record(held("aa", outcome=replace(ANSWER, answer=None)))
    memory.record(held("bb"))
    for name in ("aa", "bb"):
        with pytest.raises(InputError, match="has no answer"):
            memory.say(name, right=True)
    with pytest.raises(InputError, match="no auction 'cc'"):
        memory.say("cc", right=True)


def test_the_users_word_goes_with_an_auction_into_another_memory(memory: Store) -> None:
    memory.record(held("aa", TASK.text, outcome=replace(ANSWER, version="v1")))
    with Store.open("sqlite://", embedder=HashEmbedder) as other:
        import_records(other, export_records(memory))
        memory.say("aa", right=False)
        assert import_records(other, export_records(memory)).refused == 1
        done = import_records(other, export_records(memory), conflict=Conflict.REPLACE)
        assert (done.replaced, other.get("aa").outcome) == (1, memory.get("aa").outcome)
        assert other.get("aa").outcome.version == "v1"
