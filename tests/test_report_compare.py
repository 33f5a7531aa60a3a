"""Two runs side by side, on hand-made samples."""

import pytest
from made_runs import write_run

from sale.bench.report import read_run
from sale.bench.report.compare import compare_runs
from sale.bench.samples import Sample
from sale.errors import InputError


def run(folder, outcomes, *, policy="sale", usd=0.1, orders=1, more=()):
    """Task -> whether it was solved in each order."""
    held = [
        Sample(policy=policy, suite="s", task=task, order=order, agent="a", solved=right, usd=usd)
        for task, solved in outcomes.items()
        for order, right in enumerate([solved] if isinstance(solved, bool | None) else solved)
    ]
    return read_run(write_run(folder, [*held, *more], described=False))


def test_what_was_gained_lost_and_saved_is_told_by_task(tmp_path):
    first = run(tmp_path / "a", {f"t{n}": n < 5 for n in range(10)}, usd=0.2)
    second = run(tmp_path / "b", {f"t{n}": n in {2, 3, 4, 8, 9, 7} for n in range(10)}, usd=0.1)
    found = compare_runs(first, second)
    [one] = found.policies
    assert (found.names, found.tasks, found.only) == (("a", "b"), 10, (0, 0))
    assert (one.before.solved, one.after.solved) == (0.5, 0.6)
    assert one.before.usd == pytest.approx(0.2)
    assert one.after.usd == pytest.approx(0.1)
    assert one.gained == ("s/t7", "s/t8", "s/t9")
    assert one.lost == ("s/t0", "s/t1")
    assert one.difference.quality.value == pytest.approx(0.1)
    assert one.difference.saving.value == pytest.approx(0.5)
    assert one.difference.quality.low < 0.1 < one.difference.quality.high
    assert one.difference.sentence.startswith("cheaper than sale in a by 50 %")


def test_a_run_compared_with_itself_has_changed_nothing(tmp_path):
    first = run(tmp_path / "a", {f"t{n}": n < 5 for n in range(10)})
    [one] = compare_runs(first, first).policies
    assert one.gained == one.lost == ()
    quality = one.difference.quality
    assert (quality.value, quality.low or 0.0, quality.high or 0.0) == (0.0, 0.0, 0.0)


def test_the_other_way_round_everything_is_mirrored(tmp_path):
    first = run(tmp_path / "a", {f"t{n}": n < 5 for n in range(10)})
    second = run(tmp_path / "b", {f"t{n}": n < 7 for n in range(10)}, usd=0.3)
    [there] = compare_runs(first, second).policies
    [back] = compare_runs(second, first).policies
    assert (there.gained, there.lost) == (back.lost, back.gained)
    assert there.difference.quality.value == pytest.approx(-back.difference.quality.value)
    assert there.difference.usd.value == pytest.approx(-back.difference.usd.value)


def test_only_common_tasks_count_and_the_others_are_told(tmp_path):
    first = run(tmp_path / "a", {"t1": True, "t2": True, "x": False})
    second = run(tmp_path / "b", {"t1": True, "t2": False, "y": True, "z": True})
    found = compare_runs(first, second)
    assert (found.tasks, found.only) == (2, (1, 2))
    assert found.policies[0].before.solved == 1.0
    assert found.policies[0].after.solved == 0.5


def test_policies_that_one_run_has_alone_are_told(tmp_path):
    other = Sample(policy="knn", suite="s", task="t1", agent="a", solved=True, usd=0.1)
    first = run(tmp_path / "a", {"t1": True}, more=[other])
    found = compare_runs(first, run(tmp_path / "b", {"t1": True}))
    assert found.alone == (("knn",), ())


def test_tasks_change_sides_by_the_most_of_their_orders(tmp_path):
    first = run(tmp_path / "a", {"t1": [True, False, False], "t2": [True, True, False]})
    second = run(tmp_path / "b", {"t1": [True, True, False], "t2": [True, False, False]})
    [one] = compare_runs(first, second).policies
    assert (one.gained, one.lost) == (("s/t1",), ("s/t2",))


def test_unknown_outcomes_and_dollars_stay_unknown(tmp_path):
    first = run(tmp_path / "a", {"t1": None, "t2": True})
    second = run(tmp_path / "b", {"t1": True, "t2": True}, usd=None)
    [one] = compare_runs(first, second).policies
    assert one.gained == one.lost == ()
    assert one.before.usd == pytest.approx(0.1)
    assert one.after.usd is None
    assert one.difference.usd is None
    assert one.difference.tasks == 1


def test_tasks_are_named_in_the_order_that_people_count(tmp_path):
    names = ["t10", "t9", "t1"]
    first = run(tmp_path / "a", dict.fromkeys(names, False))
    second = run(tmp_path / "b", dict.fromkeys(names, True))
    assert compare_runs(first, second).policies[0].gained == ("s/t1", "s/t9", "s/t10")


def test_runs_without_a_common_task_or_policy_can_t_be_compared(tmp_path):
    first = run(tmp_path / "a", {"t1": True})
    with pytest.raises(InputError, match="no task in common"):
        compare_runs(first, run(tmp_path / "b", {"t2": True}))
    with pytest.raises(InputError, match="no policy in common"):
        compare_runs(first, run(tmp_path / "c", {"t1": True}, policy="knn"))
    with pytest.raises(InputError, match="choose from sale"):
        compare_runs(first, first, policies=["knn"])


def test_runs_in_folders_of_the_same_name_are_called_by_their_paths(tmp_path):
    first = run(tmp_path / "a" / "run", {"t1": True})
    second = run(tmp_path / "b" / "run", {"t1": True})
    assert compare_runs(first, second).names == (str(first.path), str(second.path))
