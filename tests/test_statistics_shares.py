"""Who did the work: by agent, by human time, along the stream, and by propensities."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_samples import sample

from sale.bench.statistics import shares

agents = st.sampled_from(["small", "large", None])
runs = st.lists(st.tuples(agents, st.integers(0, 5), st.integers(0, 2)), min_size=1, max_size=30)


def chosen(*names, **more):
    """A task for each agent named."""
    return [sample("p", n, True, 1.0, agent=agent, **more) for n, agent in enumerate(names)]


def test_allocation_is_that_worked_by_hand():
    """The small agent kept 2 of 4 tasks and worked on 3; the large one took one over."""
    samples = [
        sample("p", 0, True, 1.0, agent="small"),
        sample("p", 1, False, 1.0, agent="small"),
        sample("p", 2, True, 1.0, agent="large", awards=("small", "large")),
        sample("p", 3, None, 0.0),
    ]
    found = shares.allocation(samples)
    assert (found["small"].kept, found["small"].awards, found["small"].solved) == (0.5, 0.75, 0.5)
    assert (found["large"].kept, found["large"].awards, found["large"].solved) == (0.25, 0.25, 1.0)
    assert shares.reliance(samples, "large") == 0.25
    assert shares.reliance(samples, "small") == 0.75
    assert shares.reliance(samples, None) is None


def test_whoever_kept_an_answer_counts_as_awarded():
    assert shares.awarded(sample("p", 0, True, 1.0, agent="x", awards=())) == ("x",)
    assert shares.awarded(sample("p", 0, True, 1.0, agent="x", awards=("y", "x"))) == ("y", "x")


@given(runs)
def test_every_task_counts_once_and_shares_stay_within_one(rows):
    samples = [
        sample("p", task, True, 1.0, agent=agent, order=number)
        for number, (agent, task, _) in enumerate(rows)
    ]
    assert sum(shares.weights(samples)) == pytest.approx(len({task for _, task, _ in rows}))
    found = shares.allocation(samples)
    idle = shares._share(samples, [one.agent is None for one in samples])
    assert sum(one.kept for one in found.values()) + idle == pytest.approx(1)
    assert sum(one.awards for one in found.values()) == pytest.approx(1 if found else 0)


@pytest.mark.parametrize(
    ("minutes", "name"),
    [(0, "<=0.1"), (0.1, "<=0.1"), (0.11, "<=0.5"), (2.5, "<=2.5"), (60, "<=60"), (61, ">60")],
)
def test_bins_hold_their_upper_ends(minutes, name):
    assert shares.bin_of(minutes) == name


def test_bins_come_from_short_to_long_and_empty_ones_are_left_out():
    samples = [
        sample("p", 0, True, 2.0, minutes=90, agent="large"),
        sample("p", 1, True, 2.0, agent="large"),
        sample("p", 2, True, 1.0, minutes=0.3, agent="small"),
        sample("p", 3, False, None, minutes=0.2, agent="large"),
    ]
    short, long, untimed = shares.bins(samples)
    assert [one.bin for one in (short, long, untimed)] == ["<=0.5", ">60", "unknown"]
    assert (short.tasks, short.quality.value, short.usd_per_task) == (2, 0.5, None)
    assert short.allocation == {"large": 0.5, "small": 0.5}
    assert (long.usd_per_task, untimed.allocation) == (2.0, {"large": 1.0})


def test_the_stream_is_that_worked_by_hand():
    """Two orders of four tasks; the second half goes to the small agent and is solved."""
    samples = [
        sample("p", (place + order) % 4, place > 1, 1.0 + place, order=order, place=10 * place,
               agent="large" if place < 2 else "small")
        for order in range(2)
        for place in range(4)
    ]  # fmt: skip
    found = shares.stream(samples)
    assert [one.until for one in found] == [1, 2, 3, 4]
    assert [one.quality for one in found] == [0, 0, 1, 1]
    assert [one.running for one in found] == pytest.approx([0, 0, 1 / 3, 1 / 2])
    assert [one.usd_per_task for one in found] == [1, 2, 3, 4]
    assert [one.allocation for one in found] == [{"large": 1}] * 2 + [{"small": 1}] * 2


@given(st.integers(1, 90))
def test_a_long_stream_is_cut_into_twenty_parts_that_hold_every_task(many):
    samples = [sample("p", n, n % 2 == 0, 1.0, agent="a", place=n) for n in range(many)]
    found = shares.stream(samples)
    assert len(found) == min(many, shares.STRETCHES)
    assert found[-1].until == many
    assert found[-1].running == pytest.approx(sum(one.solved for one in samples) / many)
    assert [one.until for one in found] == sorted({one.until for one in found})


def test_places_that_do_not_tell_tasks_apart_are_no_stream():
    assert shares.stream(chosen("a", "b", "a")) == ()


def test_an_unknown_outcome_in_a_stream_is_left_out():
    first, second = shares.stream(
        [sample("p", 0, None, None, place=0), sample("p", 1, True, 1.0, place=1)]
    )
    assert (first.quality, first.running, first.usd_per_task) == (None, None, None)
    assert (second.quality, second.running) == (1, 1)


def test_inverse_propensities_undo_a_choice_that_depended_on_the_task():
    """The large agent solves half of all tasks; it was given easy ones four times as often."""
    samples = []
    for easy, many in ((True, 8), (False, 2)):
        for n in range(10):
            own = n < many
            samples.append(
                sample("p", f"{easy}{n}", easy and own, 1.0, agent="large" if own else "small",
                       propensity=many / 10 if own else 1 - many / 10)
            )  # fmt: skip
    found = shares.allocation(samples)["large"]
    assert found.solved == pytest.approx(0.8)
    assert found.weighted == pytest.approx(0.5)


def test_without_chance_or_with_takeovers_nothing_is_weighted():
    certain = chosen("small", "large")
    assert shares.allocation(certain)["small"].weighted is None
    passed_on = chosen("small", "small", propensity=0.5, awards=("large", "small"))
    assert shares.allocation(passed_on)["small"].weighted is None
